package cli

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"time"

	"github.com/cli/browser"
	"github.com/spf13/cobra"

	"strava-token/internal/action"
	"strava-token/internal/login"
	"strava-token/internal/provider"
	"strava-token/internal/secret"
	"strava-token/internal/store"
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
			"writes three secrets of a GitHub repository; otherwise it hands them over.\n\n" +
			"On a remote shell, open the address that it prints on any device, and paste the address\n" +
			"of the page that follows.",
		Example: "  strava-token login --repo owner/name\n" +
			"  strava-token login --format dotenv >strava.env",
		Args: cobra.NoArgs,
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

// askApp asks for the app's credentials and catches every slip in them.
func (l *loginCommand) askApp() (id string, clientSecret secret.Value, ok bool) {
	asked := false
	if l.p.Getenv("STRAVA_CLIENT_ID") == "" || l.p.Getenv("STRAVA_CLIENT_SECRET") == "" {
		l.say("Client ID and Client Secret stand at https://www.strava.com/settings/api.")
		l.say("(No app yet? Create one there, with localhost as Authorization Callback Domain.)")
		asked = true
	}
	if id = strings.TrimSpace(l.p.Getenv("STRAVA_CLIENT_ID")); id == "" {
		answer, err := l.term.ask("Client ID: ")
		if err != nil {
			l.problem("STRAVA_CLIENT_ID", action.Fault(secret.Missing), "")
		}
		id = strings.TrimSpace(answer)
	}
	if fault := action.InspectClientID(id); fault != "" && len(l.problems) == 0 {
		l.problem("STRAVA_CLIENT_ID", fault, "")
	}
	if asked && len(l.problems) > 0 {
		return "", secret.Value{}, !l.refuse()
	}
	if l.p.Getenv("STRAVA_CLIENT_SECRET") != "" {
		clientSecret = l.credential("STRAVA_CLIENT_SECRET")
	} else {
		typed, err := l.term.askSecret("Client Secret (not shown): ")
		if err != nil {
			complain(l.p, shellNames.fill("recover/no-secret"))
			return "", secret.Value{}, false
		}
		if flaw := secret.Inspect(typed.Reveal()); flaw != "" {
			l.problem("STRAVA_CLIENT_SECRET", action.Fault(flaw), "")
		}
		clientSecret = typed
	}
	var problems []action.Problem
	l.scopes, problems = action.ParseScopes("--scope", l.scope)
	l.problems = append(l.problems, problems...)
	return id, clientSecret, !l.refuse()
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
		go listener.Answer(login.Page{Status: 409, Title: "A box was unticked",
			Lines: []string{"Strava did not grant " + strings.Join(missing, ", ") + ".", "The terminal asks whether to try again. You can close this window."}})
		again, err := l.term.confirm("Ask again?", true)
		if err != nil {
			return login.Grant{}, &provider.ScopeError{Missing: missing}
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
	run := &provider.Run{
		Strava: client, Code: grant.Code, Granted: grant.Scopes, Targets: k.targets, KeepUnchanged: true,
		Verify: true, Recovery: true, Masked: []secret.Value{client.ClientSecret}, Reporter: l,
	}
	if grant.Scopes == nil {
		run.RequireScopes = l.scopes // a bare code does not say
	}
	return run.Do(ctx)
}

func (l *loginCommand) say(text string) { _, _ = fmt.Fprintln(l.p.Stderr, text) }

// closingPage tells the browser how it ended.
func closingPage(o *provider.Outcome, grant login.Grant) login.Page {
	if len(o.Failures) == 0 {
		lines := []string{fmt.Sprintf("The refresh token of athlete %d is in place.", o.AthleteID)}
		if grant.Scopes != nil {
			lines = append(lines, "Granted: "+strings.Join(grant.Scopes, ", ")+".")
		}
		return login.Page{Status: 200, Title: "It worked", Lines: append(lines, "You can close this window.")}
	}
	p := login.Page{Status: 500, Title: "Something went wrong"}
	if len(o.Kept) > 0 {
		p.Lines = append(p.Lines, "The refresh token itself is safe in "+strings.Join(o.Kept, ", ")+".")
	}
	for _, err := range o.Failures {
		for _, m := range shellNames.explain(err) {
			p.Lines = append(p.Lines, m.What+" "+m.Why, "Next: "+m.Next)
		}
	}
	p.Lines = append(p.Lines, "The terminal says the same. You can close this window.")
	return p
}

// githubToken finds a GitHub token: in the environment, or where gh keeps it.
func (l *loginCommand) githubToken(ctx context.Context) secret.Value {
	for _, variable := range []string{"GH_TOKEN", "GITHUB_TOKEN"} {
		if l.p.Getenv(variable) != "" {
			return l.credential(variable)
		}
	}
	if l.p.Getenv("PATH") == "" {
		return secret.Value{}
	}
	cmd := exec.CommandContext(ctx, "gh", "auth", "token")
	cmd.Stderr = nil
	out, err := cmd.Output()
	if err != nil {
		return secret.Value{}
	}
	return secret.New(strings.TrimSpace(string(out)))
}

// secretNames are what the three secrets are called.
func (l *loginCommand) secretNames() (id, clientSecret, refresh string, ok bool) {
	switch l.names {
	case "strava":
		return "STRAVA_CLIENT_ID", "STRAVA_CLIENT_SECRET", "STRAVA_REFRESH_TOKEN", true
	case "running_page":
		return "STRAVA_CLIENT_ID", "STRAVA_CLIENT_SECRET", "STRAVA_CLIENT_REFRESH_TOKEN", true
	}
	return "", "", "", false
}

// keeper is where the three values go.
type keeper struct {
	targets []provider.Target // for the refresh token
	id      *store.Secret     // nil where the values are handed over
	secret  *store.Secret
	handed  *handover
}

// finish stores what belongs beside the refresh token, where that is safe by
// now. A cancellation only hurries it, or the repository would hold a mixed set.
func (k *keeper) finish(ctx context.Context, client *strava.Client, o *provider.Outcome) {
	if k.id == nil || !slices.Contains(o.Kept, k.targets[0].String()) {
		return
	}
	uninterrupted, cancel := context.WithTimeout(context.WithoutCancel(ctx), finishTime)
	defer cancel()
	if err := k.id.Store(uninterrupted, secret.New(client.ClientID)); err != nil {
		o.Fail(err)
	}
	if err := k.secret.Store(uninterrupted, client.ClientSecret); err != nil {
		o.Fail(err)
	}
}

// finishTime bounds the writes after the one that counts.
const finishTime = 8 * time.Second

// isRefused reports whether Strava said no to the app's credentials.
func isRefused(err error) bool {
	var e *strava.Error
	return errors.As(err, &e) && slices.Contains([]strava.Kind{
		strava.InvalidClientID, strava.MissingClientSecret, strava.WrongClientSecret, strava.SecretAsClientID,
	}, e.Kind)
}

// checkFlags refuses what does not go together, before anything is asked.
func (l *loginCommand) checkFlags() bool {
	_, _, _, known := l.secretNames()
	_, _, isRepository := store.SplitRepository(l.repository)
	switch {
	case !known:
		complain(l.p, shellNames.fill("login/secrets"))
	case l.format != "" && l.format != "json" && l.format != "dotenv":
		complain(l.p, shellNames.fill("login/format"))
	case l.repository != "" && !isRepository:
		complain(l.p, shellNames.fill("login/repository"))
	case l.environment != "" && l.repository == "", l.format != "" && l.repository != "":
		complain(l.p, shellNames.fill("login/together"))
	case l.port < 0 || l.port > 65535:
		complain(l.p, shellNames.fill("login/no-port"))
	case strings.TrimSpace(l.scope) == "":
		complain(l.p, shellNames.fill("login/no-scope"))
	default:
		return true
	}
	return false
}

// prepare finds out where everything goes, and that it can go there.
func (l *loginCommand) prepare(ctx context.Context, network *transport.Network, client *strava.Client) (*keeper, provider.Status) {
	idName, secretName, refreshName, _ := l.secretNames()
	k := &keeper{}
	if l.repository != "" && l.format == "" {
		token := l.githubToken(ctx)
		if l.refuse() {
			return nil, provider.BadInput
		}
		if !token.Empty() {
			return l.prepareSecrets(ctx, network, token, [3]string{idName, secretName, refreshName})
		}
		complain(l.p, shellNames.fill("login/no-github-token"))
		onward, err := l.term.confirm("Go on, and write the credentials to "+l.output+" instead?", false)
		if err != nil || !onward {
			return nil, provider.Failed
		}
	}
	further, _, ok := l.furtherTargets(ctx, network)
	if !ok {
		return nil, provider.BadInput
	}
	k.targets = further
	k.handed = &handover{format: l.format, path: l.output, stdout: l.p.Stdout, client: client, names: [3]string{idName, secretName, refreshName}}
	k.targets = append(k.targets, k.handed)
	if _, err := k.handed.Check(ctx); err != nil {
		complain(l.p, shellNames.fill("login/file", "file", l.output))
		return nil, provider.BadInput
	}
	return k, provider.Done
}

// prepareSecrets checks the three secrets before a browser opens, and asks
// before existing ones are replaced.
func (l *loginCommand) prepareSecrets(ctx context.Context, network *transport.Network, token secret.Value, names [3]string) (*keeper, provider.Status) {
	base := l.address("GITHUB_API_URL", action.DefaultGitHubURL)
	if l.refuse() {
		return nil, provider.BadInput
	}
	gh := store.NewGitHub(network, base, token)
	var secrets [3]*store.Secret
	var existing []string
	for i, name := range names {
		if l.environment != "" {
			name += "@" + l.environment
		}
		targets, problems := action.ParseTargets("--repo", []string{name}, l.repository)
		l.problems = append(l.problems, problems...)
		if l.refuse() {
			return nil, provider.BadInput
		}
		secrets[i] = store.NewSecret(gh, targets[0], 0)
		secrets[i].MayBeNew = true
		facts, err := secrets[i].Check(ctx)
		if err != nil {
			complain(l.p, shellNames.explainOne(err))
			return nil, provider.Failed
		}
		if !facts.UpdatedAt.IsZero() {
			existing = append(existing, secrets[i].String())
		}
	}
	further, also, ok := l.furtherTargets(ctx, network)
	if !ok {
		return nil, provider.BadInput
	}
	existing = append(existing, also...)
	if len(existing) > 0 && !l.yes {
		l.say("These secrets exist already: " + strings.Join(existing, ", "))
		replace, err := l.term.confirm("Replace them?", false)
		if err != nil || !replace {
			l.say("Nothing was changed. (--yes replaces them without asking.)")
			return nil, provider.Failed
		}
	}
	return &keeper{
		targets: append([]provider.Target{secrets[2]}, further...),
		id:      secrets[0], secret: secrets[1],
	}, provider.Done
}

// furtherTargets are those of --rotate-to, checked before a browser opens, and
// the ones among them that exist already.
func (l *loginCommand) furtherTargets(ctx context.Context, network *transport.Network) (targets []provider.Target, existing []string, ok bool) {
	targets = l.targets(network)
	if l.refuse() {
		return nil, nil, false
	}
	for _, t := range targets {
		if s, isSecret := t.(*store.Secret); isSecret {
			s.MayBeNew = true
		}
		facts, err := t.Check(ctx)
		if err != nil {
			complain(l.p, shellNames.explainOne(err))
			return nil, nil, false
		}
		if !facts.UpdatedAt.IsZero() {
			existing = append(existing, t.String())
		}
	}
	return targets, existing, true
}

// tellWhatNow says where the refresh token is, and ends with what to do now.
func (l *loginCommand) tellWhatNow(o *provider.Outcome, k *keeper, grant login.Grant) {
	whose := "The refresh token"
	if o.AthleteID != 0 {
		whose += fmt.Sprintf(" of athlete %d", o.AthleteID)
	}
	if l.format == "" {
		l.say("\n" + whose + " is kept in " + strings.Join(o.Kept, ", ") + ".")
	}
	_, _, refreshName, _ := l.secretNames()
	if k.handed != nil && l.format == "" {
		l.say("Put the values into the repository's secrets, then delete the file:")
		where := " --repo OWNER/REPO"
		if l.repository != "" {
			where = " --repo " + l.repository
		}
		if l.environment != "" {
			where += " --env " + shellQuote(l.environment)
		}
		for _, name := range k.handed.names {
			l.say("  sed -n 's/^" + name + "=//p' " + shellQuote(l.output) + ` | tr -d '\n' | gh secret set ` + name + where)
		}
		l.say("  rm " + shellQuote(l.output))
	}
	if l.format != "" || len(o.Failures) > 0 {
		return
	}
	scopes := l.scopes
	if missing := grant.Missing(scopes); len(missing) > 0 {
		scopes = grant.Scopes
		l.note("warning", "the token lacks "+strings.Join(missing, ", ")+", so the workflow below does not require it")
	}
	l.say("\nNow copy this into .github/workflows/sync.yml:\n")
	l.say(workflow(refreshName, l.environment, scopes))
}

// shellQuote is s as one word of a POSIX shell.
func shellQuote(s string) string {
	if s != "" && !strings.ContainsFunc(s, func(c rune) bool {
		return !strings.ContainsRune("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-/", c)
	}) {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// workflow is the workflow to copy, filled in.
func workflow(refreshName, environment string, scopes []string) string {
	target, job := refreshName, ""
	if environment != "" {
		target += "@" + environment
		job = "\n    environment: " + environment
	}
	return `name: Sync
on:
  schedule:
    - cron: "17 5 * * *"
  workflow_dispatch:
concurrency: strava
permissions: {}
jobs:
  sync:
    runs-on: ubuntu-latest` + job + `
    steps:
      - id: strava
        uses: OWNER/strava-token@v1
        with:
          client-id: ${{ vars.STRAVA_CLIENT_ID || secrets.STRAVA_CLIENT_ID }}
          client-secret: ${{ secrets.STRAVA_CLIENT_SECRET }}
          refresh-token: ${{ secrets.` + refreshName + ` }}
          rotate-to: ` + target + `
          github-token: ${{ secrets.SECRETS_WRITER }}
          require-scopes: ` + strings.Join(scopes, ",") + `
      - env:
          ACCESS_TOKEN: ${{ steps.strava.outputs.access-token }}
        run: |
          curl -sf -H "Authorization: Bearer $ACCESS_TOKEN" "https://www.strava.com/api/v3/athlete/activities?per_page=5"`
}
