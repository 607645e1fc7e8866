package reality_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"log"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"strava-token/internal/cli"
	"strava-token/internal/sandbox"
)

// target is where the refresh token is kept.
const target = "STRAVA_REFRESH_TOKEN@reality"

// account is what the owner of the project sets up: an app, a repository with an
// environment, and two tokens, each of which may do what the other may not.
type account struct {
	t      *testing.T
	server *sandbox.Server
	env    map[string]string
	args   []string
	ctx    context.Context
	kept   func() string // the refresh token that the target keeps
}

// inAccount runs a test in a bubble: no port is opened.
func inAccount(t *testing.T, do func(*account)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := &account{t: t, server: sandbox.New(sandbox.Knobs{CallbackDomain: "github.com"}), env: map[string]string{}, ctx: t.Context()}
		a.server.AddEnvironment("reality")
		a.server.SetSecret(target, a.server.LiveRefreshToken())
		a.args = []string{"reality", "--rotate-to", target}
		a.kept = func() string { return a.server.Secret(target) }
		maps.Copy(a.env, map[string]string{
			"GH_TOKEN": a.token("secrets-token", secretsToken()), "REALITY_CONTENTS_TOKEN": a.server.BuiltInToken(),
		})
		do(a)
	})
}

func secretsToken() sandbox.GitHubToken {
	return sandbox.GitHubToken{
		Kind: sandbox.Personal, May: "secrets=write environments=write actions=read",
		Expires: time.Now().Add(30 * 24 * time.Hour),
	}
}

func (a *account) token(name string, t sandbox.GitHubToken) string {
	return a.server.NewGitHubToken(name, t)
}

type row struct{ verdict, seen, relies string }

// check runs the command, and returns its rows by their assumptions.
func (a *account) check(wantStatus int) map[string]row {
	a.t.Helper()
	pipe := sandbox.NewPipe()
	service := &http.Server{Handler: a.server, ErrorLog: log.New(io.Discard, "", 0)}
	go func() { _ = service.Serve(pipe) }()
	defer service.Close()
	env := map[string]string{}
	for _, v := range a.server.Environment("http://" + pipe.Addr().String()) {
		env[v[0]] = v[1]
	}
	maps.Copy(env, a.env)
	var stdout, stderr bytes.Buffer
	status := cli.Run(a.ctx, cli.Process{
		Args: a.args, Getenv: func(name string) string { return env[name] },
		Stdin: strings.NewReader(""), Stdout: &stdout, Stderr: &stderr, Dial: pipe.Dial,
	})
	if status != wantStatus {
		a.t.Errorf("status: got %d, want %d\n%s%s", status, wantStatus, stdout.String(), stderr.String())
	}
	a.assertNothingLeaks(stdout.String() + stderr.String())
	a.assertUndone()
	rows := map[string]row{}
	for _, m := range regexp.MustCompile(`(?m)^\| (.*) \| (.*) \| (.*) \| (.*) \|$`).FindAllStringSubmatch(stdout.String(), -1) {
		rows[m[2]] = row{m[1], m[3], m[4]}
	}
	delete(rows, "assumption")
	return rows
}

// assertNothingLeaks looks for every secret by value, for half of it, and for what it
// would be in base64.
func (a *account) assertNothingLeaks(printed string) {
	a.t.Helper()
	for name, value := range a.server.Values() {
		for _, part := range []string{value, value[:len(value)/2], strings.ToUpper(value), base64.StdEncoding.EncodeToString([]byte(value))} {
			if strings.Contains(printed, part) {
				a.t.Errorf("%s was printed", name)
			}
		}
	}
}

// assertUndone: the newest refresh token is kept, no branch and no secret is left, and
// there were few refreshes.
func (a *account) assertUndone() {
	a.t.Helper()
	journal := strings.Join(strings.Fields(a.server.Journal()), " ")
	if a.kept() != a.server.LiveRefreshToken() {
		a.t.Errorf("the newest refresh token is not kept\n%s", journal)
	}
	for _, name := range a.server.Branches()[1:] { // after main
		if !strings.Contains(journal, "/git/refs/heads/"+name+" 403") {
			a.t.Errorf("%s is left\n%s", name, journal)
		}
	}
	for _, name := range regexp.MustCompile(`/actions/secrets/(STRAVA_TOKEN_REALITY_\w+)`).FindAllStringSubmatch(journal, -1) {
		if a.server.Secret(name[1]) != "" {
			a.t.Errorf("%s is left\n%s", name[1], journal)
		}
	}
	if n := len(regexp.MustCompile(`grant=refresh_token refresh#\d+`).FindAllString(journal, -1)); n > 3 {
		a.t.Errorf("%d refreshes, want at most 3\n%s", n, journal)
	}
	for _, call := range a.server.Unexpected() {
		a.t.Errorf("a call that no service has: %s", call)
	}
}

func TestEveryAssumptionIsConfirmed(t *testing.T) {
	inAccount(t, func(a *account) {
		rows := a.check(0)
		if len(rows) != len(falsified) {
			t.Errorf("%d rows, and %d cases that make one false", len(rows), len(falsified))
		}
		for about, r := range rows {
			if r.verdict != "confirmed" {
				t.Errorf("%s: %s: %s", about, r.verdict, r.seen)
			}
			if falsified[about] == nil {
				t.Errorf("%s: nothing makes it false", about)
			}
			if _, err := os.Stat(filepath.Join("..", "..", r.relies)); err != nil {
				t.Errorf("%s: %v", about, err)
			}
		}
	})
}

