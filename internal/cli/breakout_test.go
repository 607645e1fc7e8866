package cli_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"strava-token/internal/check"
	"strava-token/internal/sandbox"
)

// TestAnswersThatTryToBreakOut holds token answers which try to set outputs of
// their own. Each fails, sets no output and leaks nothing; a refresh token that can be
// read is kept all the same.
func TestAnswersThatTryToBreakOut(t *testing.T) {
	t.Parallel()
	const delimiter = "_GitHubActionsFileCommandDelimeter_"
	const good = `"refresh_token":"{refresh_token}","expires_at":946706400,"expires_in":21600`
	for name, body := range map[string]string{
		"command in the access token":   `{"access_token":"{access_token}\n::set-output name=access-token::stolen",` + good + `}`,
		"delimiter as the access token": `{"access_token":"` + delimiter + `",` + good + `}`,
		"delimiter in the access token": `{"access_token":"x` + delimiter + `x",` + good + `}`,
		"delimiter on a line":           `{"access_token":"{access_token}\n` + delimiter + `\nrotated=false",` + good + `}`,
		"no access token":               `{` + good + `}`,
		"the word null":                 `{"access_token":"null",` + good + `}`,
	} {
		runInStep(t, name, always, func(t *testing.T, s *step) {
			s.assertNothingBreaksOut(body, 1)
			check.That(t, s.server.Secret(secretName) == s.server.LiveRefreshToken(), "the refresh token was not kept")
		})
	}
}

// assertNothingBreaksOut runs with body as the answer to the token request.
func (s *step) assertNothingBreaksOut(body string, status int) {
	s.t.Helper()
	s.runner.Input("export-env", "true")
	s.runner.Input("expose-refresh-token", "true")
	s.server.Fail(sandbox.Fault{Call: "token", Kind: sandbox.FaultBody, Body: body})
	// The API is asked with the stolen value, and must not decide.
	s.server.Fail(sandbox.Fault{Call: "athlete", Kind: sandbox.FaultStatus, Status: 503})
	check.Equal(s.t, s.run(), status, "exit status\n%s", s.runner.Log())
	check.Equal(s.t, s.runner.File("GITHUB_OUTPUT")+s.runner.File("GITHUB_ENV"), "", "outputs were set")
	check.Equal(s.t, strings.Count(s.runner.Printed(), "::error::"), 1, "errors\n%s", s.runner.Printed())
	check.That(s.t, !strings.Contains(s.runner.Printed(), "::set-output"), "a command broke out:\n%s", s.runner.Printed())
	s.assertNothingLeaks()
}

// TestWhatIsNoTokenIsNotBelieved: the tokens are handed on, and nothing of the rest is
// that could break out.
func TestWhatIsNoTokenIsNotBelieved(t *testing.T) {
	inStep(t, always, func(t *testing.T, s *step) {
		s.server.Fail(sandbox.Fault{Call: "token", Kind: sandbox.FaultBody,
			Body: `{"access_token":"{access_token}","scope":"read\n::error::x","expires_at":"soon","refresh_token":"{refresh_token}"}`})
		if got := s.run(); got != 0 || strings.Contains(s.runner.Printed(), "::error::") || s.runner.Output("scope") != "" {
			t.Errorf("exit status %d, scope %q\n%s", got, s.runner.Output("scope"), s.runner.Printed())
		}
		s.assertMessage("Warning", "run-odd-answer")
		if s.server.Secret(secretName) != s.server.LiveRefreshToken() || s.runner.Output("access-token") == "" {
			t.Error("the tokens were not kept and handed on")
		}
		s.assertNothingLeaks()
	})
}

// TestWithoutASuccessorTheOldTokenIsLeftAlone holds answers without a refresh token
// that can be used. Each is sealed as it came.
func TestWithoutASuccessorTheOldTokenIsLeftAlone(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"a page":               "<!DOCTYPE html><title>Strava</title>",
		"a token in a page":    `<html><body>{"access_token":"{access_token}","refresh_token":"{refresh_token}"}</body></html>`,
		"null":                 `{"access_token":"{access_token}","refresh_token":null,"expires_at":1,"expires_in":1}`,
		"the word null":        `{"access_token":"{access_token}","refresh_token":"null","expires_at":1,"expires_in":1}`,
		"a command":            `{"access_token":"{access_token}","refresh_token":"{refresh_token}\n::set-output name=a::b","expires_at":1,"expires_in":1}`,
		"a field that is gone": `{"access_token":"{access_token}","expires_at":1,"expires_in":1}`,
		"nothing":              "",
	} {
		runInStep(t, name, sandbox.Knobs{}, func(t *testing.T, s *step) {
			before, status := s.server.Secret(secretName), 3
			if body == "" {
				status = 1 // nothing arrived
			}
			s.assertNothingBreaksOut(body, status)
			check.That(t, s.server.Secret(secretName) == before && s.server.Count("github", "PUT", "/repos") == 1, "the secret was written")
			check.That(t, s.isSealed() == (status == 3), "the answer was sealed: %t\n%s", s.isSealed(), s.runner.Log())
		})
	}
}

// TestANameThatTriesToBreakOut: environments may be called almost anything, and
// their names are printed, and shown in the summary.
func TestANameThatTriesToBreakOut(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const name = "##[add-mask]octo <b>bold</b> [x](y) *a* `b`"
		s := newStep(t, always)
		s.server.AddEnvironment(name)
		s.server.SetSecret("STRAVA@"+name, s.server.LiveRefreshToken())
		s.runner.Input("rotate-to", "STRAVA@"+name)
		if got := s.run(); got != 0 || !strings.Contains(s.runner.Log(), "## [add-mask]octo") {
			t.Errorf("exit status: got %d, want 0 and the name in the log\n%s", got, s.runner.Log())
		}
		check.That(t, !strings.Contains(s.runner.Printed(), "##["), "the runner could read a command:\n%s", s.runner.Printed())
		summary := s.runner.File("GITHUB_STEP_SUMMARY")
		for _, raw := range []string{"<b>", " [x]", " *a*", " `b`"} {
			check.That(t, !strings.Contains(summary, raw), "%q is markup in the summary:\n%s", raw, summary)
		}
		check.That(t, strings.Contains(summary, "bold"), "the name is not in the summary:\n%s", summary)
	})
}

func TestRunWhoseOutputIsClosedStillStores(t *testing.T) {
	inStep(t, always, func(t *testing.T, s *step) {
		gone := make(unread)
		close(gone)
		s.stdout = gone
		check.Equal(t, s.run(), 1, "exit status")
		check.That(t, s.server.Secret(secretName) == s.server.LiveRefreshToken(), "the refresh token was not kept")
		check.Equal(t, s.runner.File("GITHUB_OUTPUT"), "", "outputs, though nothing could be masked")
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
