// Package reality checks what this project believes about Strava and GitHub against
// the services themselves. It's only for the owner of the project, so its words are
// here, in English, and not among the messages that are translated.
//
// It sends a live token only to refresh it, as every run does. What it creates has a
// random name and is deleted again, except for a few objects in git that nothing refers
// to: GitHub drops those in time.
package reality

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"unicode"

	"strava-token/internal/input"
	"strava-token/internal/provider"
	"strava-token/internal/secret"
	"strava-token/internal/store"
	"strava-token/internal/transport"
)

// ContentsToken is the variable with the token that may write contents, and no secrets.
const ContentsToken = "REALITY_CONTENTS_TOKEN"

// Setup is what the check needs.
type Setup struct {
	Inputs   *input.Inputs // whose GitHub token may write secrets, and no contents
	Contents secret.Value  // the other way round; optional
	Network  *transport.Network
	Reporter provider.Reporter
	// Do does a run, and prints its warnings.
	Do func(context.Context, *provider.Run) *provider.Outcome
}

// assumption is one line of the table in assumptions.go. needs returns what must be
// given before it can be checked, or "".
type assumption struct {
	about, relies string
	needs         func(*world) string
	check         check
}

type check func(context.Context, *world) finding

type finding struct{ verdict, seen string }

const (
	isConfirmed = "confirmed"
	isFalse     = "false"
)

func told(confirmed bool, seen string) finding {
	if confirmed {
		return finding{isConfirmed, seen}
	}
	return finding{isFalse, seen}
}

func untold(why string) finding { return finding{"could not be told", why} }

// world is what is found out once for several rows.
type world struct {
	Setup
	outcomes []*provider.Outcome    // of the refreshes
	sees     map[*credential]answer // what each sees of the repository
	trial    trial
}

// Check returns a table in Markdown with every assumption, and whether all of them may
// be true. The error is that of a refresh; the table is complete even then.
func Check(ctx context.Context, s Setup) (table string, noneFalse bool, err error) {
	w := &world{Setup: s, sees: map[*credential]answer{}}
	err = w.refresh(ctx)
	if _, _, ok := store.SplitRepository(s.Inputs.Repository); ok {
		for _, c := range []*credential{secretsToken, contentsToken} {
			w.sees[c] = w.ask(ctx, c.token(w), http.MethodGet, "", nil)
		}
	}
	if contentsToken.missing(w) == "" {
		w.tryBranch(ctx)
	}
	noneFalse = true
	table = "| verdict | assumption | what was seen | relied on by |\n|---|---|---|---|\n"
	for _, a := range assumptions {
		f := untold(a.needs(w))
		if f.seen == "" {
			f = a.check(ctx, w)
		}
		noneFalse = noneFalse && f.verdict != isFalse
		table += fmt.Sprintf("| %s | %s | %s | %s |\n", f.verdict, a.about, w.harmless(f.seen), a.relies)
	}
	return table, noneFalse, err
}

const maxSeen = 300 // characters

// harmless returns what was seen without anything secret in it, since a service may
// return what it was sent. If it contains one of our values, in any spelling, nothing
// of it stays.
func (w *world) harmless(seen string) string {
	hidden := []secret.Value{w.Inputs.ClientSecret, w.Inputs.Input, w.Inputs.GitHubToken, w.Contents}
	for _, o := range w.outcomes {
		hidden = append(hidden, o.Token.AccessToken, o.Token.RefreshToken)
	}
	for _, v := range hidden {
		if text := bare(v.Reveal()); text != "" && strings.Contains(bare(seen), text) {
			return "withheld: the answer has a secret in it"
		}
	}
	seen = strings.Map(func(c rune) rune {
		if unicode.IsLetter(c) || unicode.IsDigit(c) || strings.ContainsRune(".,:;'/_-=@", c) {
			return c
		}
		return ' '
	}, secret.Redacted(seen))
	letters := []rune(strings.ReplaceAll(strings.Join(strings.Fields(seen), " "), " ;", ";"))
	return string(letters[:min(len(letters), maxSeen)])
}

// bare returns s without anything that could be put between its letters.
func bare(s string) string {
	return strings.Map(func(c rune) rune {
		if unicode.IsLetter(c) || unicode.IsDigit(c) {
			return unicode.ToLower(c)
		}
		return -1
	}, s)
}
