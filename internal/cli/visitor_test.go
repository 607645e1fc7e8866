package cli_test

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"strava-token/internal/check"
	"strava-token/internal/cli"
	"strava-token/internal/sandbox"
)

// visitor is a person at a terminal and at a browser, who logs in to the sandbox.
type visitor struct {
	t      *testing.T
	server *sandbox.Server
	base   string
	ctx    context.Context // that the next command runs in
	env    map[string]string
	stdin  *io.PipeWriter
	in     *io.PipeReader // of the next command
	stdout bytes.Buffer
	stderr lockedBuffer
	screen io.Writer // standard error, &stderr unless a test has another
	client *http.Client

	// browse is what happens when the browser opens an address; by default
	// everything is granted.
	browse func(address string)
	pages  []string // what the browser showed at the end
	ended  []string // the addresses it ended on
	wait   sync.WaitGroup
	opened atomic.Bool // the browser was
}

// lockedBuffer can be read while it is written.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func newVisitor(t *testing.T, knobs sandbox.Knobs) *visitor {
	t.Helper()
	listener := check.Must(sandbox.Listen(t.Context(), "127.0.0.1:0"))(t)
	v := &visitor{t: t, server: sandbox.New(knobs), base: "http://" + listener.Addr().String()}
	record(t, v.server)
	serve(t, v.server, listener)
	v.in, v.stdin = io.Pipe()
	v.ctx = t.Context()
	jar := check.Must(cookiejar.New(nil))(t)
	v.client = &http.Client{Jar: jar, Timeout: 30 * time.Second}
	v.env = environment(v.server, v.base)
	v.sets("STRAVA_REFRESH_TOKEN", "", "GITHUB_REPOSITORY", "")
	v.browse = func(address string) { v.grant(address, "activity:read_all") }
	return v
}

// patience is how long a command may take.
const patience = 30 * time.Second

// runs logs in with the arguments, and asserts the exit status and the ids of all that
// was said, but for the warnings of the sandbox's addresses.
func (v *visitor) runs(status int, ids string, args ...string) {
	v.t.Helper()
	v.command(status, append([]string{"login", "--port", "0"}, args...)...)
	check.Equal(v.t, messages(v.stderr.String()), ids, "messages\n%s", v.stderr.String())
}

// command runs a command, and asserts the exit status. What it prints on standard
// error, and shows in the browser, has no secret in it.
func (v *visitor) command(want int, args ...string) {
	v.t.Helper()
	ctx, cancel := context.WithTimeout(v.ctx, patience)
	defer cancel()
	status := cli.Run(ctx, cli.Process{
		Args: args, Getenv: from(v.env), Stdin: v.in, Stdout: &v.stdout, Stderr: cmp.Or[io.Writer](v.screen, &v.stderr),
		Browse: func(address string) error {
			v.opened.Store(true)
			v.wait.Go(func() { v.browse(address) })
			return nil
		},
	})
	_ = v.in.Close() // nobody reads what is typed now
	v.wait.Wait()
	v.in, v.stdin = io.Pipe()
	for name, value := range v.server.Values() {
		where := map[string]string{"standard error": v.stderr.String(), "the browser": strings.Join(append(v.pages, v.ended...), "\n")}
		for place, text := range where {
			check.That(v.t, !strings.Contains(text, value), "%s is in %s", name, place)
		}
	}
	check.Equal(v.t, status, want, "exit status\n%s", v.stderr.String())
}

// types types a line at the terminal.
func (v *visitor) types(line string) {
	stdin := v.stdin
	v.wait.Go(func() { _, _ = io.WriteString(stdin, line+"\n") })
}

// sets sets the environment: a name, its value, and so on.
func (v *visitor) sets(pairs ...string) {
	for pair := range slices.Chunk(pairs, 2) {
		v.env[pair[0]] = pair[1]
	}
}

// interruptAt interrupts the next command when a text is on the screen.
func (v *visitor) interruptAt(text string) {
	ctx, interrupt := context.WithCancel(v.ctx)
	v.ctx = ctx
	v.wait.Go(func() { v.stderr.waitFor(v.t, text, 1); interrupt() })
}

