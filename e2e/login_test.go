//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"strava-token/internal/check"
	"strava-token/internal/sandbox"
)

var shownAddress = regexp.MustCompile(`http://[^\s]+/oauth/authorize\?[^\s]+`)

// transcript is what login prints, readable while it is written.
type transcript struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (tr *transcript) Write(p []byte) (int, error) {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	return tr.b.Write(p)
}

func (tr *transcript) String() string {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	return tr.b.String()
}

// until waits for a text that matches, and returns the last such one.
func (tr *transcript) until(t *testing.T, what *regexp.Regexp, count int) string {
	t.Helper()
	for range 3000 {
		if all := what.FindAllString(tr.String(), -1); len(all) >= count {
			return all[count-1]
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("%v does not appear %d times:\n%s", what, count, tr.String())
	return ""
}

// loginRun is the real program, waiting for a browser.
type loginRun struct {
	cmd *exec.Cmd
	out *transcript
	in  interface{ Write([]byte) (int, error) }
}

func startLogin(t *testing.T, w *world) *loginRun { return startLoginAt(t, w, w.base, "--no-browser") }

// startLoginAt starts it with another name for the sandbox's Strava. What opens
// browsers leaves the address in a file of the working folder.
func startLoginAt(t *testing.T, w *world, strava string, args ...string) *loginRun {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "strava-token")
	build := exec.Command("go", "build", "-o", binary, ".")
	build.Dir = ".."
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	opener := filepath.Join(filepath.Dir(binary), "xdg-open")
	check.OK(t, os.WriteFile(opener, []byte("#!/bin/sh\necho \"$1\" >opening && mv opening opened\n"), 0o700))
	cmd := exec.Command(binary, append([]string{"login", "--repo", sandbox.Repository, "--port", "0", "--yes"}, args...)...)
	cmd.Dir = filepath.Dir(binary)
	cmd.Env = []string{
		"PATH=" + cmd.Dir + ":/bin:/usr/bin", "STRAVA_URL=" + strava, "STRAVA_API_URL=" + w.base + "/api/v3", "GITHUB_API_URL=" + w.base,
		"STRAVA_CLIENT_ID=" + w.server.App().ID, "STRAVA_CLIENT_SECRET=" + w.server.App().Secret,
		"GH_TOKEN=" + w.server.GitHubToken(),
	}
	l := &loginRun{cmd: cmd, out: &transcript{}}
	stdin := check.Must(cmd.StdinPipe())(t)
	l.in = stdin
	cmd.Stdout, cmd.Stderr = l.out, l.out
	check.OK(t, cmd.Start())
	t.Cleanup(func() { _ = cmd.Process.Kill(); _, _ = cmd.Process.Wait() })
	return l
}

// chromium is the browser of this machine, under any of its names.
func chromium(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Fatal("there is no Chromium")
	return ""
}

// browser starts a fresh Chromium.
func browser(t *testing.T) context.Context {
	t.Helper()
	// Chromium may still write when it is told to end.
	profile := check.Must(os.MkdirTemp("", "strava-token-chromium-"))(t)
	options := append([]chromedp.ExecAllocatorOption{},
		chromedp.ExecPath(chromium(t)), chromedp.Headless, chromedp.NoSandbox, chromedp.DisableGPU, chromedp.NoFirstRun,
		chromedp.UserDataDir(profile),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true),
		chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost")) // no internet
	allocator, cancelAllocator := chromedp.NewExecAllocator(t.Context(), options...)
	ctx, cancel := chromedp.NewContext(allocator)
	ctx, cancelTimeout := context.WithTimeout(ctx, 90*time.Second)
	t.Cleanup(func() { cancelTimeout(); cancel(); cancelAllocator(); _ = os.RemoveAll(profile) })
	return ctx
}

// arrive opens Strava's page and logs in there.
func arrive(address string) chromedp.Tasks {
	return chromedp.Tasks{
		chromedp.Navigate(address),
		chromedp.Click("#login", chromedp.ByQuery),
	}
}

// read takes what the page shows, and its address.
func read(text, address *string) chromedp.Tasks {
	return chromedp.Tasks{
		chromedp.WaitVisible("body.worked, body.failed", chromedp.ByQuery), // ours
		chromedp.Text("body", text, chromedp.ByQuery),
		chromedp.Location(address),
	}
}

// end waits for login to end, and checks the page and the transcript for
// secrets.
func (l *loginRun) end(t *testing.T, w *world, page, address string) int {
	t.Helper()
	_ = l.cmd.Wait()
	for name, value := range w.server.Values() {
		check.That(t, !strings.Contains(page+address, value), "%s is in the page or its address", name)
		check.That(t, !strings.Contains(l.out.String(), value), "%s is in the transcript", name)
	}
	check.That(t, !strings.ContainsAny(address, "?#"), "the page's address holds something: %s", address)
	return l.cmd.ProcessState.ExitCode()
}

func TestBrowserApproves(t *testing.T) {
	w := newWorld(t, sandbox.Knobs{})
	l := startLogin(t, w)
	ctx := browser(t)
	var page, address string
	if err := chromedp.Run(ctx, arrive(l.out.until(t, shownAddress, 1)), chromedp.Click("#authorize", chromedp.ByQuery), read(&page, &address)); err != nil {
		t.Fatalf("%v\n%s", err, l.out)
	}
	shoot(t, ctx, "login-dark-phone", "dark", 390)
	illustrate(t, ctx, "login", 900)
	check.Equal(t, l.end(t, w, page, address), 0, "exit status\n%s", l.out)
	check.Contains(t, page, "It worked", "athlete 126651800", "read, activity:read_all", "close this window")
	heldByTheBranch(t, w, l.out.String())
}

func TestBrowserUnticksThenApproves(t *testing.T) {
	w := newWorld(t, sandbox.Knobs{})
	l := startLogin(t, w)
	ctx := browser(t)
	var page, address string
	err := chromedp.Run(ctx, arrive(l.out.until(t, shownAddress, 1)),
		chromedp.Click(`input[value="activity:read_all"]`, chromedp.ByQuery), chromedp.Click("#authorize", chromedp.ByQuery))
	if err != nil {
		t.Fatal(err)
	}
	l.out.until(t, regexp.MustCompile(`more: login-unticked`), 1)
	l.out.until(t, regexp.MustCompile(`Ask again\?`), 1)
	check.Must(l.in.Write([]byte("y\n")))(t)
	if err := chromedp.Run(ctx, read(&page, &address)); err != nil || !strings.Contains(page, "A box was unticked") {
		t.Errorf("the page: %q, %v", page, err)
	}
	again := l.out.until(t, shownAddress, 2)
	if err := chromedp.Run(ctx, chromedp.Navigate(again), chromedp.Click("#authorize", chromedp.ByQuery), read(&page, &address)); err != nil {
		t.Fatalf("%v\n%s", err, l.out)
	}
	if got := l.end(t, w, page, address); got != 0 || !strings.Contains(page, "It worked") {
		t.Errorf("exit status %d, page %q\n%s", got, page, l.out)
	}
	heldByTheBranch(t, w, l.out.String())
}

func TestBrowserDenies(t *testing.T) {
	w := newWorld(t, sandbox.Knobs{})
	l := startLogin(t, w)
	ctx := browser(t)
	var page, address string
	check.OK(t, chromedp.Run(ctx, arrive(l.out.until(t, shownAddress, 1)), chromedp.Click("#deny", chromedp.ByQuery), read(&page, &address)))
	shoot(t, ctx, "login-denied", "light", 900)
	if got := l.end(t, w, page, address); got != 1 || !strings.Contains(page, "No access was granted") {
		t.Errorf("exit status %d, page %q\n%s", got, page, l.out)
	}
}

// TestPageThatNeverComesBack shows the page of Strava's that login can only
// explain by its timeout.
func TestPageThatNeverComesBack(t *testing.T) {
	w := newWorld(t, sandbox.Knobs{AthleteCap: true})
	l := startLogin(t, w)
	ctx := browser(t)
	var page string
	check.OK(t, chromedp.Run(ctx, arrive(l.out.until(t, shownAddress, 1)), chromedp.Text("#cap", &page, chromedp.ByQuery)))
	check.That(t, strings.Contains(page, "Limit of connected athletes exceeded"), "the page: %q", page)
	check.That(t, !strings.Contains(w.server.Journal(), "grant=authorization_code"), "a code was exchanged")
}

// authorize does what an athlete does in a browser, without one, and returns the
// address that Strava leads to.
func authorize(t *testing.T, w *world, link string) string {
	t.Helper()
	jar := check.Must(cookiejar.New(nil))(t)
	client := &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	_, query, _ := strings.Cut(link, "?")
	resp := check.Must(client.PostForm(w.base+"/login", url.Values{"next": {"/oauth/authorize?" + query}}))(t)
	_ = resp.Body.Close()
	resp = check.Must(client.PostForm(w.base+"/oauth/accept_application?"+query, url.Values{"answer": {"accept"}, "granted": {"activity:read_all"}}))(t)
	_ = resp.Body.Close()
	return resp.Header.Get("Location")
}

// TestBrowserIsOpened with a page of this machine, which leads to a Strava of
// another site: its cookie must come back from there all the same.
func TestBrowserIsOpened(t *testing.T) {
	w := newWorld(t, sandbox.Knobs{})
	l := startLoginAt(t, w, strings.Replace(w.base, "127.0.0.1", "localhost", 1))
	var opened []byte
	for range 1000 {
		var err error
		if opened, err = os.ReadFile(filepath.Join(l.cmd.Dir, "opened")); err == nil {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	local := strings.TrimSpace(string(opened))
	if !strings.HasPrefix(local, "http://127.0.0.1:") || strings.Contains(local, "state") {
		t.Fatalf("the browser is opened with %q\n%s", local, l.out)
	}
	ctx := browser(t)
	var page, address string
	if err := chromedp.Run(ctx, arrive(local), chromedp.Click("#authorize", chromedp.ByQuery), read(&page, &address)); err != nil {
		t.Fatalf("%v\n%s", err, l.out)
	}
	if got := l.end(t, w, page, address); got != 0 || !strings.Contains(page, "It worked") {
		t.Errorf("exit status: got %d, want 0; the page: %s\n%s", got, page, l.out)
	}
	heldByTheBranch(t, w, l.out.String())
}
