package reality_test

import (
	"regexp"
	"testing"
	"time"

	"strava-token/internal/sandbox"
)

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
		"a token that may not write secrets": {with("GH_TOKEN", func(t *sandbox.GitHubToken) { t.May = "secrets=read environments=write actions=read" }), 0,
			"GH_TOKEN, a personal access token with Secrets",
			[]string{deleteAllowed, putAllowed}},
		"a token that may write contents as well": {with("GH_TOKEN", func(t *sandbox.GitHubToken) { t.May += " contents=write" }), 0, "without Contents",
			[]string{blobForbidden, namesContents}},
		"a token that does not end": {with("GH_TOKEN", func(t *sandbox.GitHubToken) { t.Expires = time.Time{} }), 0,
			"give a GH_TOKEN that ends", []string{expiry}},
		"a token that may write secrets as well": {with("REALITY_CONTENTS_TOKEN", func(*sandbox.GitHubToken) {}), 0,
			"contents: write and without secrets|failed|no branch",
			[]string{deleteForbidden, putForbidden, blobAllowed, branch, conflict, gone, namesSecrets}},
		"another callback domain": {sets(func(k *sandbox.Knobs) { k.CallbackDomain = "" }), 0, "Callback Domain github.com",
			[]string{"before login, github.com is allowed as callback domain"}},
		"an outage of Strava's": {answers("authorize", 0, 503, ""), 0, "503", []string{"before login, the digits of a client id may be percent-encoded"}},
		"a rule":                {answersText("ref", 422, "Repository rule violations found"), 0, "rule violations|failed", []string{branch, conflict}},
		"a rate limit of GitHub's": {answersText("blob", 403, "You have exceeded a secondary rate limit."), 0, "secondary rate limit",
			[]string{blobAllowed, blobForbidden, namesContents}},
		"an app that is inactive": {sets(func(k *sandbox.Knobs) { k.Inactive = true }), 1, "give credentials that a refresh succeeds with",
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
