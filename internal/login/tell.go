package login

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"strava-token/internal/provider"
	"strava-token/internal/store"
	"strava-token/internal/strava"
	"strava-token/internal/words"
)

// closingPage returns the page that says how the login ended.
func closingPage(voice words.Voice, o *provider.Outcome, grant strava.Grant) Page {
	if len(o.Failures) == 0 {
		lines := []string{"The refresh token" + whose(o.Token, o.AthleteID) + " is in place."}
		if grant.Scopes != nil {
			lines = append(lines, "Granted: "+strings.Join(grant.Scopes, ", ")+".")
		}
		return Page{Status: 200, Title: "It worked", Lines: append(lines, "You can close this window.")}
	}
	p := Page{Status: 500, Title: "Something went wrong"}
	if len(o.Kept) > 0 {
		p.Lines = append(p.Lines, "The refresh token itself is safe in "+strings.Join(o.Kept, ", ")+".")
	}
	for _, m := range voice.Explain(o.Err()) {
		p.Lines = append(p.Lines, m.What+" "+m.Why, "Next: "+m.Next)
	}
	p.Lines = append(p.Lines, "The terminal says the same. You can close this window.")
	return p
}

// whose returns words that name the athlete, or "" if that's unknown.
func whose(t strava.Token, athlete int64) string {
	switch {
	case athlete == 0:
		return ""
	case t.AthleteName == "":
		return fmt.Sprintf(" of athlete %d", athlete)
	}
	return fmt.Sprintf(" of %s (athlete %d)", t.AthleteName, athlete)
}

func (l *Login) tellWhatNow(o *provider.Outcome, grant strava.Grant) {
	if l.Format != "" && len(l.in.Targets) == 0 {
		return // standard output has it all
	}
	l.Terminal.Say("\nThe refresh token" + whose(o.Token, o.AthleteID) + " is kept in " + strings.Join(o.Kept, ", ") + ".")
	if l.credentials != "" {
		refresh := words.Command{"strava-token", "refresh"}
		for _, t := range l.in.Targets {
			if absolute, err := filepath.Abs(t.Path); t.IsFile() && err == nil {
				t.Path = absolute
			}
			refresh = append(refresh, t.Flags()...)
		}
		l.Terminal.Say("The client id and the client secret are in " + l.credentials + ".")
		l.Terminal.Say("From now on this prints an access token, from any folder:\n")
		l.Terminal.Say("  (set -a && . " + words.Quote(l.credentials) + " && " + refresh.String() + ")")
	}
	if l.clientSecret == nil {
		return
	}
	l.Terminal.Say("The client secret is kept in " + l.clientSecret.String() + ".")
	scopes := l.in.RequireScopes
	if missing, _ := strava.Lacking(scopes, grant.Scopes, nil); len(missing) > 0 {
		scopes = grant.Scopes
		l.Terminal.Note("warning", "the token lacks "+strings.Join(missing, ", ")+", so the workflow below doesn't require it")
	}
	l.tellOfWorkflow(scopes)
}

func (l *Login) tellOfWorkflow(scopes []string) {
	if i := slices.IndexFunc(l.in.Targets, store.Target.IsSecret); i >= 0 {
		l.Terminal.Say("\nThe workflow below writes a secret, so it needs one more: SECRETS_WRITER, a")
		l.Terminal.Say("personal access token from")
		l.Terminal.Say("  " + l.Terminal.Voice.Text(l.in.Targets[i].TokenPage()))
	}
	l.Terminal.Say("\nSave this as " + WorkflowFile + " on the default branch of " + l.Repository + ":\n")
	l.Terminal.Say(Workflow(l.in, l.Environment, scopes))
}

// withoutGitHubToken says how to go on in the browser: nothing can be written
// from here.
func (l *Login) withoutGitHubToken(ctx context.Context) error {
	if err := l.ask(ctx, "client-id"); err != nil {
		return err
	}
	if err := l.read(words.Input("client-secret"), words.Input("github-token")); err != nil {
		return err
	}
	place := "/settings/secrets/actions/new"
	if l.Environment != "" {
		place = "/settings/environments (environment " + l.Environment + ")"
	}
	l.Terminal.Say("\nThere is no GitHub token here, but the browser does as well:")
	l.Terminal.Say("  1. Add the secret " + clientSecretName + " at " + l.Terminal.Voice.Text(words.Page(l.Repository+place)))
	l.Terminal.Say("  2. Save the workflow below. Its first run shows the link to authorize.")
	l.tellOfWorkflow(l.in.RequireScopes)
	l.Terminal.Say("")
	return &words.Failure{ID: "login-no-github-token"}
}
