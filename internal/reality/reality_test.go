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

	"strava-token/internal/check"
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

// inAccount runs a subtest in a bubble: no port is opened.
func inAccount(t *testing.T, name string, do func(*account)) {
	t.Run(name, func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			a := &account{t: t, server: sandbox.New(sandbox.Knobs{CallbackDomain: "github.com"}), ctx: t.Context()}
			a.server.AddEnvironment("reality")
			a.server.SetSecret(target, a.server.LiveRefreshToken())
			a.args = []string{"reality", "--rotate-to", target}
			a.kept = func() string { return a.server.Secret(target) }
			a.env = map[string]string{
				"GH_TOKEN":               a.server.NewGitHubToken("secrets-token", secretsToken()),
				"REALITY_CONTENTS_TOKEN": a.server.BuiltInToken(),
			}
			do(a)
		})
	})
}

func secretsToken() sandbox.GitHubToken {
	return sandbox.GitHubToken{
		Kind: sandbox.Personal, May: "secrets=write environments=write actions=read", Expires: time.Now().Add(30 * 24 * time.Hour),
	}
}

type row struct{ verdict, seen, relies string }

// check runs the command, and returns its rows by their assumptions. Nothing may leak, nor
// half of it, nor in base64.
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
	check.Equal(a.t, status, wantStatus, "status\n%s%s", stdout.String(), stderr.String())
	for name, value := range a.server.Values() {
		for _, part := range []string{value, value[:len(value)/2], strings.ToUpper(value), base64.StdEncoding.EncodeToString([]byte(value))} {
			check.That(a.t, !strings.Contains(stdout.String()+stderr.String(), part), "%s was printed", name)
		}
	}
	// The newest refresh token is kept, no branch and no secret is left, and there were few refreshes.
	journal := strings.Join(strings.Fields(a.server.Journal()), " ")
	check.That(a.t, a.kept() == a.server.LiveRefreshToken(), "the newest refresh token is not kept\n%s", journal)
	deleted := regexp.MustCompile(`/git/refs/heads/\S+ (204|403)`).MatchString(journal)
	check.That(a.t, deleted || !strings.Contains(journal, "/git/refs 201"), "a branch is left\n%s", journal)
	for _, name := range regexp.MustCompile(`/actions/secrets/(STRAVA_TOKEN_REALITY_\w+)`).FindAllStringSubmatch(journal, -1) {
		check.That(a.t, a.server.Secret(name[1]) == "", "%s is left\n%s", name[1], journal)
	}
	refreshes := len(regexp.MustCompile(`grant=refresh_token refresh#\d+`).FindAllString(journal, -1))
	check.That(a.t, !regexp.MustCompile(`refresh#\d+ 400`).MatchString(journal), "a refresh token that was replaced was sent\n%s", journal)
	check.That(a.t, refreshes <= 3, "%d refreshes, want at most 3\n%s", refreshes, journal)
	check.Equal(a.t, strings.Join(a.server.Unexpected(), "\n"), "", "calls that no service has")
	rows := map[string]row{}
	for _, m := range regexp.MustCompile(`(?m)^\| (.*) \| (.*) \| (.*) \| (.*) \|$`).FindAllStringSubmatch(stdout.String(), -1) {
		rows[m[2]] = row{m[1], m[3], m[4]}
	}
	delete(rows, "assumption")
	return rows
}

func TestEveryAssumptionIsConfirmed(t *testing.T) {
	inAccount(t, "", func(a *account) {
		rows := a.check(0)
		check.Equal(a.t, len(rows), len(falsified), "rows, and cases that make one false")
		for about, r := range rows {
			check.Equal(a.t, r.verdict, "confirmed", "%s: %s", about, r.seen)
			check.That(a.t, falsified[about] != nil, "%s: nothing makes it false", about)
			check.Must(os.Stat(filepath.Join("..", "..", r.relies)))(a.t)
		}
	})
}

func domain(name string) func(*account) {
	return sets(func(k *sandbox.Knobs) { k.CallbackDomain = name })
}

func sets(change func(*sandbox.Knobs)) func(*account) {
	return func(a *account) { a.server.Set(change) }
}

