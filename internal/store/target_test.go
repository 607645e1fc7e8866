package store_test

import (
	"errors"
	"strings"
	"testing"

	"strava-token/internal/check"
	"strava-token/internal/store"
)

func TestParse(t *testing.T) {
	const here = "octo/running"
	for _, tt := range []struct {
		text string
		want string // the target in full
	}{
		{"STRAVA", "octo/running/STRAVA"},
		{"strava_refresh_token", "octo/running/STRAVA_REFRESH_TOKEN"},
		{"_X1", "octo/running/_X1"},
		{"STRAVA@production", "octo/running/STRAVA@production"},
		{"STRAVA@my env/with slash@and at", "octo/running/STRAVA@my env/with slash@and at"},
		{"other/repo.git-x/STRAVA", "other/repo.git-x/STRAVA"},
		{"other/repo/STRAVA@prod", "other/repo/STRAVA@prod"},
		{"org:octo-org/STRAVA", "org:octo-org/STRAVA"},
		{"branch:strava-token", "branch:strava-token"},
		{"branch:strava-token#alice", "branch:strava-token#alice"},
		{"branch:Data/tokens_1.x+y#Bob-2_", "branch:Data/tokens_1.x+y#Bob-2_"},
		{"file:token", "file:token"},
		{"file:/home/me/.config/a token@home#1", "file:/home/me/.config/a token@home#1"},
		{"file:../branch:x", "file:../branch:x"},
		{`file:C:\Users\me\token`, `file:C:\Users\me\token`},
	} {
		got, err := store.Parse(tt.text, here)
		if err != nil {
			t.Errorf("Parse(%q): %v", tt.text, err)
			continue
		}
		check.That(t, got.String() == tt.want, "Parse(%q): got %s, want %s", tt.text, got, tt.want)
		again, err := store.Parse(got.String(), whereBranchesAre(got))
		check.That(t, err == nil, "Parse(%q), which was written out: %v", got, err)
		check.Same(t, again, got, "Parse of what String wrote")
	}
}

// whereBranchesAre is the repository that a target needs which was written out:
// a branch is always of this one, and everything else names its own.
func whereBranchesAre(t store.Target) string {
	if t.Branch == "" {
		return ""
	}
	return t.Owner + "/" + t.Repo
}

func TestReadable(t *testing.T) {
	for text, want := range map[string]bool{
		"STRAVA": false, "STRAVA@production": false, "octo/running/STRAVA": false, "org:octo/STRAVA": false,
		"branch:strava-token": true, "branch:strava-token#alice": true, "file:token": true,
	} {
		target, err := store.Parse(text, "octo/running")
		check.That(t, err == nil && target.Readable() == want, "Readable of %s: got %v, %v, want %v", text, target.Readable(), err, want)
	}
}

