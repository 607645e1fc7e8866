package cli_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"strava-token/internal/check"
	"strava-token/internal/sandbox"
)

// TestLoginIntoARepository, however it's named. TestTranscripts has what is said, and
// what the page shows.
func TestLoginIntoARepository(t *testing.T) {
	t.Parallel()
	for _, repository := range []string{
		sandbox.Repository, "https://github.com/octo/running", "https://github.com/octo/running.git", " https://github.com/octo/running/ ",
	} {
		v := newVisitor(t, sandbox.Knobs{})
		v.assertStatus(v.run("--repo", repository), 0)
		v.assertStored("")
		check.Need(t, len(v.pages) == 1, "pages: %v", v.pages)
		nothing := !strings.Contains(v.pages[0], "<script") && !strings.ContainsAny(v.ended[0], "?#")
		check.That(t, nothing, "the page has a script, or its address %q has something in it", v.ended[0])
	}
}

func TestLoginIntoAnEnvironment(t *testing.T) {
	t.Parallel()
	v := newVisitor(t, sandbox.Knobs{})
	v.server.AddEnvironment("my env/prod")
	v.assertStatus(v.run("--repo", sandbox.Repository, "--environment", "my env/prod"), 0)
	v.assertStored("@my env/prod")
	v.assertSays("environment: 'my env/prod'")
}

// TestLoginIntoASecret: the workflow needs a token that may write it.
func TestLoginIntoASecret(t *testing.T) {
	t.Parallel()
	v := newVisitor(t, sandbox.Knobs{})
	v.assertStatus(v.run("--repo", sandbox.Repository, "--rotate-to", "strava_refresh_token"), 0)
	check.That(t, v.server.Secret("STRAVA_REFRESH_TOKEN") == v.server.LiveRefreshToken(), "the secret doesn't have the refresh token")
	v.assertSays("refresh-token: ${{ secrets.STRAVA_REFRESH_TOKEN }}", "rotate-to: octo/running/STRAVA_REFRESH_TOKEN\n",
		"github-token: ${{ secrets.SECRETS_WRITER }}", "settings/personal-access-tokens/new?", "secrets=write")
}

// TestLoginAsksBeforeItReplaces, and opens nothing before the answer.
func TestLoginAsksBeforeItReplaces(t *testing.T) {
	t.Parallel()
	for answer, status := range map[string]int{"n": 1, "": 1, "y": 0, "maybe\nyes": 0} {
		v := newVisitor(t, sandbox.Knobs{})
		v.server.SetSecret("STRAVA_CLIENT_SECRET", "old")
		v.types(answer)
		opened := false
		v.browse = func(address string) { opened = true; v.grant(address, "activity:read_all") }
		v.assertStatus(v.run("--repo", sandbox.Repository), status)
		v.assertSays("octo/running/STRAVA_CLIENT_SECRET", "Replace them?")
		if replaced := v.server.Secret("STRAVA_CLIENT_SECRET") != "old"; replaced != (status == 0) || opened != replaced {
			t.Errorf("%q: replaced: %t, opened: %t, want both %t", answer, replaced, opened, status == 0)
		}
	}
}

// TestLoginReplacesAnotherAthlete if somebody said so, and only then.
func TestLoginReplacesAnotherAthlete(t *testing.T) {
	t.Parallel()
	for answer, status := range map[string]int{"y": 0, "n": 1, "--yes": 0} {
		v := newVisitor(t, sandbox.Knobs{})
		v.env["STRAVA_REFRESH_TOKEN"], v.env["GITHUB_REPOSITORY"] = v.server.Connect(42), sandbox.Repository
		v.assertStatus(v.command("refresh", "--rotate-to", "branch:"+branchName), 0)
		delete(v.env, "STRAVA_REFRESH_TOKEN")
		before := v.server.Held(branchName)
		args := []string{"--repo", sandbox.Repository}
		if answer == "--yes" {
			args = append(args, answer)
		} else {
			v.types(answer)
		}
		v.assertStatus(v.run(args...), status)
		if status == 0 {
			v.assertStored("")
		} else if v.server.Held(branchName) != before {
			t.Error("the branch was written")
		}
		if answer != "--yes" {
			v.assertSays("branch:strava-token (the token of athlete 42)")
		}
	}
}

func TestLoginChecksTheTargetsBeforeTheBrowserOpens(t *testing.T) {
	t.Parallel()
	for _, token := range []sandbox.GitHubToken{
		{Kind: sandbox.Personal, May: "secrets=read contents=write"},
		{Kind: sandbox.Personal, May: "secrets=write contents=read"},
	} {
		v := newVisitor(t, sandbox.Knobs{})
		v.env["GH_TOKEN"] = v.server.NewGitHubToken("read-only-token", token)
		v.browse = func(string) { t.Error("the browser was opened") }
		v.assertStatus(v.run("--repo", sandbox.Repository), 1)
		v.assertMessages("target-personal-forbidden")
		v.assertNothingStored()
	}
}

