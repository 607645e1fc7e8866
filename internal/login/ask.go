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

// ask asks for credentials of the app that the environment doesn't have.
func (l *Login) ask(ctx context.Context, names ...string) (err error) {
	for _, name := range names {
		if err != nil || !l.isMissing(name) {
			continue
		}
		if name == "client-id" {
			l.Terminal.Say("Client ID and Client Secret are at https://www.strava.com/settings/api.\n" +
				"(No app yet? Create one there: any name, category, website and icon, and\n" +
				"github.com as Authorization Callback Domain.)")
		}
		l.answers[name], err = Ask(ctx, l.Terminal, name)
	}
	return err
}

// Ask asks for the client id or the client secret until the answer can be one, or until
// the answers end.
func Ask(ctx context.Context, t *terminal.Terminal, name string) (secret.Value, error) {
	label, ask := "Client ID", func() (secret.Value, error) {
		line, err := t.Ask(ctx, "Client ID: ")
		return secret.New(strings.TrimSpace(line)), err
	}
	if name == "client-secret" {
		label, ask = "Client Secret", func() (secret.Value, error) { return t.AskSecret(ctx, "Client Secret of the Strava app (not shown): ") }
	}
	for {
		answer, err := ask()
		if errors.Is(err, io.EOF) {
			return answer, input.Wrong(name, "input-missing-"+name)
		}
		if err != nil {
			return answer, err
		}
		switch id := input.Inspect(name, answer.Reveal()); id {
		case "":
			return answer, nil
		case "input-missing-" + name: // Enter alone
		default:
			t.Error(input.Misuse(id, words.Blanks{"input": label, "client-id": label, "place": "the prompt", "detail": ""}))
		}
	}
}

// ofPrompts returns what Strava refused, with prompts named in place of variables that
// nobody set, or nil if nothing of it was typed: then no other answer helps.
func (l *Login) ofPrompts(refused *strava.Error) error {
	note, helps := refused.Note(), false
	if !l.answers["client-secret"].Empty() {
		note.Blanks["client-secret"], note.Blanks["client-secret-place"] = "Client Secret", "the prompt"
		helps = refused.Kind != strava.InvalidClientID && refused.Kind != strava.SecretAsClientID
	}
	if !l.answers["client-id"].Empty() {
		note.Blanks["client-id"], helps = "Client ID", true
	}
	if !helps {
		return nil
	}
	return &words.Failure{ID: note.ID, Blanks: note.Blanks}
}

func (l *Login) isMissing(name string) bool {
	return input.Shell{Getenv: l.Getenv, Answers: l.answers}.Text(name) == ""
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
	written := l.Repository
	l.Repository = repository(written)
	for i, word := range l.Again {
		if written != "" {
			word = strings.ReplaceAll(word, written, l.Repository) // an address may have a token in it
		}
		if l.Again[i] = word; secret.HasGitHubToken(word) {
			l.Again[i] = secret.Redacted(word)
		}
	}
	_, _, isRepository := store.SplitRepository(l.Repository)
	switch {
	case l.Format != "" && l.Format != "json" && l.Format != "dotenv":
		return input.Misuse("login-format", nil)
	case written != "" && !isRepository:
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
func (l *Login) read(unneeded ...any) error {
	err := l.chooseTarget()
	if err != nil {
		return err
	}
	flags := map[string][]string{"repo": {l.Repository}, "rotate-to": l.RotateTo, "require-scopes": {l.Scope}}
	l.in, err = input.Read(input.Shell{Getenv: l.Getenv, Flags: flags, Answers: l.answers}, false)
	if wrong, ok := errors.AsType[*input.Error](err); ok {
		wrong.Problems = slices.DeleteFunc(wrong.Problems, func(p error) bool { return slices.Contains(unneeded, p.(*words.Failure).Blanks["input"]) })
		for _, p := range wrong.Problems {
			if blanks := p.(*words.Failure).Blanks; blanks["input"] == words.Input("require-scopes") {
				blanks["input"] = words.Input("scope") // as the flag is called here
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
