package cli_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"strava-token/internal/check"
	"strava-token/internal/sandbox"
)

// TestTheClicksAddUp to what the page promises, and to no more than 18.
func TestTheClicksAddUp(t *testing.T) {
	t.Parallel()
	for doc, unit := range map[string]string{"docs/first-run.md": " clicks", "docs/first-run.zh-CN.md": " 次点击"} {
		page := readDoc(t, doc)
		sum, most := 0, 18
		for _, row := range regexp.MustCompile(`(?m)^\| [^|*]+ \| (\d+) \| `).FindAllStringSubmatch(page, -1) {
			clicks := check.Must(strconv.Atoi(row[1]))(t)
			sum += clicks
		}
		total := strconv.Itoa(sum)
		if sum == 0 || sum > most || !strings.Contains(page, "**"+total+"**") || !strings.Contains(page, " "+total+unit) {
			t.Errorf("%s: the table has %d clicks; want the same in the text, and at most %d", doc, sum, most)
		}
	}
}

// TestLoginAsShown runs the command of docs/elsewhere.md as printed, in the folder
// that the line before it makes.
func TestLoginAsShown(t *testing.T) {
	t.Parallel()
	_, block, ok := strings.Cut(readDoc(t, "docs/elsewhere.md"), "mkdir -p -m 700 ~/.strava\nstrava-token login ")
	line, _, _ := strings.Cut(block, "\n")
	flag, target, split := strings.Cut(line, " ")
	check.Need(t, ok && split, "the page doesn't show it")
	home := t.TempDir()
	check.OK(t, os.Mkdir(filepath.Join(home, ".strava"), 0o700))
	v := newVisitor(t, sandbox.Knobs{})
	v.assertStatus(v.run(flag, strings.ReplaceAll(strings.Trim(target, `"`), "$HOME", home)), 0)
	for _, name := range []string{"token", "token.env"} {
		info, err := os.Stat(filepath.Join(home, ".strava", name))
		check.That(t, err == nil && info.Mode().Perm()&0o077 == 0, "%s: %v, %v", name, info, err)
	}
}

// TestLoginToGoBackAsShown runs the command of docs/running_page.md as printed: its
// secret has a refresh token that lives.
func TestLoginToGoBackAsShown(t *testing.T) {
	t.Parallel()
	_, line, ok := strings.Cut(readDoc(t, "docs/running_page.md"), "\nstrava-token login --repo YOU/running_page ")
	line, _, _ = strings.Cut(line, "\n")
	check.Need(t, ok, "the page doesn't show it")
	v := newVisitor(t, sandbox.Knobs{})
	v.browse = func(address string) { v.grant(address, "activity:read_all", "activity:write") }
	v.assertStatus(v.run(append([]string{"--repo", sandbox.Repository}, strings.Fields(line)...)...), 0)
	if v.server.Secret("STRAVA_CLIENT_REFRESH_TOKEN") != v.server.LiveRefreshToken() {
		t.Error("the secret doesn't have the living refresh token")
	}
}
