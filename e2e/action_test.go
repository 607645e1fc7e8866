package e2e

import (
	"os"
	"strings"
	"testing"

	"strava-token/internal/check"
)

// TestBothActionsAreOne: the container and native/ have the same inputs, defaults
// and outputs. Only the name and the way to run differ.
func TestBothActionsAreOne(t *testing.T) {
	contract := func(path string) string {
		t.Helper()
		content := check.Must(os.ReadFile(path))(t)
		_, rest, found := strings.Cut(string(content), "\ndescription:")
		text, runs, ends := strings.Cut(rest, "\nruns:\n")
		check.Need(t, found && ends && runs != "", "%s has no description or no runs", path)
		return text
	}
	if contract("../action.yml") != contract("../native/action.yml") {
		t.Error("native/action.yml differs from action.yml in more than name and runs: copy everything between")
	}
}
