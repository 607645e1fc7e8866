package words_test

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"strava-token/internal/provider"
	"strava-token/internal/store"
	"strava-token/internal/strava"
	"strava-token/internal/words"
)

// kinds finds the constants of a type in a package's source.
func kinds(t *testing.T, pkg, typeName string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("..", pkg, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	find := regexp.MustCompile(`(?m)^\s*\w+\s+` + typeName + `\s+= "([a-z-]+)"`)
	var all []string
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range find.FindAllStringSubmatch(string(content), -1) {
			all = append(all, m[1])
		}
	}
	if len(all) == 0 {
		t.Fatalf("no constants of %s.%s", pkg, typeName)
	}
	return all
}

// TestEveryErrorIsToldInFull: every kind of every error type has a message, and
// brings all its blanks.
func TestEveryErrorIsToldInFull(t *testing.T) {
	t.Parallel()
	var all []words.Speaker
	for _, kind := range kinds(t, "strava", "Kind") {
		all = append(all, &strava.Error{Kind: strava.Kind(kind)})
	}
	for _, kind := range kinds(t, "store", "Kind") {
		for _, target := range []string{"o/r/NAME", "o/r/NAME@production", "org:O/NAME", "branch:b#alice", "file:/x"} {
			all = append(all, &store.Error{Kind: store.Kind(kind), Target: target, Name: "NAME"})
		}
	}
	for _, kind := range kinds(t, "store", "TargetFault") {
		all = append(all, &store.TargetError{Kind: store.TargetFault(kind), Text: "not to be shown"})
	}
	for _, reason := range kinds(t, "provider", "StaleReason") {
		for _, target := range []string{"", "branch:b", "file:/x", "o/r/NAME"} {
			all = append(all, &provider.StaleError{Reason: provider.StaleReason(reason), Target: target, Updated: noon})
		}
	}
	all = append(all, ofARun()...)
	for _, speaker := range all {
		n := speaker.Note()
		if missing := words.Missing(n); missing != nil {
			t.Errorf("%v: %s has no %v", speaker, n.ID, missing)
		}
		for where, v := range voices {
			text := v.Explain(speaker)[0].Text()
			checkText(t, where+": "+n.ID, text)
			if regexp.MustCompile("not to be shown").MatchString(text) {
				t.Errorf("%s: %s shows what may be a secret", where, n.ID)
			}
		}
	}
}

// ofARun are the errors of package provider, in every state that has words of its
// own.
func ofARun() []words.Speaker {
	cause := &store.Error{Kind: store.Outage, Target: "o/r/NAME", Status: 503}
	var all []words.Speaker
	for _, sealed := range []bool{false, true} {
		for _, target := range []string{"o/r/NAME", "branch:b#alice", "standard output"} {
			all = append(all, &provider.NotKeptError{Target: target, Kept: []string{"branch:b"}, Sealed: sealed, Err: cause})
		}
		all = append(all,
			&provider.NotKeptError{Target: "o/r/NAME", Held: "branch:b", Sealed: sealed, Err: cause},
			&provider.NoTargetError{Sealed: sealed}, &provider.NoTargetError{Sealed: sealed, HandedOver: true},
			&provider.WrongAthleteError{Want: 1, Got: 2, Sealed: sealed}, &provider.WrongAthleteError{Want: 1, Got: 2, Sealed: sealed, Replaced: true},
			&provider.WrongAthleteError{Want: 1, Got: 2, Holder: "branch:b", Sealed: sealed},
			&provider.WrongAthleteError{Want: 1, Got: 2, Holder: "branch:b", Sealed: sealed, Replaced: true},
		)
	}
	return append(all,
		&provider.WrongAthleteError{Want: 1, Got: 2, Holder: "branch:b", Unspent: true},
		&provider.NoCandidateError{}, &provider.NoCandidateError{Target: "branch:b"}, &provider.NotSealedError{},
		&provider.CancelledError{}, &provider.CancelledError{Spent: true}, &provider.CancelledError{Refused: true},
		&provider.ScopeError{Missing: []string{"activity:read"}, Wanted: []string{"read", "activity:read"}},
		&provider.ScopeError{Missing: []string{"activity:read"}, Wanted: []string{"read", "activity:read"}, Left: "branch:b"},
		&provider.ScopeUncheckedError{Scopes: []string{"read_all"}},
		&provider.AthleteUncheckedError{Want: 1, Err: &strava.Error{Kind: strava.Outage}},
		&provider.UnverifiedError{Err: context.Canceled},
		&provider.TokenExpiresError{Target: "o/r/NAME", When: time.Unix(1, 0)},
	)
}

// TestPagesOfGitHub: a message about a target links the page with its settings.
func TestPagesOfGitHub(t *testing.T) {
	t.Parallel()
	for target, want := range map[string]string{
		"o/r/NAME":            "https://github.com/o/r/settings/secrets/actions",
		"o/r/NAME@production": "https://github.com/o/r/settings/environments",
		"org:O/NAME":          "https://github.com/organizations/O/settings/secrets/actions",
	} {
		m := voices["step"].Explain(&store.Error{Kind: store.SecretNotFound, Target: target, Name: "NAME"})[0]
		if want = "Correct rotate-to, or create NAME with the current refresh token (at " + want + ")."; m.Next != want {
			t.Errorf("%s: got %s, want %s", target, m.Next, want)
		}
	}
}
