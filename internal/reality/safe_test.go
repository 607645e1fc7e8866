package reality_test

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"strava-token/internal/check"
	"strava-token/internal/sandbox"
)

// keptInFile lets a file keep the refresh token, which can be read back.
func keptInFile(a *account) {
	path := filepath.Join(a.t.TempDir(), "token")
	a.args = []string{"reality", "--rotate-to", "file:" + path}
	a.kept = func() string { return a.server.Opened(string(check.Must(os.ReadFile(path))(a.t))) }
}

// message makes every such call be answered with a status and a message.
func message(call string, status int, message string) func(*account) {
	return fails(sandbox.Fault{Call: call, Kind: sandbox.FaultStatus, Status: status, Body: `{"message":"` + message + `"}`})
}

// TestWhatIsMissing: a row that lacks what it takes says what to give. The rows are
// named by a part of what they are about.
func TestWhatIsMissing(t *testing.T) {
	t.Parallel()
	with := func(variable, may string) func(*account) { // a token that doesn't end
		return func(a *account) {
			a.env[variable] = a.server.NewGitHubToken("other", sandbox.GitHubToken{Kind: sandbox.Personal, May: may})
		}
	}
	const contents = "secret is 403|value is 403|can be created|new branch|conflict|gone again|secrets=write"
	for name, tt := range map[string]struct {
		given      func(*account)
		status     int
		says, rows string
	}{
		"no token that writes contents": {func(a *account) { a.env["REALITY_CONTENTS_TOKEN"] = "" }, 0,
			"^give --repo OWNER/REPO and REALITY_CONTENTS_TOKEN", contents},
		"no token that writes secrets": {func(a *account) { keptInFile(a); a.env["GH_TOKEN"] = "" }, 0, "^give --repo OWNER/REPO and GH_TOKEN",
			"secret is 404|value is 422|documented address|can't be created|token ends|contents=write"},
		"no repository": {func(a *account) { keptInFile(a); a.env["GITHUB_REPOSITORY"] = "" }, 0, "give --repo OWNER/REPO",
			"secret is 404|secret is 403|new branch|token ends"},
		"no environment": {func(a *account) {
			a.args = []string{"reality", "--rotate-to", "STRAVA_REFRESH_TOKEN"}
			a.server.SetSecret("STRAVA_REFRESH_TOKEN", a.server.LiveRefreshToken())
			a.kept = func() string { return a.server.Secret("STRAVA_REFRESH_TOKEN") }
		}, 0, "give --rotate-to NAME@ENVIRONMENT", "documented address"},
		"a token that may not write secrets": {with("GH_TOKEN", "secrets=read environments=write actions=read"), 0,
			"GH_TOKEN, a personal access token with Secrets", "secret is 404|value is 422"},
		"a token that may write contents as well": {with("GH_TOKEN", secretsToken().May+" contents=write"), 0,
			"without Contents", "can't be created|contents=write"},
		"a token that does not end": {with("GH_TOKEN", secretsToken().May), 0, "give a GH_TOKEN that ends", "token ends"},
		"a token that may write secrets as well": {with("REALITY_CONTENTS_TOKEN", secretsToken().May), 0,
			"contents: write and without secrets|failed|no branch", contents},
		"another callback domain": {domain(""), 0, "Callback Domain github.com", "github.com is allowed"},
		"an outage of Strava's":   {answers("authorize", 0, 503, ""), 0, "503", "percent-encoded"},
		"a rule":                  {message("ref", 422, "Repository rule violations found"), 0, "rule violations|failed", "new branch|conflict"},
		"a rate limit of GitHub's": {message("blob", 403, "You have exceeded a secondary rate limit."), 0, "secondary rate limit",
			"can be created|can't be created|contents=write"},
		"an app that is inactive": {sets(func(k *sandbox.Knobs) { k.Inactive = true }), 1, "give credentials that a refresh succeeds with",
			"token that was sent|wrong client secret"},
	} {
		inAccount(t, name, func(a *account) {
			tt.given(a)
			found := 0
			for about, r := range a.check(tt.status) {
				check.That(a.t, r.verdict != "false", "%s: false: %s", about, r.seen)
				if regexp.MustCompile(tt.rows).MatchString(about) {
					found++
					check.That(a.t, r.verdict == "could not be told" && regexp.MustCompile(tt.says).MatchString(r.seen), "%s: got %+v", about, r)
				}
			}
			check.Equal(a.t, found, strings.Count(tt.rows, "|")+1, "rows")
		})
	}
}

