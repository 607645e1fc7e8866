package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/cli/browser"
	"github.com/spf13/cobra"

	"strava-token/internal/action"
	"strava-token/internal/login"
	"strava-token/internal/provider"
	"strava-token/internal/secret"
	"strava-token/internal/strava"
	"strava-token/internal/transport"
)

// loginCommand holds the flags of login.
type loginCommand struct {
	shell
	term        *terminal
	environment string
	names       string
	scope       string
	port        int
	noBrowser   bool
	format      string
	output      string
	yes         bool

	scopes []string
}

func newLoginCommand(p Process, status *provider.Status) *cobra.Command {
	l := &loginCommand{shell: shell{p: p}}
	c := &cobra.Command{
		Use:   "login",
		Short: "Get the first refresh token, with a browser here or anywhere",
		Long: "login asks for the client id and the client secret (or takes them from STRAVA_CLIENT_ID and\n" +
			"STRAVA_CLIENT_SECRET), opens Strava's page, and stores what comes back. With --repo it\n" +
			"writes three secrets of a GitHub repository. Without it the values go into a file, but for\n" +
			"a refresh token that a branch or a file keeps, or with --format to standard output.\n\n" +
			"On a remote shell, open the address that it prints on any device, and paste the address\n" +
			"of the page that follows.",
		Example: "  strava-token login --repo owner/name\n" +
			"  strava-token login --rotate-to file:/var/lib/strava/token\n" +
			"  strava-token login --format dotenv >strava.env",
		Args: atMost(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			*status = l.run(cmd.Context())
			return nil
		},
	}
	f := c.Flags()
	f.StringVar(&l.repository, "repo", "", "repository whose secrets are written, as owner/repo")
	f.StringVar(&l.environment, "environment", "", "write the secrets of this environment instead")
	f.StringVar(&l.names, "secrets", "strava", "names of the secrets: strava or running_page")
	f.StringVar(&l.scope, "scope", "read,activity:read_all", "scopes to ask for, comma between them")
	f.IntVar(&l.port, "port", 8000, "port on 127.0.0.1 that the browser comes back to")
	f.BoolVar(&l.noBrowser, "no-browser", false, "open no browser here")
	f.StringArrayVar(&l.rotateTo, "rotate-to", nil, "further target that keeps the refresh token; may be repeated")
	f.StringVar(&l.format, "format", "", "print the credentials to standard output: json or dotenv")
	f.StringVar(&l.output, "output", "strava-token.env", "file for the credentials, mode 0600, without --repo and --format")
	f.BoolVar(&l.yes, "yes", false, "replace existing secrets without asking")
	return c
}

// run is the command. Nothing is opened before everything that can be checked
// was checked.
func (l *loginCommand) run(ctx context.Context) provider.Status {
	l.term = l.terminal(ctx)
	if !l.checkFlags() {
		return provider.BadInput
	}
	id, clientSecret, ok := l.askApp()
	if ctx.Err() != nil {
		complain(l.p, shellNames.fill("run/cancelled"))
		return provider.Failed
	}
	if !ok {
		return provider.BadInput
	}
	network := transport.New(l.p.Dial)
	defer network.Close()
	client := l.strava(network, id, clientSecret)
	keeper, status := l.prepare(ctx, network, client)
	if status != provider.Done {
		return status
	}
	if keeper.handed != nil {
		defer keeper.handed.discard()
	}
	l.warnOfOtherHosts(client)
	if err := client.CheckApp(ctx); isRefused(err) {
		complain(l.p, shellNames.explainOne(err))
		return provider.Failed
	}

	listener, err := login.Listen(ctx, l.port)
	if err != nil {
		complain(l.p, shellNames.fill("login/port", "port", fmt.Sprint(l.port)))
		return provider.Failed
	}
	defer listener.Close()
	grant, err := l.authorize(ctx, client, listener)
	if err != nil {
		title := "No access was granted"
		var unticked *provider.ScopeError
		if errors.As(err, &unticked) {
			title = "A box was unticked"
		}
		listener.Answer(login.Page{Status: 403, Title: title,
			Lines: []string{"Nothing was stored. To try again, start strava-token login in the terminal."}})
		complain(l.p, shellNames.explainOne(err))
		return provider.Failed
	}
	outcome := l.exchange(ctx, client, grant, keeper)
	keeper.finish(ctx, client, outcome)
	l.report(outcome)
	listener.Answer(closingPage(outcome, grant))
	if len(outcome.Kept) > 0 {
		l.tellWhatNow(outcome, keeper, grant)
	}
	return outcome.Status()
}

// authorize sends the athlete to Strava until the scopes are right, or until
// the athlete goes on without them.
func (l *loginCommand) authorize(ctx context.Context, client *strava.Client, listener *login.Listener) (login.Grant, error) {
	pasted := l.term.listen()
	for force := false; ; force = true {
		state := login.NewState()
		listener.Expect(state)
		address := client.AuthorizeURL(listener.Redirect(), l.scopes, state, force)
		l.open(address)
		grant, err := login.Wait(ctx, listener, pasted, state, func(err error) {
			complain(l.p, shellNames.explainOne(err))
		})
		if err != nil {
			return login.Grant{}, err
		}
		missing := grant.Missing(l.scopes)
		if len(missing) == 0 {
			return grant, nil
		}
		complain(l.p, shellNames.fill("login/unticked", "scopes", strings.Join(missing, ", ")))
		// The browser does not wait for the terminal.
		listener.Tell(login.Page{Status: 409, Title: "A box was unticked",
			Lines: []string{"Strava did not grant " + strings.Join(missing, ", ") + ".", "The terminal asks whether to try again. You can close this window."}})
		again, err := l.term.confirm("Ask again?", true)
		if ctx.Err() != nil {
			return login.Grant{}, ctx.Err()
		}
		if err != nil {
			return login.Grant{}, &provider.ScopeError{Missing: missing, Wanted: l.scopes}
		}
		if !again {
			return grant, nil
		}
	}
}

// open prints the address, and opens it where there is a browser.
func (l *loginCommand) open(address string) {
	l.say("Open this address and choose Authorize:")
	l.say("  " + address)
	l.say("Is the browser elsewhere? The page that follows does not load there: paste its address here.")
	l.say("(Authorizing again may end a refresh token that is in use elsewhere.)")
	if l.noBrowser {
		return
	}
	open := l.p.Browse
	if open == nil {
		browser.Stdout, browser.Stderr = l.p.Stderr, l.p.Stderr
		open = browser.OpenURL
	}
	// Some openers stay until the browser is closed.
	go func() {
		if err := open(address); err != nil {
			l.say("No browser could be opened here: open the address yourself.")
		}
	}()
}

// exchange spends the code, and keeps what it brings before anything is proved.
func (l *loginCommand) exchange(ctx context.Context, client *strava.Client, grant login.Grant, k *keeper) *provider.Outcome {
	readable, writeOnly := action.Split(k.targets)
	run := &provider.Run{
		Strava: client, Code: grant.Code, Granted: grant.Scopes, Readable: readable, WriteOnly: writeOnly,
		Verify: true, Recovery: true, Masked: []secret.Value{client.ClientSecret}, Reporter: l,
	}
	if grant.Scopes == nil {
		run.RequireScopes = l.scopes // a bare code does not say
	}
	return run.Do(ctx)
}
