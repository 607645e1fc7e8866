package cli

import (
	"errors"
	"slices"
	"strings"

	"strava-token/internal/action"
	"strava-token/internal/secret"
	"strava-token/internal/store"
	"strava-token/internal/strava"
)

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
	case l.environment != "" && l.repository == "", l.format != "" && l.repository != "", l.target("file:") != "" && l.repository != "":
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
