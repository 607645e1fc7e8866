package cli_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"strava-token/internal/check"
	"strava-token/internal/sandbox"
)

// TestGitHubSays: a refusal is told with GitHub's own words and a next step of its
// own, before anything is spent.
func TestGitHubSays(t *testing.T) {
	const page = "https://127.0.0.1/orgs/octo/sso?authorization_request=A1B2"
	for _, tt := range []struct {
		status int
		id     string
		says   string
	}{
		{403, "target-sign-on", "Resource protected by organization SAML enforcement. You must grant your token access to this organization."},
		{403, "target-sign-on", "No entry."}, // its header alone says so
		{403, "target-archived", "Repository was archived so is read-only."},
		{403, "target-address-forbidden", "Although you appear to have the correct authorization credentials, the `octo` organization has an IP allow list enabled, and 192.0.2.1 is not permitted to access this resource."},
		{403, "target-token-forbidden", "`octo` forbids access via a personal access token (classic). Please use a GitHub App, OAuth App, or a personal access token with fine-grained permissions."},
		{403, "target-lifetime-forbidden", "The 'octo' organization forbids access via a fine-grained personal access tokens if the token's lifetime is greater than 366 days."},
		{403, "target-admin-needed", "Must have admin rights to Repository."},
		{403, "target-suspended", "Sorry. Your account was suspended."},
		{403, "target-disabled", "Repository access blocked"},
		{403, "target-rate-limited", "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."},
		{403, "target-forbidden", "The moon is in the wrong house."},
		{451, "target-legally-blocked", "Repository access blocked"},
		{409, "target-ruled", "Repository rule violations found\n\nCannot update this protected ref.\n\n"},
		{409, "target-ruled", `Could not update file: Required status check "ci" is expected.`},
		{409, "target-conflict", "is at 1 but expected 2"},
		{422, "target-ruled", "Repository rule violations found"},
		{418, "target-unrecognized", "No coffee."},
	} {
		runInStep(t, fmt.Sprint(tt.status, tt.says), always, func(t *testing.T, s *step) {
			refusal := sandbox.Fault{Call: "secret", Kind: sandbox.FaultStatus, Status: tt.status, Body: fmt.Sprintf(`{"message":%q}`, tt.says)}
			signOn := tt.id == "target-sign-on"
			if signOn {
				refusal.Header = map[string]string{"X-GitHub-SSO": "required; url=" + page}
			}
			s.server.Fail(refusal)
			s.expect(1, tt.id)
			quote := strings.Join(strings.Fields(strings.ReplaceAll(tt.says, "`", "")), " ")
			check.That(t, strings.Contains(s.runner.Log(), "GitHub says: "+quote), "GitHub isn't quoted:\n%s", s.runner.Log())
			check.That(t, s.server.Count("strava", "POST", "/oauth/token") == 0, "the refresh token was sent")
			check.That(t, !strings.Contains(s.runner.Log(), "A1B2"), "the page of the sign-on is in the log:\n%s", s.runner.Log())
			summary := s.runner.File("GITHUB_STEP_SUMMARY")
			check.That(t, strings.Contains(summary, page) == signOn, "the page of the sign-on belongs into its summary:\n%s", summary)
		})
	}
}

// TestRenamed: the place that holds the old name is named, and the new name.
func TestRenamed(t *testing.T) {
	for _, tt := range []struct{ call, location, id, says string }{
		{"blob", "https://api.github.com/repos/octo/walking/git/blobs", "target-moved", "The repository is called octo/walking now."},
		{"blob", "https://api.github.com/repositories/1/git/blobs", "target-moved", "A redirect is never followed with a token in hand."},
		{"branch", "https://api.github.com/repositories/1/branches/other", "target-renamed-branch", "The branch is called other now."},
	} {
		runInStep(t, tt.says, always, func(t *testing.T, s *step) {
			onBranch(s)
			s.server.Fail(sandbox.Fault{Call: tt.call, Kind: sandbox.FaultStatus, Status: 301, Header: map[string]string{"Location": tt.location}, Body: `{"message":"Moved Permanently"}`})
			s.expect(1, tt.id)
			check.That(t, strings.Contains(s.runner.Log(), tt.says), "%q isn't said:\n%s", tt.says, s.runner.Log())
		})
	}
}