func TestParseRefuses(t *testing.T) {
	for _, tt := range []struct {
		text, repository string
		want             store.TargetFault
	}{
		{"", "octo/running", store.BadSecretName},
		{"1STRAVA", "octo/running", store.BadSecretName},
		{"GITHUB_STRAVA", "octo/running", store.BadSecretName},
		{"github_strava", "octo/running", store.BadSecretName},
		{"STRAVA-TOKEN", "octo/running", store.BadSecretName},
		{"STRAVA TOKEN", "octo/running", store.BadSecretName},
		{"STRAVA\n", "octo/running", store.BadSecretName},
		{"STRÄVA", "octo/running", store.BadSecretName},
		{"octo/running/x-y", "", store.BadSecretName},
		{"org:octo/x-y", "", store.BadSecretName},
		{"STRAVA", "", store.NoRepository},
		{"STRAVA", "octo", store.NoRepository},
		{"STRAVA@", "octo/running", store.UnknownTarget},
		{"STRAVA@ padded", "octo/running", store.UnknownTarget},
		{"STRAVA@..", "octo/running", store.UnknownTarget},
		{"STRAVA@line\nbreak", "octo/running", store.UnknownTarget},
		{"repo/STRAVA", "octo/running", store.UnknownTarget},
		{"a/b/c/STRAVA", "octo/running", store.UnknownTarget},
		{"../../x/STRAVA", "octo/running", store.UnknownTarget},
		{"a/../STRAVA", "octo/running", store.UnknownTarget},
		{"a?x=y/b/STRAVA", "octo/running", store.UnknownTarget},
		{"org:STRAVA", "octo/running", store.UnknownTarget},
		{"org:a/b/STRAVA", "octo/running", store.BadSecretName},
		{"secret:STRAVA", "octo/running", store.UnknownTarget},
		{"vault://x", "octo/running", store.UnknownTarget},
		{"branch:strava-token", "", store.NoRepository},
		{"branch:strava-token#alice", "octo", store.NoRepository},
		{"branch:", "octo/running", store.BadBranchName},
		{"branch:#alice", "octo/running", store.BadBranchName},
		{"branch:strava-token#", "octo/running", store.BadBranchName},
		{"branch:strava-token#a#b", "octo/running", store.BadBranchName},
		{"branch:strava-token#../x", "octo/running", store.BadBranchName},
		{"branch:strava-token#a b", "octo/running", store.BadBranchName},
		{"branch:strava-token#jürgen", "octo/running", store.BadBranchName},
		{"branch: strava-token", "octo/running", store.BadBranchName},
		{"branch:strava-token\n", "octo/running", store.BadBranchName},
		{"branch:/x", "octo/running", store.BadBranchName},
		{"branch:x/", "octo/running", store.BadBranchName},
		{"branch:a//b", "octo/running", store.BadBranchName},
		{"branch:a/../b", "octo/running", store.BadBranchName},
		{"branch:a/./b", "octo/running", store.BadBranchName},
		{"branch:..", "octo/running", store.BadBranchName},
		{"branch:a..b", "octo/running", store.BadBranchName},
		{"branch:.hidden", "octo/running", store.BadBranchName},
		{"branch:a/.hidden", "octo/running", store.BadBranchName},
		{"branch:x.", "octo/running", store.BadBranchName},
		{"branch:x.lock", "octo/running", store.BadBranchName},
		{"branch:x.lock/y", "octo/running", store.BadBranchName},
		{"branch:-x", "octo/running", store.BadBranchName},
		{"branch:HEAD", "octo/running", store.BadBranchName},
		{"branch:a@{1}", "octo/running", store.BadBranchName},
		{"branch:a:b", "octo/running", store.BadBranchName},
		{"branch:a?b", "octo/running", store.BadBranchName},
		{"branch:a%2fb", "octo/running", store.BadBranchName},
		{"branch:${{ x }}", "octo/running", store.BadBranchName},
		{"branch:" + strings.Repeat("x", 201), "octo/running", store.BadBranchName},
		{"file:", "octo/running", store.BadPath},
		{"file:/", "octo/running", store.BadPath},
		{"file:folder/", "octo/running", store.BadPath},
		{"file: token", "octo/running", store.BadPath},
		{"file:token ", "octo/running", store.BadPath},
		{"file:to\nken", "octo/running", store.BadPath},
		{"file:to\x00ken", "octo/running", store.BadPath},
		{"file:to\x7fken", "octo/running", store.BadPath},
	} {
		_, err := store.Parse(tt.text, tt.repository)
		var e *store.TargetError
		check.That(t, errors.As(err, &e) && e.Kind == tt.want, "Parse(%q, %q): got %v, want %s", tt.text, tt.repository, err, tt.want)
	}
}

func TestKeyIsTheSameForTheSameSecret(t *testing.T) {
	for _, pair := range [][2]string{
		{"STRAVA", "octo/running/strava"},
		{"STRAVA", "Octo/Running/STRAVA"},
		{"STRAVA@prod", "octo/running/STRAVA@Prod"},
		{"org:Octo/STRAVA", "org:octo/strava"},
	} {
		a, err1 := store.Parse(pair[0], "octo/running")
		b, err2 := store.Parse(pair[1], "octo/running")
		if err1 != nil || err2 != nil {
			t.Fatal(err1, err2)
		}
		check.That(t, a.Key() == b.Key(), "%s and %s: got %q and %q, want the same", pair[0], pair[1], a.Key(), b.Key())
	}
}

func TestKeyTellsReadableTargetsApart(t *testing.T) {
	seen := map[string]string{}
	for _, text := range []string{
		"branch:strava-token", "branch:Strava-Token", "branch:strava-token#alice", "branch:strava-token#Alice",
		"branch:strava-token/alice", "file:strava-token", "file:Strava-Token", "file:branch:strava-token", "STRAVA",
	} {
		target := check.Must(store.Parse(text, "octo/running"))(t)
		if other, ok := seen[target.Key()]; ok {
			t.Errorf("%s and %s have the same key %q", text, other, target.Key())
		}
		seen[target.Key()] = text
	}
}

// FuzzParse asserts that whatever is accepted can be written out and read
// again, and cannot leave its place in a path.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{"STRAVA", "STRAVA@env/with slash", "a/b/C", "org:x/Y", "../x/Y", "a/b/C@..", "x:y", "@", "//", "A@@",
		"branch:strava-token", "branch:a/b#alice", "branch:#", "branch:..", "file:/home/me/token", "file:", "file:a#b@c"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := store.Parse(text, "octo/running")
		var e *store.TargetError
		if err != nil {
			check.Need(t, errors.As(err, &e), "Parse(%q): error of another type: %v", text, err)
			return
		}
		again, err := store.Parse(got.String(), whereBranchesAre(got))
		if err != nil || again != got || again.Key() != got.Key() {
			t.Fatalf("Parse(%q) wrote %q, which reads as %v, %v", text, got, again, err)
		}
		parts := append(strings.Split(got.Branch, "/"), got.Owner, got.Repo, got.Environment, got.Organization)
		for _, part := range parts {
			check.Need(t, part != "." && part != "..", "Parse(%q) let %q through", text, part)
		}
	})
}
