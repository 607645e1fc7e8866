package login

import (
	"context"
	"os/exec"
	"strings"

	"strava-token/internal/input"
	"strava-token/internal/secret"
	"strava-token/internal/store"
)

// askApp asks for the app's credentials, and catches a slip in the first before
// the second.
func (l *Login) askApp(ctx context.Context) error {
	l.answers = map[string]secret.Value{}
	haveID, haveSecret := l.Getenv("STRAVA_CLIENT_ID") != "", l.Getenv("STRAVA_CLIENT_SECRET") != ""
	if haveID && haveSecret {
		return nil
	}
	l.Terminal.Say("Client ID and Client Secret are at https://www.strava.com/settings/api.")
	l.Terminal.Say("(No app yet? Create one there, with localhost as Authorization Callback Domain.)")
	if !haveID {
		answer, err := l.Terminal.Ask(ctx, "Client ID: ")
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			return input.Wrong("client-id", input.Fault(secret.Missing))
		}
		answer = strings.TrimSpace(answer)
		if fault := input.InspectClientID(answer); fault != "" {
			return input.Wrong("client-id", fault)
		}
		l.answers["client-id"] = secret.New(answer)
	}
	if !haveSecret {
		typed, err := l.Terminal.AskSecret(ctx, "Client Secret (not shown): ")
		if err != nil {
			return err
		}
		if flaw := secret.Inspect(typed.Reveal()); flaw != "" {
			return input.Wrong("client-secret", input.Fault(flaw))
		}
		l.answers["client-secret"] = typed
	}
	return nil
}

// findGitHubToken finds a GitHub token where gh keeps it, unless the environment
// has one.
func (l *Login) findGitHubToken(ctx context.Context) {
	if l.Getenv("GH_TOKEN") != "" || l.Getenv("GITHUB_TOKEN") != "" || l.Getenv("PATH") == "" {
		return
	}
	cmd := exec.CommandContext(ctx, "gh", "auth", "token")
	cmd.Stderr = nil
	if out, err := cmd.Output(); err == nil {
		l.answers["github-token"] = secret.New(strings.TrimSpace(string(out)))
	}
}

// checkFlags refuses what doesn't go together, before anything is asked.
func (l *Login) checkFlags() error {
	_, _, isRepository := store.SplitRepository(l.Repository)
	switch {
	case l.Format != "" && l.Format != "json" && l.Format != "dotenv":
		return input.Misuse("login-format", nil)
	case l.Repository != "" && !isRepository:
		return input.Misuse("login-repository", nil)
	case l.Environment != "" && l.Repository == "", l.Format != "" && l.Repository != "":
		return input.Misuse("login-together", nil)
	case l.Port < 0 || l.Port > 65535:
		return input.Misuse("login-no-port", nil)
	case strings.TrimSpace(l.Scope) == "":
		return input.Misuse("login-no-scope", nil)
	}
	return nil
}