// TestAnswersThatTryToBreakOut of a line, a command or a file. Each fails, sets no
// output and leaks nothing; a refresh token that can be read is kept all the same, and
// an answer without one is sealed as it came, and the old token left alone.
func TestAnswersThatTryToBreakOut(t *testing.T) {
	const (
		delimiter = "_GitHubActionsFileCommandDelimeter_"
		good      = `"refresh_token":"{refresh_token}","expires_at":946706400,"expires_in":21600}`
		access    = `{"access_token":"{access_token}"`
		times     = `,"expires_at":1,"expires_in":1}`
	)
	for _, tt := range []struct {
		name   string
		status int // 1: with a refresh token, or nothing; 3: sealed
		body   string
	}{
		{"command in the access token", 1, `{"access_token":"{access_token}\n::set-output name=access-token::stolen",` + good},
		{"delimiter as the access token", 1, `{"access_token":"` + delimiter + `",` + good},
		{"delimiter in the access token", 1, `{"access_token":"x` + delimiter + `x",` + good},
		{"delimiter on a line", 1, `{"access_token":"{access_token}\n` + delimiter + `\nrotated=false",` + good},
		{"no access token", 1, `{` + good},
		{"the word null as the access token", 1, `{"access_token":"null",` + good},
		{"a page", 3, "<!DOCTYPE html><title>Strava</title>"},
		{"a token in a page", 3, `<html><body>{"access_token":"{access_token}","refresh_token":"{refresh_token}"}</body></html>`},
		{"null", 3, access + `,"refresh_token":null` + times},
		{"the word null", 3, access + `,"refresh_token":"null"` + times},
		{"a command", 3, access + `,"refresh_token":"{refresh_token}\n::set-output name=a::b"` + times},
		{"a field that is gone", 3, access + times},
		{"nothing", 1, ""},
	} {
		readable := strings.HasSuffix(tt.body, good)
		knobs := sandbox.Knobs{}
		if readable {
			knobs = always
		}
		runInStep(t, tt.name, knobs, func(t *testing.T, s *step) {
			inputs("export-env", "true", "expose-refresh-token", "true")(s)
			s.server.Fail(sandbox.Fault{Call: "token", Kind: sandbox.FaultBody, Body: tt.body})
			refusing("athlete", 503)(s) // the API is asked with the stolen value, and must not decide
			before := s.server.Secret(secretName)
			check.Equal(t, s.run(), tt.status, "exit status\n%s", s.runner.Log())
			check.Equal(t, s.runner.File("GITHUB_OUTPUT")+s.runner.File("GITHUB_ENV"), "", "outputs were set")
			check.Equal(t, strings.Count(s.runner.Printed(), "::error::"), 1, "errors\n%s", s.runner.Printed())
			check.That(t, !strings.Contains(s.runner.Printed(), "::set-output"), "a command broke out:\n%s", s.runner.Printed())
			check.That(t, s.kept() && (before != s.server.Secret(secretName)) == readable, "the secret isn't what it must be")
			check.That(t, readable || s.server.Count("github", "PUT", "/repos") == 1, "the secret was written")
			_, unread := s.sealed()
			check.Equal(t, unread, tt.status == 3, "the answer was sealed\n%s", s.runner.Log())
		})
	}
}

// TestWhatIsNoTokenIsNotBelieved: the tokens are handed on, and nothing of the rest is
// that could break out.
func TestWhatIsNoTokenIsNotBelieved(t *testing.T) {
	inStep(t, always, func(t *testing.T, s *step) {
		s.server.Fail(sandbox.Fault{Call: "token", Kind: sandbox.FaultBody,
			Body: `{"access_token":"{access_token}","scope":"read\n::error::x","expires_at":"soon","refresh_token":"{refresh_token}"}`})
		s.expect(0, "")
		s.assertMessage("Warning", "run-odd-answer")
		check.Equal(t, s.runner.Output("scope"), "", "scope")
		check.That(t, s.kept() && s.runner.Output("access-token") != "", "the tokens were not kept and handed on")
	})
}

// TestANameThatTriesToBreakOut: environments may be called almost anything, and
// their names are printed, and shown in the summary.
func TestANameThatTriesToBreakOut(t *testing.T) {
	inStep(t, always, func(t *testing.T, s *step) {
		const name = "##[add-mask]octo <b>bold</b> [x](y) *a* `b`"
		s.server.AddEnvironment(name)
		s.server.SetSecret("STRAVA@"+name, s.server.LiveRefreshToken())
		s.runner.Input("rotate-to", "STRAVA@"+name)
		s.expect(0, "")
		check.Contains(t, s.runner.Log(), "## [add-mask]octo")
		check.That(t, !strings.Contains(s.runner.Printed(), "##["), "the runner could read a command:\n%s", s.runner.Printed())
		summary := s.runner.File("GITHUB_STEP_SUMMARY")
		for _, raw := range []string{"<b>", " [x]", " *a*", " `b`"} {
			check.That(t, !strings.Contains(summary, raw), "%q is markup in the summary:\n%s", raw, summary)
		}
		check.Contains(t, summary, "bold")
	})
}

func TestTokenThatSoonExpiresIsAWarning(t *testing.T) {
	inStep(t, sandbox.Knobs{}, func(t *testing.T, s *step) {
		for days, warns := range map[int]string{13: "run-token-expires", 15: ""} {
			s.newRun()
			gitHubToken(fmt.Sprintf("token-of-%d-days", days), sandbox.GitHubToken{
				Kind: sandbox.Personal, May: "secrets=write", Expires: time.Now().AddDate(0, 0, days)})(s)
			s.expect(0, "")
			s.assertMessage("Warning", warns)
		}
	})
}
