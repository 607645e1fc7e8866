package cli_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
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

func TestLoginStoresThreeSecrets(t *testing.T) {
	t.Parallel()
	v := newVisitor(t, sandbox.Knobs{})
	v.assertStatus(v.run("--repo", sandbox.Repository), 0)
	v.assertStored("", "STRAVA_REFRESH_TOKEN")
	v.assertSays("The refresh token of Sandbox Athlete (athlete 126651800) is kept in octo/running/STRAVA_REFRESH_TOKEN", "rotate-to: STRAVA_REFRESH_TOKEN")
	if len(v.pages) != 1 || !strings.Contains(v.pages[0], "It worked") || !strings.Contains(v.pages[0], "athlete 126651800") ||
		!strings.Contains(v.pages[0], "read, activity:read_all") || !strings.Contains(v.pages[0], "close this window") {
		t.Errorf("the page: %v", v.pages)
	}
	if strings.Contains(v.pages[0], "<script") || strings.ContainsAny(v.ended[0], "?#") {
		t.Errorf("the page has a script, or its address %q holds something", v.ended[0])
	}
}

func TestLoginIntoAnEnvironmentUnderRunningPagesNames(t *testing.T) {
	t.Parallel()
	v := newVisitor(t, sandbox.Knobs{})
	v.server.AddEnvironment("my env/prod")
	v.assertStatus(v.run("--repo", sandbox.Repository, "--environment", "my env/prod", "--secrets", "running_page"), 0)
	v.assertStored("@my env/prod", "STRAVA_CLIENT_REFRESH_TOKEN")
	v.assertSays("running_page's own workflow reads these secrets")
	if strings.Contains(v.stderr.String(), "sync.yml") {
		t.Error("a second workflow is shown, which would compete with running_page's own")
	}
}

func TestLoginIntoAnEnvironment(t *testing.T) {
	t.Parallel()
	v := newVisitor(t, sandbox.Knobs{})
	v.server.AddEnvironment("my env/prod")
	v.assertStatus(v.run("--repo", sandbox.Repository, "--environment", "my env/prod"), 0)
	v.assertStored("@my env/prod", "STRAVA_REFRESH_TOKEN")
	v.assertSays("environment: my env/prod", "secrets.STRAVA_REFRESH_TOKEN", "SECRETS_WRITER", "Environments: read and write")
}

func TestLoginAsksBeforeItReplaces(t *testing.T) {
	t.Parallel()
	for answer, status := range map[string]int{"n": 1, "": 1, "y": 0, "maybe\nyes": 0} {
		t.Run(answer, func(t *testing.T) {
			t.Parallel()
			v := newVisitor(t, sandbox.Knobs{})
			v.server.SetSecret("STRAVA_REFRESH_TOKEN", "old")
			v.types(answer)
			opened := false
			grant := v.browse
			v.browse = func(address string) { opened = true; grant(address) }
			v.assertStatus(v.run("--repo", sandbox.Repository), status)
			v.assertSays("octo/running/STRAVA_REFRESH_TOKEN")
			if replaced := v.server.Secret("STRAVA_REFRESH_TOKEN") != "old"; replaced != (status == 0) || opened != replaced {
				t.Errorf("replaced: %t, opened: %t, want both %t", replaced, opened, status == 0)
			}
		})
	}
	v := newVisitor(t, sandbox.Knobs{})
	v.server.SetSecret("STRAVA_REFRESH_TOKEN", "old")
	v.assertStatus(v.run("--repo", sandbox.Repository, "--yes"), 0)
	v.assertStored("", "STRAVA_REFRESH_TOKEN")
}

func TestLoginChecksTheSecretsBeforeTheBrowserOpens(t *testing.T) {
	t.Parallel()
	v := newVisitor(t, sandbox.Knobs{})
	v.env["GH_TOKEN"] = v.server.NewGitHubToken("read-only-token", sandbox.GitHubToken{Kind: sandbox.Personal, Secrets: sandbox.Read})
	v.browse = func(string) { t.Error("the browser was opened") }
	v.assertStatus(v.run("--repo", sandbox.Repository), 1)
	v.assertSays("The personal access token may not write octo/running/STRAVA_CLIENT_ID")
}

