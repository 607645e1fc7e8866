package cli_test

import (
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"strava-token/internal/sandbox"
)

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
