package store_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"strava-token/internal/check"
	"strava-token/internal/store"
)

// targets are texts of the repository octo/running, and each in full.
var targets = map[string]string{
	"STRAVA":                               "octo/running/STRAVA",
	"strava_refresh_token":                 "octo/running/STRAVA_REFRESH_TOKEN",
	"_X1":                                  "octo/running/_X1",
	"STRAVA@production":                    "octo/running/STRAVA@production",
	"STRAVA@my env/with slash@and at":      "octo/running/STRAVA@my env/with slash@and at",
	"other/repo.git-x/STRAVA":              "other/repo.git-x/STRAVA",
	"other/repo/STRAVA@prod":               "other/repo/STRAVA@prod",
	"org:octo-org/STRAVA":                  "org:octo-org/STRAVA",
	"branch:strava-token":                  "branch:strava-token",
	"branch:strava-token#alice":            "branch:strava-token#alice",
	"branch:Data/tokens_1.x+y#Bob-2_":      "branch:Data/tokens_1.x+y#Bob-2_",
	"file:token":                           "file:token",
	"file:/home/me/.config/a token@home#1": "file:/home/me/.config/a token@home#1",
	"file:../branch:x":                     "file:../branch:x",
	`file:C:\Users\me\token`:               `file:C:\Users\me\token`,
}

// TestParse; FuzzParse reads again what String wrote.
func TestParse(t *testing.T) {
	for text, want := range targets {
		got := check.Must(store.Parse(text, "octo/running"))(t)
		check.Equal(t, got.String(), want, "Parse(%q)", text)
		readable := strings.HasPrefix(text, "branch:") || strings.HasPrefix(text, "file:")
		check.Equal(t, got.Readable(), readable, "Readable of %s", text)
	}
}

func TestParseRefuses(t *testing.T) {
	for _, tt := range []struct {
		want, repository string
		texts            []string
	}{
		{"input-bad-secret-name", "octo/running", []string{
			"", "1STRAVA", "GITHUB_STRAVA", "github_strava", "STRAVA-TOKEN", "STRAVA TOKEN", "STRAVA\n", "STRÄVA",
			"org:a/b/STRAVA",
		}},
		{"input-bad-secret-name", "", []string{"octo/running/x-y", "org:octo/x-y"}},
		{"input-no-repository", "", []string{"STRAVA", "branch:strava-token"}},
		{"input-no-repository", "octo", []string{"STRAVA", "branch:strava-token#alice"}},
		{"input-unknown-target", "octo/running", []string{
			"STRAVA@", "STRAVA@ padded", "STRAVA@..", "STRAVA@line\nbreak", "repo/STRAVA", "a/b/c/STRAVA", "../../x/STRAVA",
			"a/../STRAVA", "a?x=y/b/STRAVA", "org:STRAVA", "secret:STRAVA", "vault://x",
		}},
		{"input-bad-branch-name", "octo/running", []string{
			"branch:", "branch:#alice", "branch:strava-token#", "branch:strava-token#a#b", "branch:strava-token#../x",
			"branch:strava-token#a b", "branch:strava-token#jürgen", "branch: strava-token", "branch:strava-token\n",
			"branch:/x", "branch:x/", "branch:a//b", "branch:a/../b", "branch:a/./b", "branch:..", "branch:a..b",
			"branch:.hidden", "branch:a/.hidden", "branch:x.", "branch:x.lock", "branch:x.lock/y", "branch:-x", "branch:HEAD",
			"branch:a@{1}", "branch:a:b", "branch:a?b", "branch:a%2fb", "branch:${{ x }}", "branch:" + strings.Repeat("x", 201),
		}},
		{"input-bad-path", "octo/running", []string{
			"file:", "file:/", "file:folder/", "file: token", "file:token ", "file:to\nken", "file:to\x00ken", "file:to\x7fken",
		}},
	} {
		for _, text := range tt.texts {
			_, err := store.Parse(text, tt.repository)
			check.That(t, err != nil && err.Error() == tt.want, "Parse(%q, %q): got %v, want %s", text, tt.repository, err, tt.want)
		}
	}
}

// TestKey: each line is one place, whose names GitHub takes for the same.
func TestKey(t *testing.T) {
	seen := map[string]string{}
	for _, line := range []string{
		"STRAVA octo/running/strava Octo/Running/STRAVA", "STRAVA@prod octo/running/STRAVA@Prod", "org:Octo/STRAVA org:octo/strava",
		"branch:strava-token", "branch:Strava-Token", "branch:strava-token#alice", "branch:strava-token#Alice",
		"branch:strava-token/alice", "file:strava-token", "file:Strava-Token", "file:branch:strava-token",
	} {
		for text := range strings.FieldsSeq(line) {
			key := check.Must(store.Parse(text, "octo/running"))(t).Key()
			check.That(t, seen[key] == "" || seen[key] == line, "%s has the key of %s", text, seen[key])
			seen[key] = line
		}
	}
	check.Equal(t, len(seen), 11, "keys")
}

// FuzzParse asserts that whatever is accepted can be written out and read
// again, and cannot leave its place in a path.
func FuzzParse(f *testing.F) {
	seeds := []string{"a/b/C@..", "../x/Y", "x:y", "@", "//", "A@@", "branch:#", "branch:..", "file:"}
	for _, seed := range slices.AppendSeq(seeds, maps.Keys(targets)) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := store.Parse(text, "octo/running")
		if err != nil {
			check.Need(t, strings.HasPrefix(err.Error(), "input-") && !strings.ContainsAny(err.Error(), " :/@"), "Parse(%q): another error: %v", text, err)
			return
		}
		here := "" // a branch is always of this repository, and everything else names its own
		if got.IsBranch() {
			here = got.Repository()
		}
		again, err := store.Parse(got.String(), here)
		check.Need(t, err == nil && again == got && again.Key() == got.Key(), "Parse(%q) wrote %q, which reads as %v, %v", text, got, again, err)
		parts := append(strings.Split(got.Branch, "/"), got.Owner, got.Repo, got.Environment, got.Organization)
		for _, part := range parts {
			check.Need(t, part != "." && part != "..", "Parse(%q) let %q through", text, part)
		}
	})
}
