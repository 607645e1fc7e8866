//go:build e2e

package e2e

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"strava-token/internal/check"
)

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
	if got := changes(); got != "" {
		t.Fatalf("a refused name changed\n%s", got)
	}
	command(t, adopt, "Some-Body")
	refused(t, adopt, "other") // there are changes now

	left := exec.CommandContext(t.Context(), "git", "-C", clone, "grep", "-n", "-I", "-E", "<OWN"+"ER>|ghcr.io/So"+"me|[ \t]\"strava-token"+"/(internal|docs)")
	if out, err := left.CombinedOutput(); err == nil {
		t.Errorf("this is left:\n%s", out)
	}
	command(t, "go", "-C", clone, "vet", "-tags", "e2e", "./...")
	command(t, "go", "-C", clone, "test", "./...")
	program := filepath.Join(t.TempDir(), "strava-token")
	command(t, "go", "-C", clone, "build", "-o", program, "-ldflags", "-X github.com/Some-Body/strava-token/internal/cli.version=v1.2.3", ".")
	if got := command(t, program, "version"); !strings.HasPrefix(got, "strava-token v1.2.3 ") {
		t.Errorf("the program says %q", got)
	}

	command(t, "git", "-C", clone, "-c", "user.name=e2e", "-c", "user.email=e2e@example.com", "commit", "--quiet", "--all", "--message", "Adopt")
	refused(t, adopt, "other") // it's somebody's already
	check.Equal(t, changes(), "", "a second adoption changed something")
}
