package cli_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"strava-token/internal/check"
	"strava-token/internal/sandbox"
)

// TestAnswersThatTryToBreakOut of a line, a command or a file. Each fails, sets no
// output and leaks nothing; a refresh token that can be read is kept all the same, and
// an answer without one is sealed as it came, and the old token left alone.
func TestAnswersThatTryToBreakOut(t *testing.T) {
	t.Parallel()
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
			check.Equal(t, s.isSealed(), tt.status == 3, "the answer was sealed\n%s", s.runner.Log())
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
				Kind: sandbox.Personal, Secrets: sandbox.Write, Expires: time.Now().AddDate(0, 0, days)})(s)
			s.expect(0, "")
			s.assertMessage("Warning", warns)
		}
	})
}