func TestLoginDenied(t *testing.T) {
	t.Parallel()
	v := newVisitor(t, sandbox.Knobs{})
	v.browse = v.deny
	v.assertStatus(v.run("--repo", sandbox.Repository), 1)
	v.assertMessages("login-denied")
	check.That(t, len(v.pages) == 1 && strings.Contains(v.pages[0], "No access was granted"), "the page: %v", v.pages)
	v.assertNothingStored()
}

func TestLoginOffersToAskAgainForAnUntickedScope(t *testing.T) {
	t.Parallel()
	for answer, want := range map[string]string{"y": "read activity:read_all", "n": "read"} {
		v := newVisitor(t, sandbox.Knobs{})
		var opened []string
		v.browse = func(address string) {
			opened = append(opened, v.open(address))
			if len(opened) == 1 {
				_, query, _ := strings.Cut(v.callback(v.base+"/oauth/authorize?"+opened[0]), "?") // only read, which has no box
				here, _, _ := strings.Cut(address, "/start/")
				v.fetch(http.MethodGet, here+"/token?"+query, nil)
				v.waitFor("Ask again?")
				_, _ = io.WriteString(v.stdin, answer+"\n")
				return
			}
			v.grant(v.base+"/oauth/authorize?"+opened[1], "activity:read_all")
		}
		v.assertStatus(v.run("--repo", sandbox.Repository), 0)
		v.assertMessages("login-unticked")
		v.assertStored("")
		check.That(t, answer != "y" || len(opened) == 2 && strings.Contains(opened[1], "approval_prompt=force"), "opened: %v", opened)
		check.Equal(t, v.exchanges(), 1, "exchanges")
		check.Equal(t, strings.Join(v.server.GrantedScopes(), " "), want, "granted")
	}
}

// TestLoginTakesAPastedAddress: the browser is elsewhere.
func TestLoginTakesAPastedAddress(t *testing.T) {
	t.Parallel()
	v := newVisitor(t, sandbox.Knobs{})
	v.browse = func(address string) {
		address = v.callback(address, "activity:read_all")
		_, after, _ := strings.Cut(address, "code=")
		code, _, _ := strings.Cut(after, "&")
		for _, line := range []string{"hello", code, strings.Replace(address, "state=", "state=0", 1), address} {
			_, _ = io.WriteString(v.stdin, line+"\n")
		}
	}
	v.assertStatus(v.run("--repo", sandbox.Repository), 0)
	v.assertStored("")
	v.assertMessages("login-no-code", "login-code-alone", "login-wrong-state")
}

// TestLoginIsReloaded: a browser that asks twice does no harm.
func TestLoginIsReloaded(t *testing.T) {
	t.Parallel()
	v := newVisitor(t, sandbox.Knobs{})
	v.browse = func(address string) {
		callback := v.callback(address, "activity:read_all")
		reloaded := *v.client
		reloaded.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
		resp, err := reloaded.Get(callback)
		if err != nil {
			t.Error(err)
			return
		}
		_ = resp.Body.Close()
		if body, ended := v.fetch(http.MethodGet, callback, nil); !strings.Contains(body, "It worked") || strings.Contains(ended, "code") {
			t.Errorf("the page at %s: %s", ended, body)
		}
	}
	v.assertStatus(v.run("--repo", sandbox.Repository), 0)
	v.assertStored("")
	check.Equal(t, v.exchanges(), 1, "exchanges")
}

func TestLoginTriesAnEarlyCodeAgain(t *testing.T) {
	t.Parallel()
	v := newVisitor(t, sandbox.Knobs{EarlyCodes: 2})
	v.assertStatus(v.run("--repo", sandbox.Repository), 0)
	v.assertStored("")
	check.Equal(t, v.exchanges(), 3, "exchanges")
}

func TestLoginKeepsTheTokenOfAnInactiveApp(t *testing.T) {
	t.Parallel()
	v := newVisitor(t, sandbox.Knobs{Inactive: true})
	v.assertStatus(v.run("--repo", sandbox.Repository), 1)
	v.assertStored("")
	v.assertMessages("strava-app-inactive")
	check.That(t, len(v.pages) == 1 && strings.Contains(v.pages[0], "The Strava app is inactive"), "the page: %v", v.pages)
}

func TestLoginSealsWhatItCannotStore(t *testing.T) {
	t.Parallel()
	v := newVisitor(t, sandbox.Knobs{})
	v.server.Fail(sandbox.Fault{Call: "commit", Kind: sandbox.FaultStatus, Status: 403})
	v.assertStatus(v.run("--repo", sandbox.Repository), 3)
	v.assertMessages("run-not-kept")
	v.assertSays("BEGIN AGE ENCRYPTED FILE")
}

