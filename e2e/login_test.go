//go:build e2e

package e2e

import (
	"context"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"strava-token/internal/check"
	"strava-token/internal/sandbox"
)

var shownAddress = regexp.MustCompile(`http://[^\s]+/oauth/authorize\?[^\s]+`)

// loginRun is the real program, waiting for a browser, and one.
type loginRun struct {
	*world
	ctx context.Context // of the browser
	cmd *exec.Cmd       // what it prints is in a file of its folder
	in  io.Writer
}

// startLogin starts it. What opens browsers leaves the address in a file. strava is
// the host by which the browser is to know the sandbox.
func startLogin(t *testing.T, knobs sandbox.Knobs, strava string, args ...string) *loginRun {
	t.Helper()
	w, dir := newWorld(t, knobs), t.TempDir()
	check.OK(t, os.WriteFile(filepath.Join(dir, "xdg-open"), []byte("#!/bin/sh\necho \"$1\" >opening && mv opening opened\n"), 0o700))
	cmd := exec.Command(check.Must(program())(t), append([]string{"login", "--repo", sandbox.Repository, "--port", "0", "--yes"}, args...)...)
	cmd.Dir = dir
	cmd.Env = []string{
		"PATH=" + dir + ":/bin:/usr/bin", "STRAVA_URL=" + strings.Replace(w.base, "127.0.0.1", strava, 1),
		"STRAVA_API_URL=" + w.base + "/api/v3", "GITHUB_API_URL=" + w.base,
		"STRAVA_CLIENT_ID=" + w.server.App().ID, "STRAVA_CLIENT_SECRET=" + w.server.App().Secret,
		"GH_TOKEN=" + w.server.GitHubToken(),
	}
	l := &loginRun{world: w, ctx: browser(t), cmd: cmd, in: check.Must(cmd.StdinPipe())(t)}
	out := check.Must(os.Create(filepath.Join(dir, "printed")))(t)
	cmd.Stdout, cmd.Stderr = out, out
	check.OK(t, cmd.Start())
	t.Cleanup(func() { _ = cmd.Process.Kill(); _, _ = cmd.Process.Wait(); _ = out.Close() })
	return l
}

// until waits for a text that matches in a file of login's, and returns the nth one.
func (l *loginRun) until(t *testing.T, file string, what *regexp.Regexp, n int) string {
	t.Helper()
	var content []byte
	for range 3000 {
		content, _ = os.ReadFile(filepath.Join(l.cmd.Dir, file)) // it may not be there yet
		if all := what.FindAllString(string(content), -1); len(all) >= n {
			return all[n-1]
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("%v does not appear %d times:\n%s", what, n, content)
	return ""
}

// browser starts a fresh Chromium.
func browser(t *testing.T) context.Context {
	t.Helper()
	// Chromium may still write when it is told to end.
	profile := check.Must(os.MkdirTemp("", "strava-token-chromium-"))(t)
	options := append([]chromedp.ExecAllocatorOption{},
		chromedp.Headless, chromedp.NoSandbox, chromedp.DisableGPU, chromedp.NoFirstRun,
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

func click(selector string) chromedp.Action { return chromedp.Click(selector, chromedp.ByQuery) }

// browse does something on Strava's pages, waits for login's, and returns what that
// one shows. It holds no secret, and neither does its address.
func (l *loginRun) browse(t *testing.T, actions ...chromedp.Action) (page string) {
	t.Helper()
	var address string
	actions = append(actions, chromedp.WaitVisible("body.worked, body.failed", chromedp.ByQuery),
		chromedp.Text("body", &page, chromedp.ByQuery), chromedp.Location(&address))
	check.OK(t, chromedp.Run(l.ctx, actions...))
	for name, value := range l.server.Values() {
		check.That(t, !strings.Contains(page+address, value), "%s is in the page or its address", name)
	}
	check.That(t, !strings.ContainsAny(address, "?#"), "the page's address holds something: %s", address)
	return page
}

// end waits for login to end, and checks what it printed for secrets.
func (l *loginRun) end(t *testing.T, status int) {
	t.Helper()
	_ = l.cmd.Wait()
	out := readFile(t, filepath.Join(l.cmd.Dir, "printed"))
	for name, value := range l.server.Values() {
		check.That(t, !strings.Contains(out, value), "%s is in the transcript", name)
	}
	check.Equal(t, l.cmd.ProcessState.ExitCode(), status, "exit status\n%s", out)
	if status == 0 {
		l.keeps(t, out, branch)
	}
}

func TestBrowserApproves(t *testing.T) {
	l := startLogin(t, sandbox.Knobs{}, "127.0.0.1", "--no-browser")
	page := l.browse(t, arrive(l.until(t, "printed", shownAddress, 1)), click("#authorize"))
	shoot(t, l.ctx, "login-dark-phone", "dark", 390)
	illustrate(t, l.ctx, "login", 900)
	check.Contains(t, page, "It worked", "athlete 126651800", "read, activity:read_all", "close this window")
	l.end(t, 0)
}

func TestBrowserUnticksThenApproves(t *testing.T) {
	l := startLogin(t, sandbox.Knobs{}, "127.0.0.1", "--no-browser")
	check.OK(t, chromedp.Run(l.ctx, arrive(l.until(t, "printed", shownAddress, 1)), click(`input[value="activity:read_all"]`), click("#authorize")))
	l.until(t, "printed", regexp.MustCompile(`more: login-unticked(?s:.*)Ask again\?`), 1)
	check.Must(l.in.Write([]byte("y\n")))(t)
	check.Contains(t, l.browse(t), "A box was unticked")
	again := l.until(t, "printed", shownAddress, 2)
	check.Contains(t, l.browse(t, chromedp.Navigate(again), click("#authorize")), "It worked")
	l.end(t, 0)
}

func TestBrowserDenies(t *testing.T) {
	l := startLogin(t, sandbox.Knobs{}, "127.0.0.1", "--no-browser")
	page := l.browse(t, arrive(l.until(t, "printed", shownAddress, 1)), click("#deny"))
	shoot(t, l.ctx, "login-denied", "light", 900)
	check.Contains(t, page, "No access was granted")
	l.end(t, 1)
}

// TestPageThatNeverComesBack shows the page of Strava's that login can only
// explain by its timeout.
func TestPageThatNeverComesBack(t *testing.T) {
	l := startLogin(t, sandbox.Knobs{AthleteCap: true}, "127.0.0.1", "--no-browser")
	var page string
	check.OK(t, chromedp.Run(l.ctx, arrive(l.until(t, "printed", shownAddress, 1)), chromedp.Text("#cap", &page, chromedp.ByQuery)))
	check.Contains(t, page, "Limit of connected athletes exceeded")
	check.That(t, !strings.Contains(l.server.Journal(), "grant=authorization_code"), "a code was exchanged")
}

// TestBrowserIsOpened with a page of this machine, which leads to a Strava of
// another site: its cookie must come back from there all the same.
func TestBrowserIsOpened(t *testing.T) {
	l := startLogin(t, sandbox.Knobs{}, "localhost")
	local := l.until(t, "opened", regexp.MustCompile(`.+`), 1)
	check.Need(t, strings.HasPrefix(local, "http://127.0.0.1:") && !strings.Contains(local, "state"), "the browser is opened with %q", local)
	check.Contains(t, l.browse(t, arrive(local), click("#authorize")), "It worked")
	l.end(t, 0)
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
