package words_test

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"strava-token/internal/check"
	"strava-token/internal/input"
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

// ofTargets finds the ids of a store.Error in the source, and the faults of proxies,
// which become ids.
func ofTargets(t *testing.T) (all []string) {
	t.Helper()
	for _, code := range source(t) {
		for _, m := range regexp.MustCompile(`"(?:target-([a-z-]*[a-z])|(proxy-[a-z]+))"`).FindAllStringSubmatch(code, -1) {
			all = append(all, "target-"+m[1]+m[2])
		}
	}
	check.Need(t, len(all) > 50, "%d ids", len(all))
	return all
}

// TestEveryErrorIsToldInFull: every kind of every error type has a message, and
// brings all its blanks.
func TestEveryErrorIsToldInFull(t *testing.T) {
	var all []words.Speaker
	for _, kind := range kinds(t, "strava", "Kind") {
		all = append(all, &strava.Error{Kind: strava.Kind(kind)})
	}
	for _, id := range ofTargets(t) {
		for _, target := range []string{"o/r/NAME", "o/r/NAME@production", "org:O/NAME", "branch:b#alice", "file:/x"} {
			all = append(all, &store.Error{ID: id, Target: parsed(t, target), Name: "NAME"})
		}
	}
	all = append(all, ofInputs(t)...)
	for _, speaker := range all {
		n := speaker.Note()
		if missing := words.Missing(n); missing != nil {
			t.Errorf("%v: %s has no %v", speaker, n.ID, missing)
		}
		for where, v := range voices {
			checkText(t, where+": "+n.ID, v.Explain(speaker)[0].Text())
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
	messages, _ := words.IDs()                                                         // which are those of the code: TestCodeAndPageAgree
	others := regexp.MustCompile("^input-(other-.*|fork|dependabot|code-not-passed)$") // which have blanks of their own
	for _, id := range messages {
		var wrong *input.Error
		if strings.HasPrefix(id, "input-") && !others.MatchString(id) && errors.As(input.Wrong("client-secret", id), &wrong) {
			all = append(all, wrong.Problems[0])
		}
	}
	elsewhere := map[string]string{}
	for _, name := range []string{"STRAVA_URL", "STRAVA_API_URL", "GITHUB_API_URL"} {
		elsewhere[name] = "https://proxy.example"
	}
	in, _ := input.Read(input.Shell{
		Getenv: func(name string) string { return elsewhere[name] },
		Flags:  map[string][]string{"repo": {"o/r"}, "rotate-to": {"branch:b"}},
	}, false)
	hosts := in.OtherHosts()
	if len(hosts) != len(elsewhere) {
		t.Errorf("%d warnings of hosts", len(hosts))
	}
	for _, err := range hosts {
		all = append(all, err.(words.Speaker))
	}
	return all
}

// TestPagesOfGitHub: a message about a target links the page with its settings.
func TestPagesOfGitHub(t *testing.T) {
	for target, want := range map[string]string{
		"o/r/NAME":            "https://github.com/o/r/settings/secrets/actions",
		"o/r/NAME@production": "https://github.com/o/r/settings/environments",
		"org:O/NAME":          "https://github.com/organizations/O/settings/secrets/actions",
	} {
		m := voices["step"].Explain(&store.Error{ID: "target-secret-not-found", Target: parsed(t, target), Name: "NAME"})[0]
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
		{"strava-", "strava", "Kind"},
		{"input-", "secret", "Flaw"}, {"input-", "store", "TargetFault"}, {"doctor-", "doctor", "Level"},
	} {
		for _, kind := range kinds(t, set[1], set[2]) {
			delete(unused, set[0]+kind)
		}
	}
	for _, id := range ofTargets(t) {
		delete(unused, id)
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
