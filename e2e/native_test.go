//go:build e2e

package e2e

import (
	"crypto/sha256"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
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

// nativeRelease is what the release commit writes into native/release.json.
type nativeRelease struct {
	Version    string            `json:"version"`
	Repository string            `json:"repository"`
	Sums       map[string]string `json:"sums"`
}

// asset is the program of this system as a release offers it.
type asset struct {
	system, name, sum string
	archive           []byte
}

// buildAsset packs the program once for all tests.
var buildAsset = sync.OnceValues(func() (a asset, err error) {
	a.system = runtime.GOOS + "_" + runtime.GOARCH
	a.name = "strava-token_" + nativeVersion + "_" + a.system + ".tar.gz"
	path, err := program()
	if err != nil {
		return a, err
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return a, err
	}
	a.sum = fmt.Sprintf("%x", sha256.Sum256(content))
	a.archive, err = exec.Command("go", "-C", "../.ci/release", "run", "./tool", "archive", path).Output()
	return a, err
})

// launcher is a released native/, the place that it downloads from, and a step.
type launcher struct {
	world     *world
	dir       string // with native/ in it
	asset     asset
	release   nativeRelease
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
		release: nativeRelease{nativeVersion, "owner/strava-token", map[string]string{a.system: a.sum}},
	}
	l.server = httptest.NewServer(l)
	t.Cleanup(l.server.Close)
	l.runner = l.world.runner(t, t.TempDir())
	l.env = map[string]string{
		"PATH": os.Getenv("PATH"), "SYSTEMROOT": os.Getenv("SYSTEMROOT"),
		"STRAVA_TOKEN_DOWNLOADS": l.server.URL, "RUNNER_TOOL_CACHE": t.TempDir(), "RUNNER_TEMP": t.TempDir(),
	}
	check.OK(t, os.CopyFS(filepath.Join(l.dir, "native"), os.DirFS("../native")))
	return l
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
		write(t, filepath.Join(l.dir, "native", "release.json"), string(check.Must(json.Marshal(l.release))(t)))
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
	exit, failed := errors.AsType[*exec.ExitError](err)
	check.Need(t, err == nil || failed, "run node: %v", err)
	if failed {
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
	l.world.keeps(t, out, secretName)
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
		check.Contains(t, out, "::warning title=strava-token::")
		check.That(t, !strings.Contains(out, "stolen"), "the other program ran:\n%s", out)
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
			out, err := cmd.CombinedOutput()
			check.That(t, err == nil, "%v\n%s", err, out)
		})
	}
	all.Wait()
	l.cached(t)
}

func TestNativeEndsAsTheProgram(t *testing.T) {
	l := newLauncher(t)
	l.runner.Input("verify", "maybe")
	out, status := l.run(t)
	check.Equal(t, status, 2, "exit status with a bad input\n%s", out)
	l = newLauncher(t)
	l.world.server.Fail(sandbox.Fault{Call: "put", Kind: sandbox.FaultStatus, Status: 404})
	out, status = l.run(t)
	check.Equal(t, status, 3, "exit status with a store that fails\n%s", out)
	check.Contains(t, out, "BEGIN AGE ENCRYPTED FILE")
}

func TestNativePassesSignalsOn(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("nothing is passed on there, on purpose")
	}
	for _, signal := range []os.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP} {
		t.Run(signal.String(), func(t *testing.T) {
			l := newLauncher(t)
			cmd := l.command(t)
			l.world.cancelled(t, cmd, func() error { return cmd.Process.Signal(signal) })
		})
	}
}

