//go:build e2e

package e2e

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"strava-token/internal/check"
	"strava-token/internal/sandbox"
)

// nativeVersion is new in every run: a tool cache may hold what the last one left.
var nativeVersion = fmt.Sprintf("v0.0.%d", time.Now().Unix())

// release is what the release commit writes into native/release.json.
type release struct {
	Version    string            `json:"version"`
	Repository string            `json:"repository"`
	Sums       map[string]string `json:"sums"`
}

// asset is the program of this system as a release offers it.
type asset struct {
	system, name, sum string
	archive           []byte
}

// buildAsset compiles and packs the program once for all tests.
var buildAsset = sync.OnceValues(func() (a asset, err error) {
	dir, err := os.MkdirTemp("", "strava-token-native-")
	if err != nil {
		return a, err
	}
	defer os.RemoveAll(dir)
	a.system = runtime.GOOS + "_" + runtime.GOARCH
	a.name = "strava-token_" + nativeVersion + "_" + a.system + ".tar.gz"
	program := filepath.Join(dir, "strava-token")
	if runtime.GOOS == "windows" {
		program += ".exe"
	}
	if out, err := exec.Command("go", "-C", "..", "build", "-o", program, ".").CombinedOutput(); err != nil {
		return a, fmt.Errorf("%w\n%s", err, out)
	}
	content, err := os.ReadFile(program)
	if err != nil {
		return a, err
	}
	a.sum = fmt.Sprintf("%x", sha256.Sum256(content))
	a.archive, err = exec.Command("go", "-C", "../.ci/release", "run", "./tool", "archive", program).Output()
	return a, err
})

// launcher is a released native/, the place that it downloads from, and a step.
type launcher struct {
	world     *world
	dir       string // with native/ in it
	asset     asset
	release   release
	archive   []byte // what is served in the place of the asset
	downloads atomic.Int32
	server    *httptest.Server
	runner    *sandbox.Runner
	env       map[string]string
}

func newLauncher(t *testing.T) *launcher {
	t.Helper()
	a := check.Must(buildAsset())(t)
	l := &launcher{
		world: newWorld(t, always), dir: t.TempDir(), asset: a, archive: a.archive,
		release: release{nativeVersion, "owner/strava-token", map[string]string{a.system: a.sum}},
	}
	l.server = httptest.NewServer(l)
	t.Cleanup(l.server.Close)
	l.runner = check.Must(l.world.server.NewRunner(t.TempDir(), l.world.base))(t)
	l.runner.Input("refresh-token", l.world.server.LiveRefreshToken())
	l.runner.Input("rotate-to", secretName)
	l.runner.Input("github-token", l.world.server.GitHubToken())
	l.env = map[string]string{
		"PATH": os.Getenv("PATH"), "SYSTEMROOT": os.Getenv("SYSTEMROOT"),
		"STRAVA_TOKEN_DOWNLOADS": l.server.URL, "RUNNER_TOOL_CACHE": t.TempDir(), "RUNNER_TEMP": t.TempDir(),
	}
	for _, name := range []string{"main.js", "action.yml"} {
		l.write(t, name, readFile(t, filepath.Join("..", "native", name)))
	}
	return l
}

func (l *launcher) write(t *testing.T, name, content string) {
	t.Helper()
	check.OK(t, os.MkdirAll(filepath.Join(l.dir, "native"), 0o700))
	check.OK(t, os.WriteFile(filepath.Join(l.dir, "native", name), []byte(content), 0o600))
}

// ServeHTTP is the file server: as GitHub does, it sends a download elsewhere.
func (l *launcher) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/" + nativeVersion + "/" + l.asset.name:
		http.Redirect(w, r, "/asset", http.StatusFound)
	case "/asset":
		l.downloads.Add(1)
		_, _ = w.Write(l.archive)
	default:
		http.NotFound(w, r)
	}
}

