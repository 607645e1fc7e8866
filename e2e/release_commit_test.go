//go:build e2e

package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const (
	someImage  = "ghcr.io/owner/strava-token"
	someDigest = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
)

// TestReleaseCommit makes two release commits in a clone: each changes one line
// of action.yml, the tags are on them, and no branch moves.
func TestReleaseCommit(t *testing.T) {
	clone := filepath.Join(t.TempDir(), "clone")
	command(t, "git", "clone", "--quiet", "--no-tags", ".", clone)
	git := func(arguments ...string) string {
		t.Helper()
		return command(t, "git", append([]string{"-C", clone}, arguments...)...)
	}
	// A pull request is checked out without a branch.
	const branch = "main"
	git("switch", "--quiet", "--force-create", branch)
	start := git("rev-parse", "HEAD")

	for _, version := range []string{"v1.2.9", "v1.2.10"} {
		git("switch", "--quiet", branch)
		command(t, filepath.Join(clone, ".ci", "release", "tag"), version, someImage, someDigest)
		if got := git("rev-parse", version+"^"); got != start {
			t.Errorf("%s stands on %s, want %s", version, got, start)
		}
		if got, want := git("rev-parse", "v1"), git("rev-parse", version); got != want {
			t.Errorf("v1 is at %s, want %s, where %s is", got, want, version)
		}
		if got, want := git("diff", "--numstat", start, version), "1\t1\taction.yml"; got != want {
			t.Errorf("%s changes %q, want %q", version, got, want)
		}
		line := "  image: docker://" + someImage + "@" + someDigest
		if action := git("show", version+":action.yml"); !strings.Contains(action, "\n"+line+"\n") {
			t.Errorf("%s: action.yml has no line %q:\n%s", version, line, action)
		}
	}
	if got := git("rev-parse", branch); got != start {
		t.Errorf("the branch moved to %s", got)
	}

	// A run that failed half-way makes the same commit again.
	before := git("rev-parse", "v1.2.10")
	git("switch", "--quiet", branch)
	command(t, filepath.Join(clone, ".ci", "release", "tag"), "v1.2.10", someImage, someDigest)
	if got := git("rev-parse", "v1.2.10"); got != before || git("rev-parse", "HEAD") != before {
		t.Errorf("made again it is %s, want %s", got, before)
	}
	// An older major can still be mended, and its tag alone moves.
	git("switch", "--quiet", branch)
	command(t, filepath.Join(clone, ".ci", "release", "tag"), "v0.9.0", someImage, someDigest)
	if got := git("rev-parse", "v1"); got != before {
		t.Errorf("v0.9.0 moved v1 to %s", got)
	}

	git("switch", "--quiet", branch)
	other := strings.Replace(someDigest, "0", "f", 1)
	for version, digest := range map[string]string{"v1.2.10": other, "v1.2.9": someDigest, "v1.2.3": someDigest, "v0.8.9": someDigest} {
		refused(t, filepath.Join(clone, ".ci", "release", "tag"), version, someImage, digest)
		git("checkout", "--quiet", "--force", branch)
	}
	if got := git("rev-parse", "HEAD"); got != start {
		t.Errorf("a refused release left HEAD at %s", got)
	}
}

// TestReleaseRefuses hands the scripts what a workflow must never act upon.
func TestReleaseRefuses(t *testing.T) {
	for _, version := range []string{"", "1.2.3", "v1.2", "v1.2.3-rc.1", "v1.2.3 ", "v1.2.3\nv1.2.4", "v1.2.3;id", "$(id)", "v1.2.3/../v1", "v01.2.3", "v1.2.03"} {
		refused(t, ".ci/release/check-version", version)
	}

	action := filepath.Join(t.TempDir(), "action.yml")
	write := func(content string) {
		t.Helper()
		if err := os.WriteFile(action, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	const good = "runs:\n  image: Dockerfile\n"
	rewrite := func(image, digest string) {
		t.Helper()
		before, err := os.ReadFile(action)
		if err != nil {
			t.Fatal(err)
		}
		refused(t, ".ci/release/rewrite-action", image, digest, action)
		after, err := os.ReadFile(action)
		if err != nil {
			t.Fatal(err)
		}
		if string(before) != string(after) {
			t.Errorf("rewrite-action %q %q failed and changed the file", image, digest)
		}
	}
	write(good)
	for _, digest := range []string{"", "latest", "sha256:", someDigest[:70], someDigest + "0", strings.ToUpper(someDigest), someDigest + "\n", "sha512" + someDigest[6:]} {
		rewrite(someImage, digest)
	}
	for _, image := range []string{"", "strava-token", "ghcr.io/Owner/strava-token", "ghcr.io/owner/strava-token|x", "ghcr.io/owner/a\nb", "ghcr.io/owner/a@sha256"} {
		rewrite(image, someDigest)
	}
	for _, content := range []string{"", good + good, "runs:\n  image: docker://" + someImage + "@" + someDigest + "\n"} {
		write(content)
		rewrite(someImage, someDigest)
	}
}

// refused runs a script that must fail, and say why.
func refused(t *testing.T, script string, arguments ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), script, arguments...)
	cmd.Dir = ".."
	out, err := cmd.CombinedOutput()
	if err == nil {
		t.Errorf("%s %q was let through", script, arguments)
	}
	if len(out) == 0 {
		t.Errorf("%s %q failed without a word", script, arguments)
	}
}
