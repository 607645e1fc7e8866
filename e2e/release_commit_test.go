//go:build e2e

package e2e

import (
	"encoding/json"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"strava-token/internal/check"
)

const (
	someImage  = "ghcr.io/owner/strava-token"
	someDigest = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
)

// TestReleaseCommit makes releases in a clone, and publishes them to an origin
// on this machine: each changes what names the image and the programs, stands on
// main and on the release before, and lies on a branch. main doesn't move, and v1
// moves when it's told to.
func TestReleaseCommit(t *testing.T) {
	origin, clone := filepath.Join(t.TempDir(), "origin"), filepath.Join(t.TempDir(), "clone")
	command(t, "git", "clone", "--quiet", "--no-tags", "--bare", ".", origin)
	// A pull request is checked out without a branch.
	const branch = "main"
	start := command(t, "git", "rev-parse", "HEAD")
	command(t, "git", "-C", origin, "branch", "--force", branch, start)
	command(t, "git", "clone", "--quiet", "--branch", branch, origin, clone)
	git := func(arguments ...string) string {
		t.Helper()
		return command(t, "git", append([]string{"-C", clone}, arguments...)...)
	}
	script := func(name string) string { return filepath.Join(clone, ".ci", "release", name) }
	programs := func(version string) string {
		t.Helper()
		path := filepath.Join(t.TempDir(), "programs.txt")
		lines := strings.Repeat("0", 64) + "  strava-token_" + version + "_darwin_arm64\n" + someDigest[7:] + "  strava-token_" + version + "_linux_armv6\n"
		write(t, path, lines)
		return path
	}
	release := func(version string) {
		t.Helper()
		command(t, script("tag"), version, someImage, someDigest, programs(version))
	}
	publish := func(version, major string) {
		t.Helper()
		git("push", "--quiet", "--atomic", "origin", "refs/tags/"+version, "refs/heads/releases/"+major)
		command(t, script("major"), version)
	}

	before := ""
	for _, version := range []string{"v1.2.9", "v1.2.10"} {
		release(version)
		check.Equal(t, git("rev-parse", version+"^@"), strings.TrimSpace(before+"\n"+start), "%s has the parents", version)
		check.Equal(t, git("diff", "--numstat", start, version), "1\t1\taction.yml\n8\t0\tnative/release.json", "%s changes", version)
		line := "  image: docker://" + someImage + "@" + someDigest
		check.Contains(t, git("show", version+":action.yml"), "\n"+line+"\n")
		var got nativeRelease
		check.OK(t, json.Unmarshal([]byte(git("show", version+":native/release.json")), &got))
		want := nativeRelease{version, "owner/strava-token", map[string]string{"darwin_arm64": strings.Repeat("0", 64), "linux_armv6": someDigest[7:]}}
		check.Same(t, got, want, "%s: native/release.json", version)
		check.That(t, before == "" || git("rev-parse", "v1") == before, "%s moved v1 before it was published", version)
		publish(version, "v1")
		before = git("rev-parse", version)
		check.Equal(t, git("rev-parse", "v1"), before, "v1")
	}
	git("merge-base", "--is-ancestor", "v1.2.9", "v1.2.10")
	git("merge-base", "--is-ancestor", "v1.2.10", "origin/releases/v1")

	// A run that failed half-way makes the same commit again.
	release("v1.2.10")
	check.Equal(t, git("rev-parse", "releases/v1"), before, "made again it")
	// An older major can still be mended, and its tag alone moves.
	release("v0.9.0")
	publish("v0.9.0", "v0")
	check.Equal(t, git("rev-parse", "v1"), before, "v0.9.0 moved v1")
	for version, digest := range map[string]string{"v1.2.10": strings.Replace(someDigest, "0", "f", 1), "v1.2.9": someDigest, "v1.2.3": someDigest, "v0.8.9": someDigest} {
		refused(t, script("tag"), version, someImage, digest, programs(version))
	}
	refused(t, script("tag"), "v1.3.0", someImage, someDigest, programs("v1.2.10"))
	refused(t, script("major"), "v1.2.9") // v1 doesn't go back
	release("v1.3.0")
	refused(t, script("major"), "v1.3.0") // it isn't on the origin's branch
	check.Equal(t, git("rev-parse", "HEAD", branch)+git("status", "--porcelain"), start+"\n"+start, "HEAD, main, and changes")
}

