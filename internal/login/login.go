// Package login gets the first refresh token: it asks for the app, sends a
// person to Strava, waits for the browser to come back or for the pasted
// address of the page that it ended on, keeps what Strava issues, and says what
// to do next.
//
// Nothing is believed before its state is checked, and something wrong doesn't
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
	"strava-token/internal/store"
	"strava-token/internal/strava"
	"strava-token/internal/terminal"
	"strava-token/internal/transport"
	"strava-token/internal/words"
)

// Login is the command. Its exported fields are its flags and its environment.
type Login struct {
	Repository  string // owner/name, or its address
	Environment string
	Scope       string
	RotateTo    []string
	Port        int
	NoBrowser   bool
	Format      string        // json or dotenv: print the credentials
	Output      string        // or the file that they go to
	Yes         bool          // replace what exists without asking
	Again       words.Command // that does the same once more

	Getenv   func(string) string
	Terminal *terminal.Terminal
	Reporter provider.Reporter
	Stdout   io.Writer
	Dial     transport.DialFunc
	Browse   func(string) error // opens an address; nil: in the browser

	answers map[string]secret.Value

	// Where everything goes.
	in           *input.Inputs
	run          *provider.Run
	clientSecret *store.Secret // of the repository; nil without one, or if it couldn't be stored
	credentials  string        // the app's file; empty with a repository or --format, or if it couldn't be written
}

// Run logs in. The error is that of ctx if ctx ended before the code was sent.
func (l *Login) Run(ctx context.Context) error {
	err := l.logIn(ctx)
	if _, ended := errors.AsType[*provider.Outcome](err); err != nil && ctx.Err() != nil && !ended { // an Outcome knows how far the run came
		return ctx.Err()
	}
	return err
}

// logIn checks everything it can before it opens a browser.
func (l *Login) logIn(ctx context.Context) error {
	l.answers = map[string]secret.Value{}
	if err := l.checkFlags(); err != nil {
		return err
	}
	l.Terminal.Voice = words.Voice{Server: l.Getenv("GITHUB_SERVER_URL"), Repository: l.Repository, Login: l.Again}
	l.findGitHubToken(ctx)
	if l.Repository != "" && l.isMissing("github-token") {
		return l.withoutGitHubToken(ctx)
	}
	network := transport.New(l.Dial)
	defer network.Close()
	if err := l.settle(ctx, network); err != nil {
		return err
	}
	listener, err := Listen(l.Port)
	if err != nil {
		return err
	}
	defer listener.Close()
	attempt, grant, err := l.authorize(ctx, listener)
	if err != nil {
		attempt.Tell(Page{Status: 403, Title: "No access was granted",
			Lines: []string{"Nothing was stored. To try again, start strava-token login in the terminal."}})
		return err
	}
	return l.keep(ctx, grant, attempt)
}

// settle finds out about the app and where everything goes, and asks again if Strava
// refuses what was typed.
func (l *Login) settle(ctx context.Context, network *transport.Network) error {
	for {
		if err := l.ask(ctx, "client-id", "client-secret"); err != nil {
			return err
		}
		if err := l.prepare(ctx, network); err != nil {
			return err
		}
		for _, other := range l.in.Warnings {
			l.Terminal.Warn(other)
		}
		err := l.run.Strava.CheckApp(ctx)
		if !strava.IsAppRefused(err) {
			return nil
		}
		refused, _ := errors.AsType[*strava.Error](err)
		again := l.ofPrompts(refused)
		if again == nil {
			return err
		}
		l.Terminal.Error(again)
		delete(l.answers, "client-id")
		delete(l.answers, "client-secret")
	}
}

// authorize sends the athlete to Strava until the scopes are right, or until
// the athlete goes on without them.
func (l *Login) authorize(ctx context.Context, listener *Listener) (attempt *Attempt, grant strava.Grant, err error) {
	scopes, pasted := l.in.RequireScopes, l.Terminal.Listen()
	for force := false; ; force = true {
		attempt = listener.Begin(func(state string) string {
			return l.run.Strava.AuthorizeURL(listener.Redirect(), scopes, state, force)
		})
		l.open(attempt)
		stop := l.Terminal.Waiting("Strava's answer", timeout)
		grant, err = attempt.Wait(ctx, pasted, l.Terminal.Error)
		stop()
		missing, _ := strava.Lacking(scopes, grant.Scopes, nil)
		if err != nil || len(missing) == 0 {
			return attempt, grant, err
		}
		l.Terminal.Error(&words.Failure{ID: "login-unticked", Blanks: words.Blanks{"scopes": missing}})
		// The browser does not wait for the terminal.
		attempt.Tell(Page{Status: 409, Title: "A box was unticked",
			Lines: []string{"Strava didn't grant " + strings.Join(missing, ", ") + ".", "The terminal asks whether to try again. You can close this window."}})
		again, err := l.Terminal.Confirm(ctx, "Ask again?", true)
		if err != nil {
			return attempt, grant, &words.Failure{ID: "run-scope", Blanks: words.Blanks{"scopes": missing}}
		}
		if !again {
			return attempt, grant, nil
		}
	}
}

// open prints Strava's address, and opens the browser if there is one.
func (l *Login) open(attempt *Attempt) {
	l.Terminal.Say("Open this address, leave every box ticked, and choose Authorize:")
	l.Terminal.Say("  " + attempt.Link)
	l.Terminal.Say("If your browser is on another machine, the page that follows doesn't load there:")
	l.Terminal.Say("paste its address here. (Authorizing again may end a refresh token that's in use.)")
	if l.NoBrowser {
		return
	}
	open := l.Browse
	if open == nil {
		browser.Stdout, browser.Stderr = io.Discard, io.Discard
		open = browser.OpenURL
	}
	// Some openers don't return until the browser is closed.
	go func() {
		if err := open(attempt.Local); err != nil {
			l.Terminal.Say("No browser could be opened here: open the address yourself.")
		}
	}()
}
