package words_test

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"strava-token/docs"
	"strava-token/internal/check"
	"strava-token/internal/input"
	"strava-token/internal/store"
	"strava-token/internal/strava"
	"strava-token/internal/words"
)

// source is the code but for tests of the packages that pattern matches, by file.
func source(t *testing.T, pattern string) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, file := range check.Must(filepath.Glob(filepath.Join("..", pattern, "*.go")))(t) {
		if !strings.HasSuffix(file, "_test.go") && !strings.Contains(file, "/sandbox/") { // which says nothing to people
			all[file] = string(check.Must(os.ReadFile(file))(t))
		}
	}
	return all
}

// kinds finds the constants of a type in a package's source.
func kinds(t *testing.T, pkg, typeName string) (all []string) {
	t.Helper()
	find := regexp.MustCompile(`(?m)^\s*\w+\s+` + typeName + `\s+= "([a-z-]+)"`)
	for _, code := range source(t, pkg) {
		for _, m := range find.FindAllStringSubmatch(code, -1) {
			all = append(all, m[1])
		}
	}
	check.Need(t, len(all) != 0, "no constants of %s.%s", pkg, typeName)
	return all
}

// inSource finds ids in the source of a package.
func inSource(t *testing.T, pkg, pattern string) (all []string) {
	t.Helper()
	for _, code := range source(t, pkg) {
		for _, m := range regexp.MustCompile(`"(`+pattern+`)"`).FindAllStringSubmatch(code, -1) {
			all = append(all, m[1])
		}
	}
	check.Need(t, len(all) > 0, "no ids in %s", pkg)
	return all
}

// speakers are the errors of every kind.
func speakers(t *testing.T) (all []error) {
	t.Helper()
	for _, kind := range kinds(t, "strava", "Kind") {
		all = append(all, &strava.Error{Kind: strava.Kind(kind)})
	}
	targets := inSource(t, "store", "target-[a-z-]*[a-z]")
	for _, fault := range inSource(t, "transport", "proxy-[a-z]+") {
		targets = append(targets, "target-"+fault)
	}
	for _, id := range targets {
		for _, target := range []string{"o/r/NAME", "o/r/NAME@production", "org:O/NAME", "branch:b#alice", "file:/x"} {
			all = append(all, &store.Error{ID: id, Target: check.Must(store.Parse(target, "o/r"))(t)})
		}
	}
	inputs := append(inSource(t, "input", "input-[a-z-]*[a-z]"), inSource(t, "store", "input-[a-z-]*[a-z]")...)
	for _, fault := range kinds(t, "secret", "Flaw") {
		inputs = append(inputs, "input-"+fault)
	}
	for _, name := range []string{"client-id", "client-secret", "refresh-token", "github-token", "rotate-to"} {
		inputs = append(inputs, "input-missing-"+name)
	}
	ofTheirOwn := regexp.MustCompile("^input-(missing|fork|dependabot|other-.*)$") // have other blanks
	for _, id := range inputs {
		if wrong, _ := errors.AsType[*input.Error](input.Wrong("client-secret", id)); !ofTheirOwn.MatchString(id) {
			all = append(all, wrong.Problems[0])
		}
	}
	elsewhere := func(name string) string {
		return map[bool]string{true: "https://proxy.example"}[strings.HasSuffix(name, "_URL") && name != "GITHUB_SERVER_URL"]
	}
	in, _ := input.Read(input.Shell{Getenv: elsewhere, Flags: map[string][]string{"repo": {"o/r"}, "rotate-to": {"branch:b"}}}, false)
	hosts := in.OtherHosts()
	check.Equal(t, len(hosts), 3, "warnings of hosts")
	return append(all, hosts...)
}

// TestPagesOfGitHub: a message about a target links the page with its settings.
func TestPagesOfGitHub(t *testing.T) {
	for target, want := range map[string]string{
		"o/r/NAME":            "https://github.com/o/r/settings/secrets/actions",
		"o/r/NAME@production": "https://github.com/o/r/settings/environments",
		"org:O/NAME":          "https://github.com/organizations/O/settings/secrets/actions",
	} {
		m := voices["step"].Explain(&store.Error{ID: "target-secret-not-found", Target: check.Must(store.Parse(target, "o/r"))(t)})[0]
		check.Equal(t, m.Next, "Correct rotate-to, or create NAME with the current refresh token (at "+want+").", "%s", target)
	}
}

var (
	literal = regexp.MustCompile(`"((?:strava|target|branch|stale|run|input|login|recover|usage|refresh|exec|doctor|log|summary)-[a-z-]+)"((?:, nil|\}|, (?:Blanks: )?words\.Blanks\{[^}]*\})?)`)
	key     = regexp.MustCompile(`"([a-z-]+)":`)
	// notIDs are names of other things.
	notIDs = []string{"login-page", "strava-token", "strava-token-doctor", "strava-url", "strava-api-url", "refresh-token", "branch-"}
)

// TestCodeAndPageAgree: every kind of every error has a message, and so has every id
// that the code names, with all its blanks. The page has no other message.
func TestCodeAndPageAgree(t *testing.T) {
	unused, told := rows(t, docs.Troubleshooting), map[string]bool{}
	for _, speaker := range speakers(t) {
		n := speaker.(words.Speaker).Note()
		check.Same(t, missing(n), nil, "%v: nothing fills in", speaker)
		for where, v := range voices {
			checkText(t, where+": "+n.ID, v.Explain(speaker)[0].Text())
		}
		delete(unused, n.ID)
		told[n.ID] = true
	}
	for _, level := range kinds(t, "doctor", "Level") {
		delete(unused, "doctor-"+level)
	}
	for file, code := range source(t, "*") {
		for _, m := range literal.FindAllStringSubmatch(code, -1) {
			id, given := m[1], words.Blanks{}
			if slices.Contains(notIDs, id) || strings.HasSuffix(id, "-") {
				continue
			}
			for _, name := range key.FindAllStringSubmatch(m[2], -1) {
				given[name[1]] = ""
			}
			absent := missing(words.Note{ID: id, Blanks: given})
			check.That(t, !slices.Contains(absent, id) && (m[2] == "" || absent == nil || told[id]), "%s: %s has no %v", file, id, absent)
			delete(unused, id)
		}
	}
	check.Same(t, unused, map[string]string{}, "nothing says them")
}