// repositorySecrets is where impossible secrets are tried, unlike those of a target.
const repositorySecrets = "/repos/" + sandbox.Repository + "/actions/secrets/"

func sets(change func(*sandbox.Knobs)) func(*account) {
	return func(a *account) { a.server.Set(change) }
}

func fails(f sandbox.Fault) func(*account) { return func(a *account) { a.server.Fail(f) } }

// answers makes one call after skip others be answered with a status, and a fault of
// Strava's.
func answers(call string, skip, status int, fault string) func(*account) {
	part := append(strings.Split(fault, "/"), "", "")
	return fails(sandbox.Fault{
		Call: call, Kind: sandbox.FaultStatus, Skip: skip, Times: 1, Status: status,
		Body: fmt.Sprintf(`{"message":"Bad Request","errors":[{"resource":%q,"field":%q,"code":%q}]}`, part[0], part[1], part[2]),
	})
}

// falsified are what makes each row false, by what it's about.
var falsified = map[string]func(*account){
	"a refresh with more than an hour left returns the same access token": func(a *account) {
		tokens := 0
		a.server.Notify(func(call string) {
			if call != "token" {
				return
			}
			if tokens++; tokens == 2 {
				a.server.Advance(5*time.Hour + 30*time.Minute)
			}
		})
	},
	"a refresh returns the refresh token that was sent":              sets(func(k *sandbox.Knobs) { k.Rotation = sandbox.RotateAlways }),
	"a wrong client secret is 401 Application//invalid":              answers("token", 2, 400, "Application//invalid"),
	"an unknown client id is 400 Application/client_id/invalid":      answers("token", 3, 401, "Application//invalid"),
	"a dead code is 400 AuthorizationCode/code/invalid":              answers("token", 4, 400, "AuthorizationCode//expired"),
	"a dead refresh token is 400 RefreshToken/refresh_token/invalid": answers("token", 5, 400, ""),
	"before login, the digits of a client id may be percent-encoded": answers("authorize", 0, 400, "Application/client_id/invalid"),
	"before login, localhost is allowed besides the callback domain": answers("authorize", 1, 400, "Application/redirect_uri/invalid"),
	"before login, github.com is allowed as callback domain":         answers("authorize", 2, 200, ""),
	"before login, another address is refused with 400":              sets(func(k *sandbox.Knobs) { k.CallbackDomain = "strava-token.invalid" }),
	"DELETE of an impossible secret is 404 with a token that may write secrets": fails(sandbox.Fault{
		Call: "try-delete", Kind: sandbox.FaultStatus, Path: repositorySecrets, Times: 1, Status: 422}),
	"DELETE of an impossible secret is 403 with one that may not": fails(sandbox.Fault{
		Call: "try-delete", Kind: sandbox.FaultStatus, Path: repositorySecrets, Skip: 1, Times: 1, Status: 404}),
	"PUT of a secret without a value is 422 with a token that may write secrets": fails(sandbox.Fault{
		Call: "try-write", Kind: sandbox.FaultStatus, Path: repositorySecrets, Times: 1, Status: 201}),
	"PUT of a secret without a value is 403 with one that may not": fails(sandbox.Fault{
		Call: "try-write", Kind: sandbox.FaultStatus, Path: repositorySecrets, Skip: 1, Times: 1, Status: 422}),
	"secrets of an environment have the documented address": fails(sandbox.Fault{ // after the checks of the target
		Call: "public-key", Kind: sandbox.FaultStatus, Path: "/repos/" + sandbox.Repository + "/environments/", Skip: 2, Status: 404}),
	"a blob can be created with contents: write":      answers("blob", 0, 422, ""),
	"a blob can't be created without contents: write": answers("blob", 1, 201, ""),
	"a commit that nothing refers to says whether GitHub signed it": fails(sandbox.Fault{
		Call: "commit", Kind: sandbox.FaultBody, Status: 201, Body: `{"sha":"1"}`}),
	"a first commit without parents becomes a new branch": fails(sandbox.Fault{Call: "ref", Kind: sandbox.FaultBody, Status: 201, Body: `{}`}),
	"a file is replaced by its sha":                       answers("put-content", 0, 422, ""),
	"an old sha is a conflict":                            answers("put-content", 1, 200, ""),
	"the branch of this check is gone again":              answers("delete-ref", 0, 403, ""),
	"answers say when a personal access token ends": fails(sandbox.Fault{
		Call: "repository", Kind: sandbox.FaultHeader, Header: map[string]string{"Github-Authentication-Token-Expiration": "soon"}}),
	"a refusal names the permission secrets=write": fails(sandbox.Fault{
		Call: "try-delete", Kind: sandbox.FaultHeader, Path: repositorySecrets,
		Header: map[string]string{"X-Accepted-GitHub-Permissions": "metadata=read"}}),
	"a refusal names the permission contents=write": fails(sandbox.Fault{
		Call: "blob", Kind: sandbox.FaultHeader, Header: map[string]string{"X-Accepted-GitHub-Permissions": ""}}),
}

func TestEveryAssumptionCanBeFalse(t *testing.T) {
	t.Parallel()
	for about, given := range falsified {
		t.Run(about, func(t *testing.T) {
			inAccount(t, func(a *account) {
				given(a)
				if r := a.check(1)[about]; r.verdict != "false" {
					t.Errorf("got %q: %s", r.verdict, r.seen)
				}
			})
		})
	}
}