// TestReleaseRefuses hands the scripts what a workflow must never act upon.
func TestReleaseRefuses(t *testing.T) {
	for _, version := range []string{"", "1.2.3", "v1.2", "v1.2.3-rc.1", "v1.2.3 ", "v1.2.3\nv1.2.4", "v1.2.3;id", "$(id)", "v1.2.3/../v1", "v01.2.3", "v1.2.03"} {
		refused(t, ".ci/release/check-version", version)
	}

	action := filepath.Join(t.TempDir(), "action.yml")
	rewrite := func(content, image, digest string) {
		t.Helper()
		write(t, action, content)
		refused(t, ".ci/release/rewrite-action", image, digest, action)
		check.Equal(t, readFile(t, action), content, "rewrite-action %q %q failed and changed the file", image, digest)
	}
	const good = "runs:\n  image: Dockerfile\n"
	for _, digest := range []string{"", "latest", "sha256:", someDigest[:70], someDigest + "0", strings.ToUpper(someDigest), someDigest + "\n", "sha512" + someDigest[6:]} {
		rewrite(good, someImage, digest)
	}
	for _, image := range []string{"", "strava-token", "ghcr.io/Owner/strava-token", "ghcr.io/owner/strava-token|x", "ghcr.io/owner/a\nb", "ghcr.io/owner/a@sha256"} {
		rewrite(good, image, someDigest)
	}
	for _, content := range []string{"", good + good, "runs:\n  image: docker://" + someImage + "@" + someDigest + "\n"} {
		rewrite(content, someImage, someDigest)
	}
}

// refused runs a script that must fail, and say why.
func refused(t *testing.T, script string, arguments ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), script, arguments...)
	cmd.Dir = ".."
	out, err := cmd.CombinedOutput()
	check.That(t, err != nil, "%s %q was let through", script, arguments)
	check.That(t, len(out) != 0, "%s %q failed without a word", script, arguments)
}

// TestAdopt makes a clone somebody's own: it passes its tests afterwards, and
// nothing in it is anybody else's.
func TestAdopt(t *testing.T) {
	clone := filepath.Join(t.TempDir(), "clone")
	command(t, "git", "clone", "--quiet", "--no-tags", ".", clone)
	adopt := filepath.Join(clone, ".ci", "release", "adopt")
	changes := func() string { return command(t, "git", "-C", clone, "status", "--porcelain") }
	for _, owner := range []string{"", "-a", "a-", "a--b", "a/b", "a b", "<OWN" + "ER>", strings.Repeat("a", 40)} {
		refused(t, adopt, owner)
	}
	check.Equal(t, changes(), "", "a refused name changed something")
	command(t, adopt, "Some-Body")
	refused(t, adopt, "other") // there are changes now

	left := exec.CommandContext(t.Context(), "git", "-C", clone, "grep", "-n", "-I", "-E", "<OWN"+"ER>|ghcr.io/So"+"me|[ \t]\"strava-token"+"/(internal|docs)")
	out, err := left.CombinedOutput()
	check.That(t, err != nil, "this is left:\n%s", out)
	command(t, "go", "-C", clone, "vet", "-tags", "e2e", "./...")
	command(t, "go", "-C", clone, "test", "./...")
	program := filepath.Join(t.TempDir(), "strava-token")
	command(t, "go", "-C", clone, "build", "-o", program, "-ldflags", "-X github.com/Some-Body/strava-token/internal/cli.version=v1.2.3", ".")
	check.Contains(t, command(t, program, "version"), "strava-token v1.2.3 ")

	command(t, "git", "-C", clone, "-c", "user.name=e2e", "-c", "user.email=e2e@example.com", "commit", "--quiet", "--all", "--message", "Adopt")
	refused(t, adopt, "other") // it's somebody's already
	check.Equal(t, changes(), "", "a second adoption changed something")
}