func TestLoginDenied(t *testing.T) {
	t.Parallel()
	v := newVisitor(t, sandbox.Knobs{})
	v.browse = func(address string) { v.submit(address, url.Values{"answer": {"deny"}}) }
	v.assertStatus(v.run("--repo", sandbox.Repository), 1)
	v.assertSays("Access was not granted", "choose Authorize")
	if len(v.pages) != 1 || !strings.Contains(v.pages[0], "No access was granted") {
		t.Errorf("the page: %v", v.pages)
	}
	if v.server.Secret("STRAVA_REFRESH_TOKEN") != "" {
		t.Error("something was stored")
	}
}

func TestLoginOffersToAskAgainForAnUntickedScope(t *testing.T) {
	t.Parallel()
	for answer, want := range map[string]string{"y": "read activity:read_all", "n": "read"} {
		t.Run(answer, func(t *testing.T) {
			t.Parallel()
			v := newVisitor(t, sandbox.Knobs{})
			var opened []string
			v.browse = func(address string) {
				opened = append(opened, address)
				if len(opened) == 1 {
					v.answers("Ask again?", answer)
					v.grant(address) // only read, which has no box
					return
				}
				v.grant(address, "activity:read_all")
			}
			v.assertStatus(v.run("--repo", sandbox.Repository), 0)
			v.assertSays("Strava did not grant activity:read_all")
			v.assertStored("", "STRAVA_REFRESH_TOKEN")
			if answer == "y" && (len(opened) != 2 || !strings.Contains(opened[1], "approval_prompt=force")) {
				t.Errorf("opened: %v", opened)
			}
			if got := v.exchanges(); got != 1 {
				t.Errorf("exchanges: got %d, want 1", got)
			}
			if got := strings.Join(v.server.GrantedScopes(), " "); got != want {
				t.Errorf("granted: got %q, want %q", got, want)
			}
		})
	}
}

// TestLoginIsNotDisturbed sends everything to the waiting listener that is not
// the one answer.
func TestLoginIsNotDisturbed(t *testing.T) {
	t.Parallel()
	v := newVisitor(t, sandbox.Knobs{})
	v.browse = func(address string) {
		callback := v.callback(address, "activity:read_all")
		here, err := url.Parse(callback)
		if err != nil {
			t.Error(err)
			return
		}
		origin := "http://" + here.Host
		state := here.Query().Get("state")
		for path, want := range map[string]int{
			"/":            404,
			"/favicon.ico": 404,
			"/done":        404,
			"/done/0":      404,
			"/done/1":      404,
			"/done/-1":     404,
			"/token":       400,
			"/token?state=" + strings.Repeat("0", 32) + "&code=0123456789abcdef": 400,
			"/token?state=&error=access_denied":                                  400,
			"/token?state=" + state:                                              400,
			"/token?state=" + state + "&code=null":                               400,
		} {
			resp, err := v.client.Get(origin + path)
			if err != nil {
				t.Error(err)
				continue
			}
			body, _ := io.ReadAll(resp.Body)
			_ = resp.Body.Close()
			if resp.StatusCode != want {
				t.Errorf("%s: got %d, want %d", path, resp.StatusCode, want)
			}
			if strings.Contains(string(body), state) {
				t.Errorf("%s: the state is in the answer", path)
			}
		}
		foreign, _ := http.NewRequest(http.MethodGet, callback, nil)
		foreign.Host = "evil.example:" + here.Port()
		if resp, err := v.client.Do(foreign); err != nil || resp.StatusCode != http.StatusMisdirectedRequest {
			t.Errorf("a foreign host: got %v, %v, want 421", resp, err)
		}
		// The right one, twice: a browser that is reloaded does no harm.
		reloaded := *v.client
		reloaded.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
		if resp, err := reloaded.Get(callback); err != nil || resp.StatusCode != http.StatusSeeOther {
			t.Errorf("the callback: got %v, %v, want 303", resp, err)
		}
		body, ended := v.fetch(http.MethodGet, callback, nil)
		if !strings.Contains(body, "It worked") || strings.Contains(ended, "code") {
			t.Errorf("the page at %s: %s", ended, body)
		}
	}
	v.assertStatus(v.run("--repo", sandbox.Repository), 0)
	v.assertStored("", "STRAVA_REFRESH_TOKEN")
	if got := v.exchanges(); got != 1 {
		t.Errorf("exchanges: got %d, want 1", got)
	}
}

