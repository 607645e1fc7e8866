package words_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"strava-token/internal/check"
	"strava-token/internal/input"
	"strava-token/internal/provider"
	"strava-token/internal/store"
	"strava-token/internal/strava"
	"strava-token/internal/words"
)

// kinds finds the constants of a type in a package's source.
func kinds(t *testing.T, pkg, typeName string) []string {
	t.Helper()
	files := check.Must(filepath.Glob(filepath.Join("..", pkg, "*.go")))(t)
	find := regexp.MustCompile(`(?m)^\s*\w+\s+` + typeName + `\s+= "([a-z-]+)"`)
	var all []string
	for _, file := range files {
		content := check.Must(os.ReadFile(file))(t)
		for _, m := range find.FindAllStringSubmatch(string(content), -1) {
			all = append(all, m[1])
		}
	}
	check.Need(t, len(all) != 0, "no constants of %s.%s", pkg, typeName)
	return all
}

// TestEveryErrorIsToldInFull: every kind of every error type has a message, and
// brings all its blanks.
func TestEveryErrorIsToldInFull(t *testing.T) {
	var all []words.Speaker
	for _, kind := range kinds(t, "strava", "Kind") {
		all = append(all, &strava.Error{Kind: strava.Kind(kind)})
	}
	for _, kind := range kinds(t, "store", "Kind") {
		for _, target := range []string{"o/r/NAME", "o/r/NAME@production", "org:O/NAME", "branch:b#alice", "file:/x"} {
			all = append(all, &store.Error{Kind: store.Kind(kind), Target: parsed(t, target), Name: "NAME"})
		}
	}
	for _, kind := range kinds(t, "store", "TargetFault") {
		all = append(all, &store.TargetError{Kind: store.TargetFault(kind), Text: "not to be shown"})
	}
	all = append(all, ofInputs(t)...)
	for _, reason := range kinds(t, "provider", "StaleReason") {
		for _, target := range []string{"", "branch:b", "file:/x", "o/r/NAME"} {
			all = append(all, &provider.StaleError{Reason: provider.StaleReason(reason), Target: target, Updated: noon})
		}
	}
	all = append(all, ofARun(t)...)
	for _, speaker := range all {
		n := speaker.Note()
		if missing := words.Missing(n); missing != nil {
			t.Errorf("%v: %s has no %v", speaker, n.ID, missing)
		}
		for where, v := range voices {
			text := v.Explain(speaker)[0].Text()
			checkText(t, where+": "+n.ID, text)
			check.That(t, !regexp.MustCompile("not to be shown").MatchString(text), "%s: %s shows what may be a secret", where, n.ID)
		}
	}
}

func parsed(t *testing.T, text string) store.Target {
	t.Helper()
	return check.Must(store.Parse(text, "o/r"))(t)
}

// ofInputs are the problems of inputs.
func ofInputs(t *testing.T) []words.Speaker {
	t.Helper()
	var all []words.Speaker
	problem := func(name, fault string) {
		var wrong *input.Error
		if errors.As(input.Wrong(name, input.Fault(fault)), &wrong) {
			all = append(all, wrong.Problems[0])
		}
	}
	for _, fault := range append(kinds(t, "input", "Fault"), kinds(t, "secret", "Flaw")...) {
		switch fault {
		case "missing":
			for _, name := range []string{"client-id", "client-secret", "refresh-token", "github-token", "rotate-to"} {
				problem(name, fault)
			}
		case "fork", "dependabot": // which say what is missing: TestRunsWithoutSecrets
		default:
			problem("client-secret", fault)
		}
	}
	for _, name := range []string{"strava-url", "strava-api-url", "GITHUB_API_URL"} {
		all = append(all, &input.OtherHostError{Input: name, Host: "proxy.example"})
	}
	return all
}

// ofARun are the errors of package provider, in every state that has words of its
// own.
func ofARun(t *testing.T) []words.Speaker {
	t.Helper()
	cause := &store.Error{Kind: store.Outage, Target: parsed(t, "o/r/NAME"), Status: 503}
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
	for target, want := range map[string]string{
		"o/r/NAME":            "https://github.com/o/r/settings/secrets/actions",
		"o/r/NAME@production": "https://github.com/o/r/settings/environments",
		"org:O/NAME":          "https://github.com/organizations/O/settings/secrets/actions",
	} {
		m := voices["step"].Explain(&store.Error{Kind: store.SecretNotFound, Target: parsed(t, target), Name: "NAME"})[0]
		if want = "Correct rotate-to, or create NAME with the current refresh token (at " + want + ")."; m.Next != want {
			t.Errorf("%s: got %s, want %s", target, m.Next, want)
		}
	}
}

// source is all code but tests, by file.
func source(t *testing.T) map[string]string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("..", "*", "*.go"))
	if err != nil || len(files) == 0 {
		t.Fatal("no source", err)
	}
	all := map[string]string{}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") || strings.Contains(file, "sandbox") { // which says nothing to people
			continue
		}
		content := check.Must(os.ReadFile(file))(t)
		all[file] = string(content)
	}
	return all
}

var (
	literal = regexp.MustCompile(`"((?:strava|target|branch|stale|run|input|login|recover|usage|refresh|exec|doctor|log|summary)-[a-z-]+)"((?:, (?:Blanks: )?words\.Blanks\{[^}]*\})?)`)
	key     = regexp.MustCompile(`"([a-z-]+)":`)
	// notIDs are names of other things.
	notIDs = []string{"login-page", "strava-token", "strava-token-doctor", "strava-url", "strava-api-url", "refresh-token", "branch-"}
)

// TestCodeAndPageAgree: the page has every id that the code names, with every
// blank that the code fills in, and nothing else.
func TestCodeAndPageAgree(t *testing.T) {
	messages, sentences := words.IDs()
	unused := map[string]bool{}
	for _, id := range append(messages, sentences...) {
		unused[id] = true
	}
	for _, set := range [][3]string{
		{"strava-", "strava", "Kind"}, {"target-", "store", "Kind"}, {"stale-", "provider", "StaleReason"},
		{"input-", "secret", "Flaw"}, {"input-", "store", "TargetFault"}, {"input-", "input", "Fault"}, {"doctor-", "doctor", "Level"},
	} {
		for _, kind := range kinds(t, set[1], set[2]) {
			delete(unused, set[0]+kind)
		}
	}
	for _, kind := range []string{"integration-forbidden", "conflict", "overtaken", "unprocessable"} {
		delete(unused, "branch-"+kind)
	}
	for _, name := range []string{"client-id", "client-secret", "refresh-token", "github-token", "rotate-to"} {
		delete(unused, "input-missing-"+name)
	}
	for file, code := range source(t) {
		for _, m := range literal.FindAllStringSubmatch(code, -1) {
			id, blanks := m[1], words.Blanks{}
			if slices.Contains(notIDs, id) || strings.HasSuffix(id, "-") {
				continue
			}
			for _, name := range key.FindAllStringSubmatch(m[2], -1) {
				blanks[name[1]] = ""
			}
			missing := words.Missing(words.Note{ID: id, Blanks: blanks})
			check.That(t, !slices.Contains(missing, id) && (m[2] == "" || missing == nil), "%s: %s has no %v", file, id, missing)
			delete(unused, id)
		}
	}
	for id := range unused {
		t.Errorf("nothing says %s", id)
	}
}