func (l *launcher) command(t *testing.T) *exec.Cmd {
	t.Helper()
	if l.release.Version != "" {
		content := check.Must(json.Marshal(l.release))(t)
		l.write(t, "release.json", string(content))
	}
	cmd := exec.CommandContext(t.Context(), "node", filepath.Join(l.dir, "native", "main.js"))
	cmd.Env = l.runner.Environ()
	for name, value := range l.env {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	return cmd
}

// run starts the launcher and returns what it printed and its exit status.
func (l *launcher) run(t *testing.T) (string, int) {
	t.Helper()
	out, err := l.command(t).CombinedOutput()
	var exit *exec.ExitError
	check.Need(t, err == nil || errors.As(err, &exit), "run node: %v", err)
	if exit != nil {
		return string(out), exit.ExitCode()
	}
	return string(out), 0
}

// cached is the program in the tool cache.
func (l *launcher) cached(t *testing.T) string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(l.env["RUNNER_TOOL_CACHE"], "strava-token", nativeVersion[1:], "*", "strava-token*"))
	check.Need(t, err == nil && len(files) == 1, "the tool cache holds %q (%v)", files, err)
	return files[0]
}

func (l *launcher) succeeds(t *testing.T, downloads int32) string {
	t.Helper()
	l.runner.Input("refresh-token", l.world.server.LiveRefreshToken())
	out, status := l.run(t)
	check.Need(t, status == 0 && strings.Contains(out, "Strava issued an access token"), "exit status %d\n%s", status, out)
	check.Equal(t, l.downloads.Load(), downloads, "downloads")
	l.world.assertKept(t, out)
	return out
}

func TestNativeColdWarmAndTampered(t *testing.T) {
	l := newLauncher(t)
	l.succeeds(t, 1)
	l.succeeds(t, 1)

	file := l.cached(t)
	for i, change := range []func() error{
		func() error { return os.WriteFile(file, []byte("#!/bin/sh\necho stolen\n"), 0o755) },
		func() error { return os.Truncate(file, 1000) },
		func() error { return errors.Join(os.Remove(file), os.Symlink(os.Args[0], file)) },
	} {
		if runtime.GOOS == "windows" && i == 2 {
			continue // a link needs a privilege there
		}
		check.OK(t, change())
		out := l.succeeds(t, int32(i+2))
		if !strings.Contains(out, "::warning title=strava-token::") || strings.Contains(out, "stolen") {
			t.Errorf("there is no warning, or the other program ran:\n%s", out)
		}
	}
	left, err := os.ReadDir(filepath.Dir(file))
	check.That(t, err == nil && len(left) == 1, "beside the program the cache holds %v (%v)", left, err)
}