// TestLoginInterrupted ends with the status of an interrupt, at a question and
// while it waits for the browser.
func TestLoginInterrupted(t *testing.T) {
	t.Parallel()
	for text, spoil := range map[string]func(v *visitor){
		"Client ID: ":                 func(v *visitor) { delete(v.env, "STRAVA_CLIENT_ID") },
		"Replace them?":               func(v *visitor) { v.server.SetSecret("STRAVA_CLIENT_SECRET", "old") },
		"Waiting for Strava's answer": func(*visitor) {},
	} {
		v := newVisitor(t, sandbox.Knobs{})
		spoil(v)
		v.browse = func(string) {}
		ctx, interrupt := context.WithCancel(t.Context())
		v.ctx = ctx
		v.wait.Go(func() { v.waitFor(text); interrupt() })
		v.assertStatus(v.run("--repo", sandbox.Repository), 130)
		v.assertMessages()
		v.assertSays("cancelled")
	}
}

// TestLoginInterruptedTooLate is one that has everything by then.
func TestLoginInterruptedTooLate(t *testing.T) {
	t.Parallel()
	v := newVisitor(t, sandbox.Knobs{})
	v.browse = func(address string) { v.grant(address, "activity:read_all") }
	ctx, interrupt := context.WithCancel(t.Context())
	v.ctx = ctx
	v.server.Notify(func(call string) {
		if call == "put" && v.server.File("strava-token", "refresh-token.txt") != "" {
			interrupt()
		}
	})
	v.assertStatus(v.run("--repo", sandbox.Repository), 0)
	check.That(t, ctx.Err() != nil, "it wasn't interrupted")
	v.assertSays("The client secret is kept in")
}

// TestLoginWithoutAGitHubToken asks for the client id alone, sends nothing, and
// says how to go on in the browser.
func TestLoginWithoutAGitHubToken(t *testing.T) {
	t.Parallel()
	v := newVisitor(t, sandbox.Knobs{})
	delete(v.env, "GH_TOKEN")
	delete(v.env, "STRAVA_CLIENT_ID")
	delete(v.env, "STRAVA_CLIENT_SECRET")
	v.browse = func(string) { t.Error("the browser was opened") }
	v.types("my app\n48213")
	v.assertStatus(v.run("--repo", sandbox.Repository), 1)
	v.assertMessages("input-whitespace", "login-no-github-token")
	v.assertSays("https://github.com/octo/running/settings/secrets/actions/new", "client-id: 48213 #", "rotate-to: branch:strava-token\n")
	check.Equal(t, v.server.Journal(), "", "something was sent:")
	// What is no client id isn't printed.
	v.env["STRAVA_CLIENT_ID"] = v.server.App().Secret
	v.assertStatus(v.run("--repo", sandbox.Repository), 2)
}

func TestLoginSaysThatThePortIsTaken(t *testing.T) {
	t.Parallel()
	taken := check.Must(net.Listen("tcp", "127.0.0.1:0"))(t)
	defer taken.Close()
	_, port, _ := net.SplitHostPort(taken.Addr().String())
	v := newVisitor(t, sandbox.Knobs{})
	v.browse = func(string) { t.Error("the browser was opened") }
	v.assertStatus(v.run("--repo", sandbox.Repository, "--port", port), 1)
	v.assertMessages("login-port")
	v.assertSays("Port " + port)
}

// TestLoginCatchesSlips in what it was told, before anything is sent.
func TestLoginCatchesSlips(t *testing.T) {
	t.Parallel()
	repo := []string{"--repo", sandbox.Repository}
	for _, tt := range []struct {
		variable, value string
		args            []string
		want            string
	}{
		{"STRAVA_CLIENT_ID", "0123456789abcdef0123456789abcdef01234567", repo, "input-secret-as-id"},
		{"STRAVA_CLIENT_ID", "48 213", repo, "input-whitespace"},
		{"STRAVA_CLIENT_ID", "app!", repo, "input-not-a-client-id"},
		{"STRAVA_CLIENT_SECRET", "null", repo, "input-placeholder"},
		{"GITHUB_API_URL", "http://api.github.com", repo, "input-insecure-address"},
		{"", "", []string{"--scope", "view_private", "--format", "json"}, "input-unknown-scope"},
		{"", "", []string{"--scope", " "}, "login-no-scope"},
		{"", "", []string{"--repo", "octo"}, "login-repository"},
		{"", "", []string{"--repo", "https://github.com/octo"}, "login-repository"},
		{"", "", []string{"--repo", "https://github.com/octo/running/settings"}, "login-repository"},
		{"", "", []string{"--environment", "prod"}, "login-together"},
		{"", "", append(repo, "--format", "json"), "login-together"},
		{"", "", append(repo, "--output", "app.env"), "login-together"},
		{"", "", append(repo, "--rotate-to", "file:/x/token"), "login-together"},
		{"", "", append(repo, "--rotate-to", " file:/x/token"), "login-together"},
		{"", "", []string{"--format", "json", "--output", "app.env"}, "login-together"},
		{"", "", append(repo, "--port", "99999"), "login-no-port"},
		{"", "", []string{"--format", "xml"}, "login-format"},
	} {
		v := newVisitor(t, sandbox.Knobs{})
		v.env[tt.variable] = tt.value
		v.browse = func(string) { t.Error("the browser was opened") }
		v.assertStatus(v.run(tt.args...), 2)
		v.assertMessages(tt.want)
		check.Equal(t, v.server.Journal(), "", "something was sent:")
	}
}
