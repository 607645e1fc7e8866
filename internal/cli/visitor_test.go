package cli_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"regexp"
	"runtime"
	"strings"
	"sync"
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
	client *http.Client

	// browse is what happens when the browser opens an address; by default
	// everything is granted.
	browse func(address string)
	mu     sync.Mutex
	pages  []string // what the browser showed at the end
	ended  []string // the addresses it ended on
	wait   sync.WaitGroup
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
	record(v.server)
	serve(t, v.server, listener)
	v.in, v.stdin = io.Pipe()
	v.ctx = t.Context()
	jar := check.Must(cookiejar.New(nil))(t)
	v.client = &http.Client{Jar: jar, Timeout: 30 * time.Second}
	v.env = map[string]string{
		"STRAVA_URL": v.base, "STRAVA_API_URL": v.base + "/api/v3", "GITHUB_API_URL": v.base,
		"STRAVA_CLIENT_ID": v.server.App().ID, "STRAVA_CLIENT_SECRET": v.server.App().Secret,
		"GH_TOKEN": v.server.GitHubToken(),
	}
	v.browse = func(address string) { v.grant(address, "activity:read_all") }
	return v
}

// patience is how long a command may take.
const patience = 30 * time.Second

// run runs login with the arguments and returns the exit status.
func (v *visitor) run(args ...string) int {
	v.t.Helper()
	return v.command(append([]string{"login", "--port", "0"}, args...)...)
}

// command runs a command and returns the exit status. What it prints on standard
// error, and shows in the browser, has no secret in it.
func (v *visitor) command(args ...string) int {
	v.t.Helper()
	ctx, cancel := context.WithTimeout(v.ctx, patience)
	defer cancel()
	status := cli.Run(ctx, cli.Process{
		Args:   args,
		Getenv: from(v.env),
		Stdin:  v.in, Stdout: &v.stdout, Stderr: &v.stderr,
		Browse: func(address string) error {
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
	return status
}

// types types a line at the terminal.
func (v *visitor) types(line string) {
	stdin := v.stdin
	v.wait.Go(func() { _, _ = io.WriteString(stdin, line+"\n") })
}

// waitFor waits until a text is on the screen.
func (v *visitor) waitFor(text string) {
	v.t.Helper()
	for range 1000 {
		if strings.Contains(v.stderr.String(), text) {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	v.t.Errorf("%q never appears:\n%s", text, v.stderr.String())
}

var hiddenNext = regexp.MustCompile(`name="next" value="([^"]*)"`)

// open opens Strava's page, perhaps by way of a page of this machine, and logs in
// if it asks for that. It returns what the page was asked with.
func (v *visitor) open(address string) (query string) {
	v.t.Helper()
	body, ended := v.fetch(http.MethodGet, address, nil)
	if m := hiddenNext.FindStringSubmatch(body); m != nil {
		_, ended = v.fetch(http.MethodPost, v.base+"/login", url.Values{"next": {strings.ReplaceAll(m[1], "&amp;", "&")}})
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
	body, ended := v.fetch(http.MethodPost, v.base+"/oauth/accept_application?"+v.open(address), form)
	v.mu.Lock()
	defer v.mu.Unlock()
	v.pages, v.ended = append(v.pages, body), append(v.ended, ended)
}

// callback returns the address that Strava would send the browser to.
func (v *visitor) callback(address string, scopes ...string) string {
	v.t.Helper()
	query := v.open(address)
	stay := *v.client
	stay.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	resp, err := stay.PostForm(v.base+"/oauth/accept_application?"+query, url.Values{"answer": {"accept"}, "granted": scopes})
	if err != nil {
		v.t.Error(err)
		return ""
	}
	defer resp.Body.Close()
	return resp.Header.Get("Location")
}

func (v *visitor) fetch(method, address string, form url.Values) (body, ended string) {
	v.t.Helper()
	req, err := http.NewRequest(method, address, strings.NewReader(form.Encode()))
	if err != nil {
		v.t.Error(err)
		return "", ""
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := v.client.Do(req)
	if err != nil {
		v.t.Error(err)
		return "", ""
	}
	defer resp.Body.Close()
	content, _ := io.ReadAll(resp.Body)
	return string(content), resp.Request.URL.String()
}

// exchanges is how often a code was sent.
func (v *visitor) exchanges() int {
	return strings.Count(v.server.Journal(), "grant=authorization_code")
}

func (v *visitor) assertStatus(got, want int) {
	v.t.Helper()
	check.Equal(v.t, got, want, "exit status\n%s", v.stderr.String())
}

func (v *visitor) assertSays(texts ...string) {
	v.t.Helper()
	for _, text := range texts {
		check.That(v.t, strings.Contains(v.stderr.String(), text), "%q is not said:\n%s", text, v.stderr.String())
	}
}

// assertMessages compares the ids of all that was said, but for the warnings of
// the sandbox's addresses.
func (v *visitor) assertMessages(want ...string) {
	v.t.Helper()
	check.Same(v.t, messages(v.stderr.String()), want, "messages\n%s", v.stderr.String())
}

var messageID = regexp.MustCompile(`(?m)^strava-token: more: (.*)$`)

func messages(stderr string) (ids []string) {
	for _, m := range messageID.FindAllStringSubmatch(stderr, -1) {
		if !strings.HasPrefix(m[1], "input-other-") {
			ids = append(ids, m[1])
		}
	}
	return ids
}

// assertStored looks for the client secret in a secret of the repository, and for
// the refresh token on its branch, and for nothing else.
func (v *visitor) assertStored(suffix string) {
	v.t.Helper()
	check.That(v.t, v.server.Secret("STRAVA_CLIENT_SECRET"+suffix) == v.server.App().Secret, "the client secret isn't stored")
	if held := v.server.Held(branchName); held == "" || held != v.server.LiveRefreshToken() {
		v.t.Errorf("the branch doesn't have the refresh token that lives\n%s", v.server.Journal())
	}
	for _, name := range []string{"STRAVA_CLIENT_ID", "STRAVA_REFRESH_TOKEN"} {
		check.That(v.t, v.server.Secret(name+suffix) == "", "there is a secret %s, which nobody reads", name)
	}
}

// assertNothingStored is the opposite.
func (v *visitor) assertNothingStored() {
	v.t.Helper()
	if v.server.Secret("STRAVA_CLIENT_SECRET") != "" || v.server.Held(branchName) != "" {
		v.t.Errorf("something was stored\n%s", v.server.Journal())
	}
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