// TestNativeTwoAtOnce starts four launchers on one empty cache.
func TestNativeTwoAtOnce(t *testing.T) {
	l := newLauncher(t)
	l.runner.Input("rotate-to", "")
	l.world.server.Set(func(k *sandbox.Knobs) { k.Rotation = sandbox.RotateNever })
	var all sync.WaitGroup
	for range 4 {
		cmd := l.command(t)
		all.Go(func() {
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
	all.Wait()
	l.cached(t)
}

func TestNativeEndsAsTheProgram(t *testing.T) {
	l := newLauncher(t)
	l.runner.Input("verify", "maybe")
	if out, status := l.run(t); status != 2 {
		t.Errorf("a bad input: exit status %d, want 2\n%s", status, out)
	}
	l = newLauncher(t)
	l.world.server.Fail(sandbox.Fault{Call: "put", Kind: sandbox.FaultStatus, Status: 404})
	if out, status := l.run(t); status != 3 || !strings.Contains(out, "BEGIN AGE ENCRYPTED FILE") {
		t.Errorf("a store that fails: exit status %d, want 3\n%s", status, out)
	}
}

// TestNativePassesSignalsOn cancels while the token request is under way: what
// arrives is kept before the launcher ends.
func TestNativePassesSignalsOn(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("nothing is passed on there, on purpose")
	}
	for _, signal := range []os.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP} {
		t.Run(signal.String(), func(t *testing.T) {
			l := newLauncher(t)
			reached := make(chan struct{})
			var once sync.Once
			l.world.server.Notify(func(call string) {
				if call == "token" {
					once.Do(func() { close(reached) })
					time.Sleep(time.Second) // so that the signal falls into it
				}
			})
			cmd := l.command(t)
			var out bytes.Buffer
			cmd.Stdout, cmd.Stderr = &out, &out
			check.OK(t, cmd.Start())
			select {
			case <-reached:
			case <-time.After(time.Minute):
				t.Fatalf("no token was asked for:\n%s", out.String())
			}
			check.OK(t, cmd.Process.Signal(signal))
			err := cmd.Wait()
			var exit *exec.ExitError
			check.That(t, errors.As(err, &exit) && exit.ExitCode() == 1, "it ended with %v, want exit status 1", err)
			check.That(t, strings.Contains(out.String(), "cancelled after the token request"), "the log doesn't say so:\n%s", out.String())
			l.world.assertKept(t, out.String())
		})
	}
}

// TestNativeUnderAct runs the sync workflow with the launcher in the place of the
// container: cold, and from a cache that an earlier step of the job has changed.
func TestNativeUnderAct(t *testing.T) {
	l := newLauncher(t)
	l.command(t) // writes release.json
	workflow := strings.Replace(readFile(t, "workflows/sync.yml"), "uses: ./\n", "uses: ./native\n", 1)
	workflow = strings.Replace(workflow, "      - id: strava\n",
		"      - run: find \"$RUNNER_TOOL_CACHE\" -path '*/strava-token/*' -type f -exec sh -c 'echo changed >>\"$1\"' _ {} ';'\n"+
			"        if: vars.TAMPER == 'true'\n      - id: strava\n", 1)
	path := filepath.Join(l.dir, "sync.yml")
	check.OK(t, os.WriteFile(path, []byte(workflow), 0o600))
	for _, run := range []struct {
		name      string
		flags     []string
		downloads int32
	}{{"cold", nil, 1}, {"warm", nil, 1}, {"tampered", []string{"--var", "TAMPER=true"}, 2}} {
		log, ok := l.world.actIn(t, l.dir, path, append(run.flags, "--env", "STRAVA_TOKEN_DOWNLOADS="+l.server.URL)...)
		if !ok || !strings.Contains(log, "athlete 126651800") || !strings.Contains(log, "the token in the log: ***") {
			t.Fatalf("%s: the workflow failed:\n%s", run.name, log)
		}
		check.Equal(t, l.downloads.Load(), run.downloads, "%s downloads\n%s", run.name, log)
		l.world.assertKept(t, log)
	}
}

// interrupt is a step that leaves a process behind, which sends the launcher the
// signal that a runner sends when somebody cancels.
const interrupt = `      - run: |
          nohup sh -c '
            while sleep 0.2; do
              for process in /proc/[0-9]*; do
                grep -qas "native/main[.]js" "$process/cmdline" || continue
                sleep 1
                kill -INT "${process#/proc/}"
                exit
              done
            done' >/dev/null 2>&1 &
`

// TestNativeCancelledUnderAct cancels while the launcher waits for the program, and
// the program for Strava.
func TestNativeCancelledUnderAct(t *testing.T) {
	l := newLauncher(t)
	l.command(t) // writes release.json
	l.world.server.Notify(func(call string) {
		if call == "token" {
			time.Sleep(4 * time.Second) // so that the signal falls into it
		}
	})
	workflow := strings.Replace(readFile(t, "workflows/sync.yml"), "uses: ./\n", "uses: ./native\n", 1)
	workflow = strings.Replace(workflow, "      - id: strava\n", interrupt+"      - id: strava\n", 1)
	path := filepath.Join(l.dir, "sync.yml")
	if err := os.WriteFile(path, []byte(workflow), 0o600); err != nil {
		t.Fatal(err)
	}
	log, ok := l.world.actIn(t, l.dir, path, "--env", "STRAVA_TOKEN_DOWNLOADS="+l.server.URL)
	if ok || !strings.Contains(log, "cancelled after the token request") {
		t.Errorf("the log doesn't say that it was cancelled:\n%s", log)
	}
	l.world.assertKept(t, log)
}
