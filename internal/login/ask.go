package login

import (
	"context"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"

	"strava-token/internal/input"
	"strava-token/internal/secret"
	"strava-token/internal/store"
	"strava-token/internal/strava"
	"strava-token/internal/terminal"
	"strava-token/internal/words"
)

// askApp asks for the app's credentials that the environment doesn't have.
func (l *Login) askApp(ctx context.Context) error {
	err := l.askClientID(ctx)
	if err == nil && l.isMissing("client-secret") {
		l.answers["client-secret"], err = AskClientSecret(ctx, l.Terminal)
	}
	return err
}

func (l *Login) askClientID(ctx context.Context) (err error) {
	if !l.isMissing("client-id") {
		return nil
	}
	l.Terminal.Say("Client ID and Client Secret are at https://www.strava.com/settings/api.\n" +
		"(No app yet? Create one there: any name, category, website and icon, and\n" +
		"github.com as Authorization Callback Domain.)")
	l.answers["client-id"], err = untilRight(l.Terminal, "client-id", "Client ID", input.InspectClientID, func() (secret.Value, error) {
		line, err := l.Terminal.Ask(ctx, "Client ID: ")
		return secret.New(strings.TrimSpace(line)), err
	})
	return err
}

// AskClientSecret asks for the client secret until the answer can be one.
func AskClientSecret(ctx context.Context, t *terminal.Terminal) (secret.Value, error) {
	inspect := func(text string) input.Fault {
		if secret.MayHold(text) {
			return ""
		}
		return input.Fault(secret.Inspect(text))
	}
	return untilRight(t, "client-secret", "Client Secret", inspect, func() (secret.Value, error) {
		return t.AskSecret(ctx, "Client Secret of the Strava app (not shown): ")
	})
}

// typed reports whether what Strava refused was typed, so that another answer helps.
func (l *Login) typed(kind strava.Kind) bool {
	id, clientSecret := !l.answers["client-id"].Empty(), !l.answers["client-secret"].Empty()
	return id || clientSecret && kind != strava.InvalidClientID && kind != strava.SecretAsClientID
}

// ofPrompts names prompts in a refusal, in place of variables that nobody set.
func (l *Login) ofPrompts(refused *strava.Error) error {
	note := refused.Note()
	if !l.answers["client-id"].Empty() {
		note.Blanks["client-id"] = "Client ID"
	}
	if !l.answers["client-secret"].Empty() {
		note.Blanks["client-secret"], note.Blanks["client-secret-place"] = "Client Secret", "the prompt"
	}
	return &words.Failure{ID: note.ID, Blanks: note.Blanks}
}

// untilRight asks for an input until it's usable, or until the answers end.
func untilRight(t *terminal.Terminal, name, label string, inspect func(string) input.Fault, ask func() (secret.Value, error)) (secret.Value, error) {
	for {
		answer, err := ask()
		if errors.Is(err, io.EOF) {
			return answer, input.Wrong(name, input.Fault(secret.Missing))
		}
		if err != nil {
			return answer, err
		}
		switch fault := inspect(answer.Reveal()); fault {
		case "":
			return answer, nil
		case input.Fault(secret.Missing): // Enter alone
		default:
			t.Error(input.Misuse("input-"+string(fault),
				words.Blanks{"input": label, "client-id": label, "place": "the prompt", "character": ""}))
		}
	}
}

func (l *Login) isMissing(name string) bool {
	isSet := func(variable string) bool { return strings.TrimSpace(l.Getenv(variable)) != "" }
	return l.answers[name].Empty() && !slices.ContainsFunc(input.Variables[name], isSet)
}

// findGitHubToken asks gh for its GitHub token, unless the environment has one.
func (l *Login) findGitHubToken(ctx context.Context) {
	if l.isMissing("github-token") && l.Getenv("PATH") != "" {
		if out, err := exec.CommandContext(ctx, "gh", "auth", "token").Output(); err == nil {
			l.answers["github-token"] = secret.New(strings.TrimSpace(string(out)))
		}
	}
}

// checkFlags refuses flags that don't go together, before anything is asked.
func (l *Login) checkFlags() error {
	l.Repository = repository(l.Repository)
	_, _, isRepository := store.SplitRepository(l.Repository)
	switch {
	case l.Format != "" && l.Format != "json" && l.Format != "dotenv":
		return input.Misuse("login-format", nil)
	case l.Repository != "" && !isRepository:
		return input.Misuse("login-repository", nil)
	case l.Environment != "" && l.Repository == "",
		l.Format != "" && l.Repository != "",
		l.Output != "" && (l.Repository != "" || l.Format != ""):
		return input.Misuse("login-together", nil)
	case l.Port < 0 || l.Port > 65535:
		return input.Misuse("login-no-port", nil)
	case strings.TrimSpace(l.Scope) == "":
		return input.Misuse("login-no-scope", nil)
	}
	return nil
}

// repository returns owner/name. The text may have been copied as an address.
func repository(text string) string {
	text = strings.TrimSpace(text)
	if _, path, isAddress := strings.Cut(text, "://"); isAddress {
		_, text, _ = strings.Cut(path, "/")
	} else if _, path, isSSH := strings.Cut(text, "@"); isSSH {
		_, text, _ = strings.Cut(path, ":")
	}
	return strings.TrimSuffix(strings.TrimSuffix(text, "/"), ".git")
}

// read reads the command's inputs. It ignores problems with the unneeded ones.
func (l *Login) read(unneeded ...string) error {
	err := l.chooseTarget()
	if err != nil {
		return err
	}
	l.in, err = input.Read(input.Shell{
		Getenv: l.Getenv,
		Flags: map[string][]string{
			"repo": {l.Repository}, "rotate-to": l.RotateTo, "require-scopes": {l.Scope},
		},
		Answers: l.answers,
	}, false)
	var wrong *input.Error
	if errors.As(err, &wrong) {
		wrong.Problems = slices.DeleteFunc(wrong.Problems, func(p input.Problem) bool { return slices.Contains(unneeded, p.Input) })
		for i, p := range wrong.Problems {
			if p.Input == "require-scopes" {
				wrong.Problems[i].Input = "scope" // as the flag is called here
			}
		}
		if len(wrong.Problems) > 0 {
			return err
		}
	}
	if l.Repository != "" && slices.ContainsFunc(l.in.Targets, store.Target.IsFile) {
		return input.Misuse("login-together", nil)
	}
	return nil
}
