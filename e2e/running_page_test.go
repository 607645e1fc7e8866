//go:build e2e

package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"strava-token/internal/check"
	"strava-token/internal/sandbox"
)

// TestRunningPage pastes the block of examples/running_page.yml among steps of
// running_page's: both of its ways to a token end at the action's, and nothing
// happens if the run type is not about Strava.
func TestRunningPage(t *testing.T) {
	for runType, want := range map[string][]string{
		"strava":         {"Access ok", "30 activities", "the action's token: True", "the block is there: True"},
		"nike_to_strava": {"30 activities", "the action's token: True", "the block is there: True"},
		"keep":           {"the block is there: False"},
	} {
		t.Run(runType, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, sandbox.Knobs{Rotation: sandbox.RotateAlways, Activities: 30})
			log, ok := w.actOn(t, w.runningPage(t, runType))
			check.Need(t, ok, "the run failed:\n%s", log)
			check.Contains(t, log, append(want, "loaded at the start: []", "stravalib is there: True")...)
			if runType == "keep" {
				check.Equal(t, w.server.Journal(), "", "something was asked of Strava or GitHub:")
				return
			}
			check.Equal(t, strings.Count(w.server.Journal(), "grant=refresh_token"), 1, "token requests\n%s", w.server.Journal())
			w.keeps(t, log, branch)
		})
	}
}

// TestParallelRunsAndReRuns: with the built-in token alone and rotation on every
// refresh, two runs at once and a re-run of the first one all end well.
func TestParallelRunsAndReRuns(t *testing.T) {
	t.Parallel()
	w := newWorld(t, always)
	stored(t, w)
	first, second := w.runningPage(t, "strava"), w.runningPage(t, "strava")
	var both sync.WaitGroup
	for _, path := range []string{first, second} {
		both.Go(func() {
			log, ok := w.actOn(t, path)
			check.That(t, ok, "one of two runs at once failed:\n%s", log)
			check.Contains(t, log, "Access ok")
		})
	}
	both.Wait()
	log, ok := w.actOn(t, first, "--env", "GITHUB_RUN_ATTEMPT=2")
	check.That(t, ok, "the re-run failed:\n%s", log)
	w.keeps(t, log, branch)
	check.That(t, w.server.Secret(secretName) != w.server.LiveRefreshToken(), "the secret was rotated, so the runs proved nothing")
}

// runningPage is a workspace with the block, pasted after "Install dependencies",
// and with what running_page does with Strava.
func (w *world) runningPage(t *testing.T, runType string) string {
	t.Helper()
	path := w.workspace(t, "running_page.yml")
	root := filepath.Dir(filepath.Dir(filepath.Dir(path)))
	check.OK(t, os.CopyFS(root, os.DirFS("stubs/running_page")))
	content := replaced(t, readFile(t, path), "RUN_TYPE: strava", "SANDBOX: ${{ vars.SANDBOX }}\n  RUN_TYPE: "+runType)
	content = replaced(t, content, "      # From here...\n", "      - name: Install dependencies\n        run: |\n"+
		"          ln -s /usr/bin/python3 /usr/local/bin/python\n"+
		"          cp -r stravalib \"$(python -c 'import site; print(site.getsitepackages()[0])')\"\n")
	content = replaced(t, content, "      # ...to here.\n", readFile(t, "stubs/running_page/steps.yml"))
	write(t, path, content)
	return path
}