// waitFor waits until a text has been written so many times.
func (l *lockedBuffer) waitFor(t *testing.T, text string, times int) {
	t.Helper()
	for range 1000 {
		if strings.Count(l.String(), text) >= times {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("%q does not appear:\n%s", text, l.String())
}

var hiddenNext = regexp.MustCompile(`name="next" value="([^"]*)"`)

// open opens Strava's page, perhaps by way of a page of this machine, and logs in
// if it asks for that. It returns what the page was asked with.
func (v *visitor) open(address string) (query string) {
	v.t.Helper()
	body, ended := v.visit(address, nil, true)
	if m := hiddenNext.FindStringSubmatch(body); m != nil {
		_, ended = v.visit(v.base+"/login", url.Values{"next": {strings.ReplaceAll(m[1], "&amp;", "&")}}, true)
	}
	_, query, _ = strings.Cut(ended, "?")
	return query
}

// grant ticks scopes on Strava's page and authorizes.
func (v *visitor) grant(address string, scopes ...string) {
	v.t.Helper()
	v.submit(address, url.Values{"answer": {"accept"}, "granted": scopes})
}

func (v *visitor) deny(address string) { v.submit(address, url.Values{"answer": {"deny"}}) }

func (v *visitor) submit(address string, form url.Values) {
	v.t.Helper()
	body, ended := v.visit(v.base+"/oauth/accept_application?"+v.open(address), form, true)
	v.pages, v.ended = append(v.pages, body), append(v.ended, ended)
}

// callback returns the address that Strava would send the browser to.
func (v *visitor) callback(address string, scopes ...string) string {
	v.t.Helper()
	_, location := v.visit(v.base+"/oauth/accept_application?"+v.open(address), url.Values{"answer": {"accept"}, "granted": scopes}, false)
	return location
}

// visit asks for an address, with a form if there is one. It goes where that leads, or
// returns it.
func (v *visitor) visit(address string, form url.Values, follow bool) (body, ended string) {
	v.t.Helper()
	client := *v.client
	if !follow {
		client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	}
	ask := client.Get
	if form != nil {
		ask = func(address string) (*http.Response, error) { return client.PostForm(address, form) }
	}
	resp, err := ask(address)
	if err != nil {
		v.t.Error(err)
		return "", ""
	}
	defer resp.Body.Close()
	content, _ := io.ReadAll(resp.Body)
	return string(content), cmp.Or(resp.Header.Get("Location"), resp.Request.URL.String())
}

// assertPage is the page that the browser showed at the end.
func (v *visitor) assertPage(text string) {
	v.t.Helper()
	check.Need(v.t, len(v.pages) == 1 && strings.Contains(v.pages[0], text), "the page: %v", v.pages)
}

// assertPrinted doesn't show what is on standard output.
func (v *visitor) assertPrinted(want string) {
	v.t.Helper()
	check.That(v.t, v.stdout.String() == want, "something else is on standard output")
}

// assertHolds: a file has the refresh token that lives.
func (v *visitor) assertHolds(path string) {
	v.t.Helper()
	check.That(v.t, v.server.Opened(readFile(v.t, path)) == v.server.LiveRefreshToken(), "the file doesn't have the refresh token that lives")
}

var messageID = regexp.MustCompile(`(?m)^strava-token: more: (.*)$`)

func messages(stderr string) string {
	var ids []string
	for _, m := range messageID.FindAllStringSubmatch(stderr, -1) {
		if !strings.HasPrefix(m[1], "input-other-") {
			ids = append(ids, m[1])
		}
	}
	return strings.Join(ids, " ")
}

// assertStored looks for the client secret in a secret of the repository, and for
// the refresh token on its branch, and for nothing else.
func (v *visitor) assertStored(suffix string) {
	v.t.Helper()
	check.That(v.t, v.server.Secret("STRAVA_CLIENT_SECRET"+suffix) == v.server.App().Secret, "the client secret isn't stored")
	held := v.server.Held(branchName)
	check.That(v.t, held != "" && held == v.server.LiveRefreshToken(), "the branch doesn't have the refresh token that lives\n%s", v.server.Journal())
	for _, name := range []string{"STRAVA_CLIENT_ID", "STRAVA_REFRESH_TOKEN"} {
		check.That(v.t, v.server.Secret(name+suffix) == "", "there is a secret %s, which nobody reads", name)
	}
}

// assertNothingStored is the opposite.
func (v *visitor) assertNothingStored() {
	v.t.Helper()
	check.Equal(v.t, v.server.Secret("STRAVA_CLIENT_SECRET")+v.server.Held(branchName), "", "something was stored\n%s", v.server.Journal())
}

// assertFile compares a file that nobody else may read.
func (v *visitor) assertFile(path, want string) {
	v.t.Helper()
	info := check.Must(os.Stat(path))(v.t)
	check.That(v.t, info.Mode().Perm() == 0o600 || runtime.GOOS == "windows", "mode: got %o, want 600", info.Mode().Perm())
	check.That(v.t, readFile(v.t, path) == want, "%s has something else in it", path)
}

// appLines are the app's credentials as a file has them.
func (v *visitor) appLines() string {
	return fmt.Sprintf("STRAVA_CLIENT_ID=%s\nSTRAVA_CLIENT_SECRET=%s\n", v.server.App().ID, v.server.App().Secret)
}