const (
	// tamper is a step that changes what an earlier run has cached.
	tamper = `      - run: find "$RUNNER_TOOL_CACHE" -path '*/strava-token/*' -type f -exec sh -c 'echo changed >>"$1"' _ {} ';'
`
	// interrupt is a step that leaves a process behind, which sends the launcher the
	// signal that a runner sends when somebody cancels.
	interrupt = `      - run: |
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
)

// TestNativeUnderAct runs the sync workflow with the launcher in the place of the
// container: cold, warm, from a cache that an earlier step of the job has changed, and
// cancelled while the launcher waits for the program, and the program for Strava.
func TestNativeUnderAct(t *testing.T) {
	l := newLauncher(t)
	l.command(t) // writes release.json
	path := filepath.Join(l.dir, "sync.yml")
	works := []string{"athlete 126651800", "the token in the log: ***"}
	for _, run := range []struct {
		name, step string
		downloads  int32
		says       []string
	}{
		{"cold", "", 1, works}, {"warm", "", 1, works}, {"tampered", tamper, 2, works},
		{"cancelled", interrupt, 2, []string{"cancelled after the token request"}},
	} {
		workflow := replaced(t, readFile(t, "workflows/sync.yml"), "uses: ./\n", "uses: ./native\n")
		write(t, path, replaced(t, workflow, "      - id: strava\n", run.step+"      - id: strava\n"))
		if run.step == interrupt {
			l.world.server.Notify(func(call string) {
				if call == "token" {
					time.Sleep(4 * time.Second) // so that the signal falls into it
				}
			})
		}
		log, ok := l.world.actIn(t, l.dir, path, "--env", "STRAVA_TOKEN_DOWNLOADS="+l.server.URL)
		check.Need(t, ok == (run.step != interrupt), "%s: ended well: %t\n%s", run.name, ok, log)
		check.Contains(t, log, run.says...)
		check.Equal(t, l.downloads.Load(), run.downloads, "%s downloads\n%s", run.name, log)
		l.world.keeps(t, log, secretName)
	}
}

// TestNativeRefuses: each has one error with a next step, and nothing is run.
func TestNativeRefuses(t *testing.T) {
	served := func(h http.Handler) func(*launcher) { return func(l *launcher) { l.server.Config.Handler = h } }
	junk := func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "<html>sign in</html>") }
	const downloads, mirror = "STRAVA_TOKEN_DOWNLOADS", "https://mirror.example.com/hidden"
	for name, test := range map[string]struct {
		given func(*launcher)
		says  string
	}{
		"no release":             {func(l *launcher) { l.release.Version = "" }, "This commit is no release"},
		"an unknown system":      {func(l *launcher) { l.release.Sums = map[string]string{"plan9_386": l.asset.sum} }, "one of plan9_386"},
		"a wrong sum":            {func(l *launcher) { l.release.Sums[l.asset.system] = strings.Repeat("0", 64) }, "its SHA-256 differs"},
		"half an archive":        {func(l *launcher) { l.archive = l.archive[:len(l.archive)/2] }, "its SHA-256 differs"},
		"a captive page":         {served(http.HandlerFunc(junk)), "its SHA-256 differs"},
		"no such asset":          {served(http.NotFoundHandler()), "offers no program for"},
		"nothing answers":        {func(l *launcher) { l.server.Close() }, "can't be downloaded (ECONNREFUSED)"},
		"redirect to http":       {served(http.RedirectHandler("http://192.0.2.1/asset", http.StatusFound)), "without https"},
		"endless redirects":      {served(http.RedirectHandler("/again", http.StatusFound)), "can't be downloaded (302)"},
		"a mirror without https": {func(l *launcher) { l.env[downloads] = "http://mirror.example.com/hidden" }, downloads + " is no https address"},
		"no place to keep it":    {func(l *launcher) { l.env["RUNNER_TOOL_CACHE"] = filepath.Join(l.dir, "native", "main.js") }, "can't be written"},
		"nothing listens at the proxy": {func(l *launcher) {
			l.env[downloads], l.env["https_proxy"] = mirror, "http://user:hidden@127.0.0.1:1"
		}, "gives no connection to mirror.example.com (ECONNREFUSED)"},
		"no proxy's address": {func(l *launcher) { l.env[downloads], l.env["HTTPS_PROXY"] = mirror, "socks5://hidden:1" }, "HTTPS_PROXY holds no address"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLauncher(t)
			test.given(l)
			out, status := l.run(t)
			oneError := strings.HasPrefix(out, "::error title=strava-token::") && strings.Count(out, "::error") == 1
			check.That(t, status == 1 && oneError, "exit status %d, want 1 and one error:\n%s", status, out)
			check.Contains(t, out, test.says, " Next: ")
			check.That(t, !strings.Contains(out, "hidden"), "an address is shown:\n%s", out)
			check.Equal(t, l.world.server.Journal(), "", "something was sent")
		})
	}
}

// TestNativeThroughAProxy downloads over CONNECT, with credentials. The host
// exists nowhere: the proxy leads to a server on this machine.
func TestNativeThroughAProxy(t *testing.T) {
	l := newLauncher(t)
	secure := httptest.NewTLSServer(l)
	t.Cleanup(secure.Close)
	roots := filepath.Join(t.TempDir(), "roots.pem")
	write(t, roots, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: secure.Certificate().Raw})))
	var asked atomic.Value
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Header.Set("Authorization", r.Header.Get("Proxy-Authorization"))
		_, password, _ := r.BasicAuth()
		if r.Method != http.MethodConnect || password != "p@ss" {
			w.WriteHeader(http.StatusProxyAuthRequired)
			return
		}
		asked.Store(r.Host)
		there, errThere := net.Dial("tcp", secure.Listener.Addr().String())
		here, _, errHere := http.NewResponseController(w).Hijack()
		if err := errors.Join(errThere, errHere); err != nil {
			t.Error(err)
			return
		}
		_, _ = io.WriteString(here, "HTTP/1.1 200 Connection established\r\n\r\n")
		go func() { _, _ = io.Copy(there, here); _ = there.Close() }()
		go func() { _, _ = io.Copy(here, there); _ = here.Close() }()
	}))
	t.Cleanup(proxy.Close)

	l.env["NODE_EXTRA_CA_CERTS"] = roots
	l.env["STRAVA_TOKEN_DOWNLOADS"] = "https://mirror.example.com"
	at := func(user *url.Userinfo) string {
		return (&url.URL{Scheme: "http", User: user, Host: proxy.Listener.Addr().String()}).String()
	}
	l.env["HTTPS_PROXY"] = at(url.UserPassword("user", "wrong"))
	out, status := l.run(t)
	check.That(t, status == 1 && !strings.Contains(out, "wrong@"), "refused by the proxy: exit status %d\n%s", status, out)
	check.Contains(t, out, "gives no connection to mirror.example.com (407)")
	l.env["HTTPS_PROXY"] = at(url.UserPassword("user", "p@ss"))
	l.env["NO_PROXY"] = "127.0.0.1,other.example.com"
	l.succeeds(t, 1)
	check.That(t, asked.Load() == "mirror.example.com:443", "the proxy was asked for %v", asked.Load())
}
