package store_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"strava-token/internal/store"
)

func TestParse(t *testing.T) {
	t.Parallel()
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
	} {
		got, err := store.Parse(tt.text, here)
		if err != nil {
			t.Errorf("Parse(%q): %v", tt.text, err)
			continue
		}
		if got.String() != tt.want {
			t.Errorf("Parse(%q): got %s, want %s", tt.text, got, tt.want)
		}
		again, err := store.Parse(got.String(), "")
		if err != nil {
			t.Errorf("Parse(%q), which was written out: %v", got, err)
		}
		if diff := cmp.Diff(got, again); diff != "" {
			t.Errorf("Parse of what String wrote (-want +got):\n%s", diff)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
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
	} {
		_, err := store.Parse(tt.text, tt.repository)
		var e *store.TargetError
		if !errors.As(err, &e) || e.Kind != tt.want {
			t.Errorf("Parse(%q, %q): got %v, want %s", tt.text, tt.repository, err, tt.want)
		}
	}
}

func TestKeyIsTheSameForTheSameSecret(t *testing.T) {
	t.Parallel()
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
		if a.Key() != b.Key() {
			t.Errorf("%s and %s: got %q and %q, want the same", pair[0], pair[1], a.Key(), b.Key())
		}
	}
}

// FuzzParse asserts that whatever is accepted can be written out and read
// again, and cannot leave its place in a path.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{"STRAVA", "STRAVA@env/with slash", "a/b/C", "org:x/Y", "../x/Y", "a/b/C@..", "x:y", "@", "//", "A@@"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := store.Parse(text, "octo/running")
		var e *store.TargetError
		if err != nil {
			if !errors.As(err, &e) {
				t.Fatalf("Parse(%q): error of another type: %v", text, err)
			}
			return
		}
		again, err := store.Parse(got.String(), "")
		if err != nil || again.Key() != got.Key() {
			t.Fatalf("Parse(%q) wrote %q, which reads as %v, %v", text, got, again, err)
		}
		for _, part := range []string{got.Owner, got.Repo, got.Environment, got.Organization} {
			if part == "." || part == ".." {
				t.Fatalf("Parse(%q) let %q through", text, part)
			}
		}
	})
}