// TestLoginTakesAPastedAddress is the remote shell: the browser is elsewhere.
func TestLoginTakesAPastedAddress(t *testing.T) {
	t.Parallel()
	for name, paste := range map[string]func(callback string) []string{
		"address": func(c string) []string { return []string{c} },
		"quoted":  func(c string) []string { return []string{`  "` + c + `"  `} },
		"what follows the question mark": func(c string) []string {
			_, query, _ := strings.Cut(c, "?")
			return []string{query}
		},
		// A code alone carries no state, and any word could be one.
		"after four wrong ones": func(c string) []string {
			u, _ := url.Parse(c)
			q := u.Query()
			code := q.Get("code")
			q.Set("state", "0123")
			u.RawQuery = q.Encode()
			_, glued, _ := strings.Cut(c, "code=")
			return []string{"hello", code, glued, u.String(), c}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := newVisitor(t, sandbox.Knobs{})
			v.browse = func(address string) {
				for _, line := range paste(v.callback(address, "activity:read_all")) {
					_, _ = io.WriteString(v.stdin, line+"\n")
				}
			}
			v.assertStatus(v.run("--repo", sandbox.Repository), 0)
			v.assertStored("", "STRAVA_REFRESH_TOKEN")
			if name == "after four wrong ones" {
				v.assertSays("holds no authorization code", "belongs to another login")
			}
		})
	}
}

func TestLoginTriesAnEarlyCodeAgain(t *testing.T) {
	t.Parallel()
	v := newVisitor(t, sandbox.Knobs{EarlyCodes: 2})
	v.assertStatus(v.run("--repo", sandbox.Repository), 0)
	v.assertStored("", "STRAVA_REFRESH_TOKEN")
	if got := v.exchanges(); got != 3 {
		t.Errorf("exchanges: got %d, want 3", got)
	}
}

func TestLoginKeepsTheTokenOfAnInactiveApp(t *testing.T) {
	t.Parallel()
	v := newVisitor(t, sandbox.Knobs{Inactive: true})
	v.assertStatus(v.run("--repo", sandbox.Repository), 1)
	v.assertStored("", "STRAVA_REFRESH_TOKEN")
	v.assertSays("The Strava app is inactive", "subscribe")
	if len(v.pages) != 1 || !strings.Contains(v.pages[0], "The Strava app is inactive") {
		t.Errorf("the page: %v", v.pages)
	}
}

func TestLoginSealsWhatItCannotStore(t *testing.T) {
	t.Parallel()
	v := newVisitor(t, sandbox.Knobs{})
	v.server.Fail(sandbox.Fault{Call: "put", Kind: sandbox.FaultStatus, Status: 404})
	v.assertStatus(v.run("--repo", sandbox.Repository), 3)
	v.assertSays("does not hold the new refresh token", "BEGIN AGE ENCRYPTED FILE")
}

