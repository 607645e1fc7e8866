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
	"strings"
	"sync"
	"testing"
	"time"

	"strava-token/internal/cli"
	"strava-token/internal/sandbox"
)

// visitor is a person at a terminal and at a browser, who logs in to the sandbox.
type visitor struct {
	t      *testing.T
	server *sandbox.Server
	base   string
	env    map[string]string
	stdin  *io.PipeWriter
	in     *io.PipeReader
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
	listener, err := sandbox.Listen(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	v := &visitor{t: t, server: sandbox.New(knobs), base: "http://" + listener.Addr().String()}
	record(v.server)
	service := &http.Server{Handler: v.server, ErrorLog: discardLog}
	go func() { _ = service.Serve(listener) }()
	t.Cleanup(func() { _ = service.Close() })
	v.in, v.stdin = io.Pipe()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	v.client = &http.Client{Jar: jar, Timeout: 30 * time.Second}
	v.env = map[string]string{
		"STRAVA_URL": v.base, "STRAVA_API_URL": v.base + "/api/v3", "GITHUB_API_URL": v.base,
		"STRAVA_CLIENT_ID": v.server.App().ID, "STRAVA_CLIENT_SECRET": v.server.App().Secret,
		"GH_TOKEN": v.server.GitHubToken(),
	}
	v.browse = func(address string) { v.grant(address, "activity:read_all") }
	return v
}

// run runs login with the arguments and returns the exit status.
func (v *visitor) run(args ...string) int {
	v.t.Helper()
	ctx, cancel := context.WithTimeout(v.t.Context(), time.Minute)
	defer cancel()
	status := cli.Run(ctx, cli.Process{
		Args:   append([]string{"login", "--port", "0"}, args...),
		Getenv: func(name string) string { return v.env[name] },
		Stdin:  v.in, Stdout: &v.stdout, Stderr: &v.stderr,
		Browse: func(address string) error {
			v.wait.Go(func() { v.browse(address) })
			return nil
		},
	})
	v.wait.Wait()
	for name, value := range v.server.Values() {
		where := map[string]string{"standard error": v.stderr.String(), "the browser": strings.Join(append(v.pages, v.ended...), "\n")}
		for place, text := range where {
			if strings.Contains(text, value) {
				v.t.Errorf("%s is in %s", name, place)
			}
		}
	}
	return status
}

// types types a line at the terminal.
func (v *visitor) types(line string) {
	v.wait.Go(func() { _, _ = io.WriteString(v.stdin, line+"\n") })
}

// answers types a line once a question was asked.
func (v *visitor) answers(question, line string) {
	v.wait.Go(func() {
		for range 1000 {
			if strings.Contains(v.stderr.String(), question) {
				_, _ = io.WriteString(v.stdin, line+"\n")
				return
			}
			time.Sleep(10 * time.Millisecond)
		}
		v.t.Errorf("%q was never asked", question)
	})
}

var hiddenNext = regexp.MustCompile(`name="next" value="([^"]*)"`)

// open opens Strava's page, and logs in where it asks for that.
func (v *visitor) open(address string) string {
	v.t.Helper()
	body, _ := v.fetch(http.MethodGet, address, nil)
	if m := hiddenNext.FindStringSubmatch(body); m != nil {
		body, _ = v.fetch(http.MethodPost, v.base+"/login", url.Values{"next": {strings.ReplaceAll(m[1], "&amp;", "&")}})
	}
	return body
}

// grant ticks scopes on Strava's page and authorizes.
func (v *visitor) grant(address string, scopes ...string) {
	v.t.Helper()
	v.submit(address, url.Values{"answer": {"accept"}, "granted": scopes})
}

func (v *visitor) submit(address string, form url.Values) {
	v.t.Helper()
	v.open(address)
	_, query, _ := strings.Cut(address, "?")
	body, ended := v.fetch(http.MethodPost, v.base+"/oauth/accept_application?"+query, form)
	v.mu.Lock()
	defer v.mu.Unlock()
	v.pages, v.ended = append(v.pages, body), append(v.ended, ended)
}

// callback returns the address that Strava would send the browser to.
func (v *visitor) callback(address string, scopes ...string) string {
	v.t.Helper()
	v.open(address)
	_, query, _ := strings.Cut(address, "?")
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
	if got != want {
		v.t.Errorf("exit status: got %d, want %d\n%s", got, want, v.stderr.String())
	}
}

func (v *visitor) assertSays(texts ...string) {
	v.t.Helper()
	for _, text := range texts {
		if !strings.Contains(v.stderr.String(), text) {
			v.t.Errorf("%q is not said:\n%s", text, v.stderr.String())
		}
	}
}

func (v *visitor) assertStored(suffix, refreshName string) {
	v.t.Helper()
	for name, want := range map[string]string{
		"STRAVA_CLIENT_ID": v.server.App().ID, "STRAVA_CLIENT_SECRET": v.server.App().Secret, refreshName: v.server.LiveRefreshToken(),
	} {
		if got := v.server.Secret(name + suffix); got != want {
			v.t.Errorf("%s%s is not what it should be (empty: %t)", name, suffix, got == "")
		}
	}
}

func (v *visitor) assertFile(file string) {
	v.t.Helper()
	info, err := os.Stat(file)
	if err != nil {
		v.t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		v.t.Errorf("mode: got %o, want 600", info.Mode().Perm())
	}
	content, err := os.ReadFile(file)
	if err != nil {
		v.t.Fatal(err)
	}
	want := fmt.Sprintf("STRAVA_CLIENT_ID=%s\nSTRAVA_CLIENT_SECRET=%s\nSTRAVA_REFRESH_TOKEN=%s\n",
		v.server.App().ID, v.server.App().Secret, v.server.LiveRefreshToken())
	if string(content) != want {
		v.t.Error("the file holds something else")
	}
}
