// Package reality holds what this project believes of Strava and GitHub against the
// services themselves. It's for the owner of the project alone, so its words are here,
// in English, and not among the messages that are translated.
//
// It sends no living token but to refresh it, as every run does. What it writes has a
// random name, and is deleted again: what it can't delete is a few objects in git that
// nothing refers to, which GitHub drops in time.
package reality

import (
	"context"
	"fmt"
	"net/http"
	"slices"
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

// Setup is what the check works with.
type Setup struct {
	Inputs   *input.Inputs // whose GitHub token may write secrets, and no contents
	Contents secret.Value  // the other way round; optional
	Network  *transport.Network
	Reporter provider.Reporter
	// Do does a run, and tells what it warned of.
	Do func(context.Context, *provider.Run) *provider.Outcome
}

// Verdict is what became of an assumption.
type Verdict string

// The verdicts.
const (
	Confirmed Verdict = "confirmed"
	False     Verdict = "false"
	Untold    Verdict = "could not be told"
)

// Row is an assumption, and what was seen of it.
type Row struct {
	Verdict Verdict
	About   string
	Seen    string
	Relies  string // the file that relies on it
}

// assumption is one line of the table in assumptions.go. needs returns what has to be
// given before it can be checked, or nothing.
type assumption struct {
	about, relies string
	needs         func(*world) string
	check         check
}

type check func(context.Context, *world) finding

type finding struct {
	verdict Verdict
	seen    string // or what to give
}

func told(confirmed bool, seen string) finding {
	if confirmed {
		return finding{Confirmed, seen}
	}
	return finding{False, seen}
}

func untold(why string) finding { return finding{Untold, why} }

// world is what is found out once, for several rows.
type world struct {
	Setup
	outcomes              []*provider.Outcome // of the refreshes
	bySecrets, byContents answer              // what each token sees of the repository
	trial                 trial
}

// Check checks every assumption. The error is that of a refresh which failed; the rows
// are all there even so.
func Check(ctx context.Context, s Setup) ([]Row, error) {
	w := &world{Setup: s}
	err := w.refresh(ctx)
	if _, _, ok := store.SplitRepository(s.Inputs.Repository); ok {
		w.bySecrets = w.ask(ctx, s.Inputs.GitHubToken, http.MethodGet, "", nil)
		w.byContents = w.ask(ctx, s.Contents, http.MethodGet, "", nil)
	}
	if contentsToken(w) == "" {
		w.tryBranch(ctx)
	}
	rows := make([]Row, len(assumptions))
	for i, a := range assumptions {
		f := untold("give " + a.needs(w))
		if a.needs(w) == "" {
			f = a.check(ctx, w)
		}
		rows[i] = Row{f.verdict, a.about, w.harmless(f.seen), a.relies}
	}
	return rows, err
}

// AnyFalse reports whether an assumption is false.
func AnyFalse(rows []Row) bool {
	return slices.ContainsFunc(rows, func(r Row) bool { return r.Verdict == False })
}

// Table is the rows in Markdown.
func Table(rows []Row) string {
	var b strings.Builder
	b.WriteString("| verdict | assumption | what was seen | relied on by |\n|---|---|---|---|\n")
	for _, r := range rows {
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", r.Verdict, r.About, r.Seen, r.Relies)
	}
	return b.String()
}

const maxSeen = 200 // characters

// harmless is what was seen without anything secret in it: a service may send back what
// it was sent. If it has one of our values in it, in whatever spelling, none of it stays.
func (w *world) harmless(seen string) string {
	hidden := []secret.Value{w.Inputs.ClientSecret, w.Inputs.RefreshToken, w.Inputs.GitHubToken, w.Contents}
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
	letters := []rune(strings.Join(strings.Fields(seen), " "))
	return string(letters[:min(len(letters), maxSeen)])
}

// bare is s without everything that could be put between its letters.
func bare(s string) string {
	return strings.Map(func(c rune) rune {
		if unicode.IsLetter(c) || unicode.IsDigit(c) {
			return unicode.ToLower(c)
		}
		return -1
	}, s)
}