func TestLoginCatchesSlipsBeforeAnythingIsOpened(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ variable, value, says string }{
		{"STRAVA_CLIENT_ID", "0123456789abcdef0123456789abcdef01234567", "STRAVA_CLIENT_ID holds what looks like the client secret"},
		{"STRAVA_CLIENT_ID", "48 213", "STRAVA_CLIENT_ID has a blank"},
		{"STRAVA_CLIENT_ID", "my app!", "STRAVA_CLIENT_ID has a blank"},
		{"STRAVA_CLIENT_SECRET", "null", "STRAVA_CLIENT_SECRET holds a placeholder"},
		{"STRAVA_CLIENT_SECRET", "0123 4567", "STRAVA_CLIENT_SECRET has a blank"},
	} {
		v := newVisitor(t, sandbox.Knobs{})
		v.env[tt.variable] = tt.value
		v.browse = func(string) { t.Error("the browser was opened") }
		v.assertStatus(v.run("--repo", sandbox.Repository), 2)
		v.assertSays(tt.says)
	}
	v := newVisitor(t, sandbox.Knobs{})
	v.assertStatus(v.run("--scope", "view_private"), 2)
	v.assertSays("--scope names a scope that Strava does not have")
	v.assertStatus(v.run("--secrets", "mine"), 2)
	v.assertStatus(v.run("--scope", " "), 2)
	v.assertStatus(v.run("--repo", "octo"), 2)
	v.assertStatus(v.run("--environment", "prod"), 2)
	v.assertStatus(v.run("--repo", sandbox.Repository, "--format", "json"), 2)
	v.assertStatus(v.run("--repo", sandbox.Repository, "--port", "99999"), 2)
	v.env["GITHUB_API_URL"] = "http://api.github.com"
	v.assertStatus(v.run("--repo", sandbox.Repository), 2)
	v.assertStatus(v.run("--format", "xml"), 2)
}