func fails(f sandbox.Fault) func(*account) {
	if strings.HasPrefix(f.Call, "try-") { // where impossible secrets are tried, unlike those of a target
		f.Path = "/repos/" + sandbox.Repository + "/actions/secrets/"
	}
	return func(a *account) { check.OK(a.t, a.server.Fail(f)) }
}

// answers makes one call after skip others be answered with a status, and a fault of
// Strava's.
func answers(call string, skip, status int, fault string) func(*account) {
	part := append(strings.Split(fault, "/"), "", "")
	return fails(sandbox.Fault{
		Call: call, Kind: sandbox.FaultStatus, Skip: skip, Times: 1, Status: status,
		Body: fmt.Sprintf(`{"message":"Bad Request","errors":[{"resource":%q,"field":%q,"code":%q}]}`, part[0], part[1], part[2]),
	})
}

// body gives every such call another answer, once it's done.
func body(call, body string) func(*account) {
	return fails(sandbox.Fault{Call: call, Kind: sandbox.FaultBody, Status: 201, Body: body})
}

// header gives the answers to every such call another header.
func header(call, name, value string) func(*account) {
	return fails(sandbox.Fault{Call: call, Kind: sandbox.FaultHeader, Header: map[string]string{name: value}})
}

// falsified are what makes each row false, by what it's about.
var falsified = map[string]func(*account){
	"a refresh with more than an hour left returns the same access token": func(a *account) {
		a.server.Notify(func(string) { a.server.Advance(time.Hour) })
	},
	"a refresh returns the refresh token that was sent":                          sets(func(k *sandbox.Knobs) { k.Rotation = sandbox.RotateAlways }),
	"a wrong client secret is 401 Application//invalid":                          answers("token", 2, 400, "Application//invalid"),
	"an unknown client id is 400 Application/client_id/invalid":                  answers("token", 3, 401, "Application//invalid"),
	"a dead code is 400 AuthorizationCode/code/invalid":                          answers("token", 4, 400, "AuthorizationCode//expired"),
	"a dead refresh token is 400 RefreshToken/refresh_token/invalid":             answers("token", 5, 400, ""),
	"before login, the digits of a client id may be percent-encoded":             answers("authorize", 0, 400, "Application/client_id/invalid"),
	"before login, localhost is allowed besides the callback domain":             answers("authorize", 1, 400, "Application/redirect_uri/invalid"),
	"before login, github.com is allowed as callback domain":                     answers("authorize", 2, 200, ""),
	"before login, another address is refused with 400":                          domain("strava-token.invalid"),
	"DELETE of an impossible secret is 404 with a token that may write secrets":  answers("try-delete", 0, 422, ""),
	"DELETE of an impossible secret is 403 with one that may not":                answers("try-delete", 1, 404, ""),
	"PUT of a secret without a value is 422 with a token that may write secrets": answers("try-write", 0, 201, ""),
	"PUT of a secret without a value is 403 with one that may not":               answers("try-write", 1, 422, ""),
	"secrets of an environment have the documented address":                      answers("public-key", 2, 404, ""), // after the checks of the target
	"answers say when a personal access token ends":                              header("repository", "Github-Authentication-Token-Expiration", "soon"),
	"a blob can be created with contents: write":                                 answers("blob", 0, 422, ""),
	"a blob can't be created without contents: write":                            answers("blob", 1, 201, ""),
	"a commit that nothing refers to says whether GitHub signed it":              body("commit", `{"sha":"1"}`),
	"a first commit without parents becomes a new branch":                        body("ref", `{}`),
	"a file is replaced by its sha":                                              answers("put-content", 0, 422, ""),
	"an old sha is a conflict":                                                   answers("put-content", 1, 200, ""),
	"the branch of this check is gone again":                                     answers("delete-ref", 0, 403, ""),
	"a refusal names the permission secrets=write":                               header("try-delete", "X-Accepted-GitHub-Permissions", "metadata=read"),
	"a refusal names the permission contents=write":                              header("blob", "X-Accepted-GitHub-Permissions", ""),
}

func TestEveryAssumptionCanBeFalse(t *testing.T) {
	t.Parallel()
	for about, given := range falsified {
		inAccount(t, about, func(a *account) {
			given(a)
			r := a.check(1)[about]
			check.Equal(a.t, r.verdict, "false", "%s", r.seen)
		})
	}
}
