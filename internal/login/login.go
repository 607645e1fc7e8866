// Package login gets the first refresh token: it asks for the app, sends a
// person to Strava, waits for the browser that comes back or for the pasted
// address of the page that it ended on, keeps what Strava issues, and says what
// to do next.
//
// Nothing is believed before its state was checked, and what is wrong doesn't
// end the waiting: any page in the browser could have sent it.
package login

import (
	"context"
	"errors"
	"io"
	"strings"

	"github.com/cli/browser"

	"strava-token/internal/input"
	"strava-token/internal/provider"
	"strava-token/internal/secret"
	"strava-token/internal/strava"
	"strava-token/internal/terminal"
	"strava-token/internal/transport"
	"strava-token/internal/words"
)

// Login is the command. Its exported fields are its flags and its surroundings.
type Login struct {
	Repository  string
	Environment string
	Scope       string
	RotateTo    []string
	Port        int
	NoBrowser   bool
	Format      string // json or dotenv: print the credentials
	Output      string // or the file that they go to
	Yes         bool   // replace what exists without asking

	Getenv   func(string) string
	Terminal *terminal.Terminal
	Stdout   io.Writer
	Dial     transport.DialFunc
	Browse   func(string) error // opens an address; nil: in the browser

	answers map[string]secret.Value
}

// Run logs in. Nothing is opened before everything that can be checked was.
func (l *Login) Run(ctx context.Context) error {
	if err := l.checkFlags(); err != nil {
		return err
	}
	if err := l.askApp(ctx); err != nil {
		return err
	}
	network := transport.New(l.Dial)
	defer network.Close()
	k, err := l.prepare(ctx, network)
	if k != nil {
		defer k.credentials.discard()
	}
	if err != nil {
		return err
	}
	for _, other := range k.inputs.OtherHosts() {
		l.Terminal.Warn(other)
	}
	client := k.inputs.Strava(network)
	if err := client.CheckApp(ctx); strava.IsAppRefused(err) {
		return err
	}
	listener, err := Listen(ctx, l.Port)
	if err != nil {
		return &words.Failure{ID: "login-port", Blanks: words.Blanks{"port": l.Port}}
	}
	defer listener.Close()
	grant, err := l.authorize(ctx, client, k.inputs.RequireScopes, listener)
	if err != nil {
		listener.Answer(refusedPage(err))
		return err
	}
	outcome := k.exchange(ctx, grant)
	k.finish(ctx, outcome)
	for _, warning := range outcome.Warnings {
		l.Terminal.Warn(warning)
	}
	listener.Answer(closingPage(l.Terminal.Voice, outcome, grant))
	if len(outcome.Kept) > 0 {
		l.tellWhatNow(outcome, k, grant)
	}
	return outcome.Err()
}

// authorize sends the athlete to Strava until the scopes are right, or until
// the athlete goes on without them.
func (l *Login) authorize(ctx context.Context, client *strava.Client, scopes []string, listener *Listener) (strava.Grant, error) {
	pasted := l.Terminal.Listen()
	for force := false; ; force = true {
		state := strava.NewState()
		listener.Expect(state)
		l.open(client.AuthorizeURL(listener.Redirect(), scopes, state, force))
		grant, err := Wait(ctx, listener, pasted, state, l.Terminal.Error)
		if err != nil {
			return strava.Grant{}, err
		}
		missing := grant.Missing(scopes)
		if len(missing) == 0 {
			return grant, nil
		}
		l.Terminal.Error(&words.Failure{ID: "login-unticked", Blanks: words.Blanks{"scopes": missing}})
		// The browser does not wait for the terminal.
		listener.Tell(Page{Status: 409, Title: "A box was unticked",
			Lines: []string{"Strava didn't grant " + strings.Join(missing, ", ") + ".", "The terminal asks whether to try again. You can close this window."}})
		again, err := l.Terminal.Confirm(ctx, "Ask again?", true)
		if ctx.Err() != nil {
			return strava.Grant{}, ctx.Err()
		}
		if err != nil {
			return strava.Grant{}, &provider.ScopeError{Missing: missing, Wanted: scopes}
		}
		if !again {
			return grant, nil
		}
	}
}

// open prints the address, and opens it if there is a browser.
func (l *Login) open(address string) {
	l.Terminal.Say("Open this address and choose Authorize:")
	l.Terminal.Say("  " + address)
	l.Terminal.Say("Is the browser elsewhere? The page that follows does not load there: paste its address here.")
	l.Terminal.Say("(Authorizing again may end a refresh token that is in use elsewhere.)")
	if l.NoBrowser {
		return
	}
	open := l.Browse
	if open == nil {
		browser.Stdout, browser.Stderr = l.Terminal.Out, l.Terminal.Out
		open = browser.OpenURL
	}
	// Some openers stay until the browser is closed.
	go func() {
		if err := open(address); err != nil {
			l.Terminal.Say("No browser could be opened here: open the address yourself.")
		}
	}()
}

// refusedPage tells the browser that nothing came of it.
func refusedPage(err error) Page {
	title := "No access was granted"
	var unticked *provider.ScopeError
	if errors.As(err, &unticked) {
		title = "A box was unticked"
	}
	return Page{Status: 403, Title: title,
		Lines: []string{"Nothing was stored. To try again, start strava-token login in the terminal."}}
}

// read reads what the command was told.
func (l *Login) read() (*input.Inputs, error) {
	return input.Read(input.Shell{
		Getenv: l.Getenv,
		Flags: map[string][]string{
			"repo": {l.Repository}, "rotate-to": l.RotateTo, "require-scopes": {l.Scope},
		},
		Answers: l.answers,
	}, false)
}