func TestLoginWithoutAGitHubTokenCanHandOver(t *testing.T) {
	t.Parallel()
	v := newVisitor(t, sandbox.Knobs{})
	delete(v.env, "GH_TOKEN")
	file := filepath.Join(t.TempDir(), "strava.env")
	v.types("y")
	v.assertStatus(v.run("--repo", sandbox.Repository, "--output", file), 0)
	v.assertSays("There is no GitHub token", "gh auth login", "gh secret set STRAVA_REFRESH_TOKEN")
	v.assertFile(file)
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

func TestLoginHandsOver(t *testing.T) {
	t.Parallel()
	v := newVisitor(t, sandbox.Knobs{})
	v.assertStatus(v.run("--format", "dotenv"), 0)
	if want := "STRAVA_REFRESH_TOKEN=" + v.server.LiveRefreshToken() + "\n"; !strings.HasSuffix(v.stdout.String(), want) {
		t.Error("dotenv: the refresh token is not on standard output")
	}
	v = newVisitor(t, sandbox.Knobs{})
	v.assertStatus(v.run("--format", "json", "--secrets", "running_page"), 0)
	if want := `"STRAVA_CLIENT_REFRESH_TOKEN": "` + v.server.LiveRefreshToken() + `"`; !strings.Contains(v.stdout.String(), want) {
		t.Error("json: the refresh token is not on standard output")
	}
	v = newVisitor(t, sandbox.Knobs{})
	file := filepath.Join(t.TempDir(), "strava.env")
	v.assertStatus(v.run("--output", file), 0)
	v.assertFile(file)
	// An existing file is left alone, and nothing is opened.
	v = newVisitor(t, sandbox.Knobs{})
	v.browse = func(string) { t.Error("the browser was opened") }
	v.assertStatus(v.run("--output", file), 2)
	v.assertSays("cannot be written")
	// A login that fails leaves no empty file behind.
	v = newVisitor(t, sandbox.Knobs{})
	denied := filepath.Join(t.TempDir(), "strava.env")
	v.browse = func(address string) { v.submit(address, url.Values{"answer": {"deny"}}) }
	v.assertStatus(v.run("--output", denied), 1)
	if _, err := os.Stat(denied); err == nil {
		t.Error("an empty file was left behind")
	}
}

func TestLoginAsksForFurtherTargetsToo(t *testing.T) {
	t.Parallel()
	for _, arguments := range [][]string{
		{"--repo", sandbox.Repository, "--rotate-to", "octo/running/OTHER"},
		{"--format", "json", "--rotate-to", "octo/running/OTHER"},
		{"--output", filepath.Join(t.TempDir(), "strava.env"), "--rotate-to", "octo/running/OTHER"},
	} {
		v := newVisitor(t, sandbox.Knobs{})
		v.server.SetSecret("OTHER", "old")
		v.types("n")
		v.browse = func(string) { t.Error("the browser was opened") }
		v.assertStatus(v.run(arguments...), 1)
		v.assertSays("octo/running/OTHER", "Replace them?")
		if v.server.Secret("OTHER") != "old" {
			t.Error("the secret was replaced")
		}
	}
	// A new one is written without a question.
	v := newVisitor(t, sandbox.Knobs{})
	v.assertStatus(v.run("--repo", sandbox.Repository, "--rotate-to", "octo/running/OTHER"), 0)
	if v.server.Secret("OTHER") != v.server.LiveRefreshToken() {
		t.Error("the further target does not hold the refresh token")
	}
}

func TestLoginSaysThatThePortIsTaken(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	_, port, _ := net.SplitHostPort(taken.Addr().String())
	v := newVisitor(t, sandbox.Knobs{})
	v.browse = func(string) { t.Error("the browser was opened") }
	v.assertStatus(v.run("--repo", sandbox.Repository, "--port", port), 1)
	v.assertSays("Port "+port+" on this machine cannot be used", "--port")
}

func TestRevokeAsks(t *testing.T) {
	t.Parallel()
	for answer, revoked := range map[string]bool{"n": false, "": false, "y": true} {
		v := newVisitor(t, sandbox.Knobs{})
		v.env["STRAVA_REFRESH_TOKEN"] = v.server.LiveRefreshToken()
		status := cli.Run(t.Context(), cli.Process{
			Args: []string{"revoke"}, Getenv: func(name string) string { return v.env[name] },
			Stdin: strings.NewReader(answer + "\n"), Stdout: &v.stdout, Stderr: &v.stderr,
		})
		v.assertSays("stops working")
		if got := v.server.LiveRefreshToken() == ""; got != revoked || (status == 0) != revoked {
			t.Errorf("answer %q: revoked %t, status %d, want %t", answer, got, status, revoked)
		}
	}
	v := newVisitor(t, sandbox.Knobs{})
	v.env["STRAVA_REFRESH_TOKEN"] = v.server.LiveRefreshToken()
	status := cli.Run(t.Context(), cli.Process{
		Args: []string{"revoke", "--yes"}, Getenv: func(name string) string { return v.env[name] },
		Stdin: strings.NewReader(""), Stdout: &v.stdout, Stderr: &v.stderr,
	})
	if status != 0 || v.server.LiveRefreshToken() != "" {
		t.Errorf("--yes: status %d\n%s", status, v.stderr.String())
	}
}

// TestLoginOntoABranch stores the refresh token there, too, and prints the
// workflow that needs no personal access token.
func TestLoginOntoABranch(t *testing.T) {
	t.Parallel()
	v := newVisitor(t, sandbox.Knobs{})
	v.assertStatus(v.run("--repo", sandbox.Repository, "--rotate-to", "branch:"+branchName), 0)
	v.assertStored("", "STRAVA_REFRESH_TOKEN")
	if v.server.Held(branchName) != v.server.LiveRefreshToken() {
		t.Error("the branch does not hold the refresh token")
	}
	v.assertSays("rotate-to: branch:strava-token", "contents: write")

	// Whoever logs in again may replace what nobody can open any more.
	v.server.SetFile(branchName, "refresh-token.txt", "strava-token refresh token, version 1\n\nsealed under another client secret\n-----BEGIN AGE ENCRYPTED FILE-----\nAAAA\n-----END AGE ENCRYPTED FILE-----\n")
	again := newVisitor(t, sandbox.Knobs{})
	again.server.SetFile(branchName, "refresh-token.txt", v.server.File(branchName, "refresh-token.txt"))
	again.types("y")
	again.assertStatus(again.run("--repo", sandbox.Repository, "--rotate-to", "branch:"+branchName), 0)
	again.assertSays("branch:strava-token", "Replace them?")
	if again.server.Held(branchName) != again.server.LiveRefreshToken() {
		t.Error("the branch does not hold the refresh token")
	}
}

// TestLoginIntoAFile keeps the refresh token there alone, since whoever used a
// copy would kill it, and ends with the command that uses it.
func TestLoginIntoAFile(t *testing.T) {
	t.Parallel()
	v := newVisitor(t, sandbox.Knobs{})
	folder := t.TempDir()
	token, app := filepath.Join(folder, "token"), filepath.Join(folder, "app.env")
	v.assertStatus(v.run("--rotate-to", "file:"+token, "--output", app), 0)
	sealed, err := os.ReadFile(token)
	if err != nil || v.server.Opened(string(sealed)) != v.server.LiveRefreshToken() {
		t.Errorf("the file does not keep the living refresh token: %v", err)
	}
	handed, err := os.ReadFile(app)
	if err != nil {
		t.Fatal(err)
	}
	if want := "STRAVA_CLIENT_ID=" + v.server.App().ID + "\nSTRAVA_CLIENT_SECRET=" + v.server.App().Secret + "\n"; string(handed) != want {
		t.Error("the file of the app does not hold its two values alone")
	}
	v.assertSays("strava-token refresh --rotate-to file:" + token)

	// Logging in again finds the same file, and goes on.
	v.client.Jar = nil // a browser that is not logged in at Strava
	v.assertStatus(v.run("--rotate-to", "file:"+token, "--output", app, "--yes"), 0)
	sealed, err = os.ReadFile(token)
	if err != nil || v.server.Opened(string(sealed)) != v.server.LiveRefreshToken() {
		t.Errorf("after the second login the file does not keep the living refresh token: %v", err)
	}
	if strings.Contains(v.stderr.String(), "gh secret set") || strings.Contains(v.stderr.String(), "sync.yml") {
		t.Errorf("it speaks of GitHub:\n%s", v.stderr.String())
	}
}

// TestLoginThatMayNotWrite ends with 1, since GitHub was asked.
func TestLoginThatMayNotWrite(t *testing.T) {
	t.Parallel()
	v := newVisitor(t, sandbox.Knobs{})
	v.browse = func(string) { t.Error("the browser was opened") }
	v.env["GITHUB_REPOSITORY"] = sandbox.Repository
	v.server.Fail(sandbox.Fault{Call: "blob", Kind: sandbox.FaultStatus, Status: 403, Body: `{"message":"Resource not accessible by personal access token"}`})
	output := filepath.Join(t.TempDir(), "app.env")
	v.assertStatus(v.run("--rotate-to", "branch:"+branchName, "--output", output), 1)
	if _, err := os.Stat(output); err == nil {
		t.Error("a file was left behind")
	}
}

// TestLoginShowsAWorkflowThatRuns: each target once, and none that a workflow
// cannot have.
func TestLoginShowsAWorkflowThatRuns(t *testing.T) {
	t.Parallel()
	v := newVisitor(t, sandbox.Knobs{})
	v.assertStatus(v.run("--repo", sandbox.Repository, "--rotate-to", "octo/running/strava_refresh_token", "--yes"), 0)
	if !strings.Contains(v.stderr.String(), "\n          rotate-to: STRAVA_REFRESH_TOKEN\n") {
		t.Errorf("the target is named twice:\n%s", v.stderr.String())
	}
	w := newVisitor(t, sandbox.Knobs{})
	w.browse = func(string) { t.Error("the browser was opened") }
	w.assertStatus(w.run("--repo", sandbox.Repository, "--rotate-to", "file:"+filepath.Join(t.TempDir(), "token")), 2)
	w.assertSays("These flags do not go together")
}