// TestTheNewestRefreshTokenIsKept in a target that can be read back as well, and is
// sealed if a target fails.
func TestTheNewestRefreshTokenIsKept(t *testing.T) {
	t.Parallel()
	always := sets(func(k *sandbox.Knobs) { k.Rotation = sandbox.RotateAlways })
	inAccount(t, "in a file", func(a *account) {
		always(a)
		keptInFile(a)
		a.check(1)
	})
	inAccount(t, "sealed", func(a *account) {
		always(a)
		message("put", 403, "Resource not accessible by personal access token")(a)
		a.kept = a.server.LiveRefreshToken
		check.Equal(a.t, len(a.check(3)), len(falsified), "rows")
		check.Equal(a.t, a.server.Count("strava", "POST", "/oauth/token grant=refresh_token refresh#1"), 1, "refreshes")
	})
	inAccount(t, "no target", func(a *account) {
		a.args = a.args[:1]
		a.check(2)
		check.Equal(a.t, a.server.Journal(), "", "what was sent")
	})
}

// TestTheBranchIsGone if its making was not answered, or the check is cancelled.
func TestTheBranchIsGone(t *testing.T) {
	t.Parallel()
	inAccount(t, "answer lost", func(a *account) {
		fails(sandbox.Fault{Call: "ref", Kind: sandbox.FaultCutAfter, Times: 1})(a)
		r := a.check(0)["the branch of this check is gone again"]
		check.Equal(a.t, r.verdict, "confirmed", "%s", r.seen)
	})
	inAccount(t, "cancelled", func(a *account) {
		ctx, cancel := context.WithCancel(a.ctx)
		a.ctx = ctx
		a.server.Notify(func(call string) {
			if call == "put-content" {
				cancel()
			}
		})
		a.check(1)
		check.Equal(a.t, a.server.Count("github", "DELETE", "/repos/octo/running/git/refs/heads/"), 1, "deleted branches\n%s", a.server.Journal())
	})
}

// TestNothingSecretOfAnAnswerIsShown: services may send back what they were sent.
func TestNothingSecretOfAnAnswerIsShown(t *testing.T) {
	t.Parallel()
	for _, secret := range []string{"client-secret", "refresh#1", "secrets-token", "built-in-token"} {
		inAccount(t, secret, func(a *account) {
			value := a.server.Values()[secret]
			spaced := value[:9] + " " + value[9:]
			refusal := `{"message":"` + spaced + `","errors":[{"resource":"` + value + `","field":"` + value + `","code":"x"}]}`
			leak := func(kind sandbox.FaultKind, skip int, body string, calls ...string) {
				for _, call := range calls {
					fails(sandbox.Fault{Call: call, Kind: kind, Skip: skip, Status: 418, Body: body, Header: map[string]string{
						"Location": "/" + value, "X-Accepted-GitHub-Permissions": spaced, "Github-Authentication-Token-Expiration": spaced,
					}})(a)
				}
			}
			leak(sandbox.FaultStatus, 2, refusal, "token")
			leak(sandbox.FaultStatus, 0, refusal, "authorize", "try-write", "blob", "delete-ref")
			leak(sandbox.FaultHeader, 0, "", "try-delete", "repository")
			body("commit", `{"sha":"1","verification":{"verified":true,"reason":"`+spaced+`"}}`)(a)
			withheld := 0
			for _, r := range a.check(1) {
				withheld += strings.Count(r.seen, "withheld")
			}
			check.That(a.t, withheld >= 10, "%d rows withheld, want most", withheld)
		})
	}
}
