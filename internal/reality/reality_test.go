package reality_test

import (
	"bytes"
	"context"
	"encoding/base64"
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
		Kind: sandbox.Personal, Secrets: sandbox.Write, Environments: sandbox.Write, Actions: sandbox.Read,
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

func fails(f sandbox.Fault) func(*account) { return func(a *account) { a.server.Fail(f) } }

// answers makes the nth call be answered with a status, and a fault of Strava's in
// which the fields are that.
func answers(call string, skip, status int, fields string) func(*account) {
	return fails(sandbox.Fault{Call: call, Kind: sandbox.FaultStatus, Skip: skip, Times: 1, Status: status,
		Body: `{"message":"Bad Request","errors":[{` + fields + `}]}`})
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
	"a refresh returns the refresh token that was sent": func(a *account) {
		a.server.Set(func(k *sandbox.Knobs) { k.Rotation = sandbox.RotateAlways })
	},
	"a wrong client secret is 401 Application//invalid":              answers("token", 2, 400, `"resource":"Application","field":"","code":"invalid"`),
	"an unknown client id is 400 Application/client_id/invalid":      answers("token", 3, 401, `"resource":"Application","field":"","code":"invalid"`),
	"a dead code is 400 AuthorizationCode/code/invalid":              answers("token", 4, 400, `"resource":"AuthorizationCode","field":"","code":"expired"`),
	"a dead refresh token is 400 RefreshToken/refresh_token/invalid": answers("token", 5, 400, ``),
	"before login, the digits of a client id may be percent-encoded": answers("authorize", 0, 400, `"resource":"Application","field":"client_id","code":"invalid"`),
	"before login, localhost is allowed besides the callback domain": answers("authorize", 1, 400, `"resource":"Application","field":"redirect_uri","code":"invalid"`),
	"before login, github.com is allowed as callback domain":         answers("authorize", 2, 200, ``),
	"before login, another address is refused with 400":              func(a *account) { a.server.Set(func(k *sandbox.Knobs) { k.CallbackDomain = "strava-token.invalid" }) },
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
	"a blob can be created with contents: write":                    answers("blob", 0, 422, ``),
	"a blob can't be created without contents: write":               answers("blob", 1, 201, ``),
	"a commit that nothing refers to says whether GitHub signed it": fails(sandbox.Fault{Call: "commit", Kind: sandbox.FaultBody, Status: 201, Body: `{"sha":"1"}`}),
	"a first commit without parents becomes a new branch":           fails(sandbox.Fault{Call: "ref", Kind: sandbox.FaultBody, Status: 201, Body: `{}`}),
	"a file is replaced by its sha":                                 answers("put-content", 0, 422, ``),
	"an old sha is a conflict":                                      answers("put-content", 1, 200, ``),
	"the branch of this check is gone again":                        answers("delete-ref", 0, 403, ``),
	"answers say when a personal access token ends": fails(sandbox.Fault{
		Call: "repository", Kind: sandbox.FaultHeader, Header: map[string]string{"Github-Authentication-Token-Expiration": "soon"}}),
	"a refusal names the permission secrets=write": fails(sandbox.Fault{
		Call: "try-delete", Kind: sandbox.FaultHeader, Path: repositorySecrets, Header: map[string]string{"X-Accepted-GitHub-Permissions": "metadata=read"}}),
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

// TestWhatIsMissing: a row that lacks what it takes says what to give.
func TestWhatIsMissing(t *testing.T) {
	t.Parallel()
	const (
		deleteAllowed   = "DELETE of an impossible secret is 404 with a token that may write secrets"
		deleteForbidden = "DELETE of an impossible secret is 403 with one that may not"
		putAllowed      = "PUT of a secret without a value is 422 with a token that may write secrets"
		putForbidden    = "PUT of a secret without a value is 403 with one that may not"
		environment     = "secrets of an environment have the documented address"
		blobAllowed     = "a blob can be created with contents: write"
		blobForbidden   = "a blob can't be created without contents: write"
		branch          = "a first commit without parents becomes a new branch"
		conflict        = "an old sha is a conflict"
		gone            = "the branch of this check is gone again"
		expiry          = "answers say when a personal access token ends"
		namesSecrets    = "a refusal names the permission secrets=write"
		namesContents   = "a refusal names the permission contents=write"
	)
	with := func(variable string, change func(*sandbox.GitHubToken)) func(*account) {
		return func(a *account) {
			token := secretsToken()
			change(&token)
			a.env[variable] = a.token("other", token)
		}
	}
	inRepository := func(a *account) {
		a.args = []string{"reality", "--rotate-to", "STRAVA_REFRESH_TOKEN"}
		a.server.SetSecret("STRAVA_REFRESH_TOKEN", a.server.LiveRefreshToken())
		a.kept = func() string { return a.server.Secret("STRAVA_REFRESH_TOKEN") }
	}
	for name, tt := range map[string]struct {
		given  func(*account)
		status int
		says   string
		rows   []string
	}{
		"no token that writes contents": {func(a *account) { a.env["REALITY_CONTENTS_TOKEN"] = "" }, 0, "give --repo OWNER/REPO and REALITY_CONTENTS_TOKEN",
			[]string{deleteForbidden, putForbidden, blobAllowed, branch, conflict, gone, namesSecrets}},
		"no token that writes secrets": {func(a *account) { keptInFile(a); a.env["GH_TOKEN"] = "" }, 0, "give --repo OWNER/REPO and GH_TOKEN",
			[]string{deleteAllowed, putAllowed, environment, blobForbidden, expiry, namesContents}},
		"no repository": {func(a *account) { keptInFile(a); a.env["GITHUB_REPOSITORY"] = "" }, 0, "give --repo OWNER/REPO",
			[]string{deleteAllowed, deleteForbidden, branch, expiry}},
		"no environment": {inRepository, 0, "give --rotate-to NAME@ENVIRONMENT", []string{environment}},
		"a token that may not write secrets": {with("GH_TOKEN", func(t *sandbox.GitHubToken) { t.Secrets = sandbox.Read }), 0, "GH_TOKEN, a personal access token with Secrets",
			[]string{deleteAllowed, putAllowed}},
		"a token that may write contents as well": {with("GH_TOKEN", func(t *sandbox.GitHubToken) { t.Contents = sandbox.Write }), 0, "without Contents",
			[]string{blobForbidden, namesContents}},
		"a token that does not end": {with("GH_TOKEN", func(t *sandbox.GitHubToken) { t.Expires = time.Time{} }), 0, "give a GH_TOKEN that ends", []string{expiry}},
		"a token that may write secrets as well": {with("REALITY_CONTENTS_TOKEN", func(*sandbox.GitHubToken) {}), 0, "contents: write and without secrets|failed|no branch",
			[]string{deleteForbidden, putForbidden, blobAllowed, branch, conflict, gone, namesSecrets}},
		"another callback domain": {func(a *account) { a.server.Set(func(k *sandbox.Knobs) { k.CallbackDomain = "" }) }, 0, "Callback Domain github.com",
			[]string{"before login, github.com is allowed as callback domain"}},
		"an outage of Strava's": {answers("authorize", 0, 503, ""), 0, "503", []string{"before login, the digits of a client id may be percent-encoded"}},
		"a rule":                {answersText("ref", 422, "Repository rule violations found"), 0, "rule violations|failed", []string{branch, conflict}},
		"a rate limit of GitHub's": {answersText("blob", 403, "You have exceeded a secondary rate limit."), 0, "secondary rate limit",
			[]string{blobAllowed, blobForbidden, namesContents}},
		"an app that is inactive": {func(a *account) { a.server.Set(func(k *sandbox.Knobs) { k.Inactive = true }) }, 1, "give credentials that a refresh succeeds with",
			[]string{"a refresh returns the refresh token that was sent", "a wrong client secret is 401 Application//invalid"}},
	} {
		t.Run(name, func(t *testing.T) {
			inAccount(t, func(a *account) {
				tt.given(a)
				rows := a.check(tt.status)
				for _, about := range tt.rows {
					if r := rows[about]; r.verdict != "could not be told" || !regexp.MustCompile(tt.says).MatchString(r.seen) {
						t.Errorf("%s: got %q: %s", about, r.verdict, r.seen)
					}
				}
				for about, r := range rows {
					if r.verdict == "false" {
						t.Errorf("%s: false: %s", about, r.seen)
					}
				}
			})
		})
	}
}

// answersText makes every such call be answered with a status and a message.
func answersText(call string, status int, message string) func(*account) {
	return fails(sandbox.Fault{Call: call, Kind: sandbox.FaultStatus, Status: status, Body: `{"message":"` + message + `"}`})
}

// keptInFile lets a file keep the refresh token, which can be read back.
func keptInFile(a *account) {
	path := filepath.Join(a.t.TempDir(), "token")
	a.args = []string{"reality", "--rotate-to", "file:" + path}
	a.kept = func() string {
		text, err := os.ReadFile(path)
		if err != nil {
			a.t.Fatal(err)
		}
		return a.server.Opened(string(text))
	}
}

// TestTheNewestRefreshTokenIsKept in a target that can be read back, too, and is sealed
// if a target fails.
func TestTheNewestRefreshTokenIsKept(t *testing.T) {
	t.Parallel()
	always := func(k *sandbox.Knobs) { k.Rotation = sandbox.RotateAlways }
	t.Run("in a file", func(t *testing.T) {
		inAccount(t, func(a *account) {
			a.server.Set(always)
			keptInFile(a)
			a.check(1)
		})
	})
	t.Run("sealed", func(t *testing.T) {
		inAccount(t, func(a *account) {
			a.server.Set(always)
			answersText("put", 403, "Resource not accessible by personal access token")(a)
			a.kept = a.server.LiveRefreshToken
			if rows := a.check(3); len(rows) != len(falsified) {
				t.Errorf("%d rows, want all", len(rows))
			}
			if n := a.server.Count("strava", "POST", "/oauth/token grant=refresh_token refresh#1"); n != 1 {
				t.Errorf("%d refreshes, want one", n)
			}
		})
	})
	t.Run("no target", func(t *testing.T) {
		inAccount(t, func(a *account) {
			a.args = a.args[:1]
			if a.check(2); a.server.Journal() != "" {
				t.Errorf("something was sent:\n%s", a.server.Journal())
			}
		})
	})
}

// TestTheBranchIsGone if its making was not answered, or the check is cancelled.
func TestTheBranchIsGone(t *testing.T) {
	t.Parallel()
	t.Run("answer lost", func(t *testing.T) {
		inAccount(t, func(a *account) {
			a.server.Fail(sandbox.Fault{Call: "ref", Kind: sandbox.FaultCutAfter, Times: 1})
			rows := a.check(0)
			if r := rows["the branch of this check is gone again"]; r.verdict != "confirmed" {
				t.Errorf("got %q: %s", r.verdict, r.seen)
			}
		})
	})
	t.Run("cancelled", func(t *testing.T) {
		inAccount(t, func(a *account) {
			ctx, cancel := context.WithCancel(a.ctx)
			a.ctx = ctx
			a.server.Notify(func(call string) {
				if call == "put-content" {
					cancel()
				}
			})
			a.check(1)
			if a.server.Count("github", "DELETE", "/repos/octo/running/git/refs/heads/") != 1 {
				t.Errorf("the branch was not deleted\n%s", a.server.Journal())
			}
		})
	})
}

// TestNothingSecretOfAnAnswerIsShown: services may send back what they were sent.
func TestNothingSecretOfAnAnswerIsShown(t *testing.T) {
	t.Parallel()
	for _, secret := range []string{"client-secret", "refresh#1", "secrets-token", "built-in-token"} {
		t.Run(secret, func(t *testing.T) {
			inAccount(t, func(a *account) {
				value := a.server.Values()[secret]
				spaced := value[:9] + " " + value[9:]
				refusal := `{"message":"` + spaced + `","errors":[{"resource":"` + value + `","field":"` + value + `","code":"x"}]}`
				leak := func(call, path string, kind sandbox.FaultKind, skip int, body string) {
					a.server.Fail(sandbox.Fault{Call: call, Path: path, Kind: kind, Skip: skip, Status: 418, Body: body, Header: map[string]string{
						"Location": "/" + value, "X-Accepted-GitHub-Permissions": spaced, "Github-Authentication-Token-Expiration": spaced,
					}})
				}
				leak("token", "", sandbox.FaultStatus, 2, refusal)
				leak("authorize", "", sandbox.FaultStatus, 0, refusal)
				leak("try-write", repositorySecrets, sandbox.FaultStatus, 0, refusal)
				leak("try-delete", repositorySecrets, sandbox.FaultHeader, 0, "")
				leak("repository", "", sandbox.FaultHeader, 0, "")
				leak("blob", "", sandbox.FaultStatus, 0, refusal)
				leak("delete-ref", "", sandbox.FaultStatus, 0, refusal)
				a.server.Fail(sandbox.Fault{Call: "commit", Kind: sandbox.FaultBody, Status: 201, Body: `{"sha":"1","verification":{"verified":true,"reason":"` + spaced + `"}}`})
				withheld := 0
				for _, r := range a.check(1) {
					if strings.Contains(r.seen, "withheld") {
						withheld++
					}
				}
				if withheld < 10 {
					t.Errorf("%d rows withheld, want most", withheld)
				}
			})
		})
	}
}
