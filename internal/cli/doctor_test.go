package cli_test

import (
	"strings"
	"testing"
	"time"

	"strava-token/internal/check"
	"strava-token/internal/sandbox"
)

// TestDoctorAsAStep runs the checklist as a workflow step does.
func TestDoctorAsAStep(t *testing.T) {
	for _, tt := range []struct {
		name   string
		knobs  sandbox.Knobs
		given  func(*step)
		status int
		says   []string
		spent  bool
	}{
		{name: "all is well", knobs: always, spent: true, says: []string{
			"ok       client id and client secret: They belong together.",
			"ok       octo/running/STRAVA_REFRESH_TOKEN: It exists (last updated on 1 January 2000). It can probably be written. The GitHub token has no known expiry date.",
			"ok       refresh token: It works. Strava replaced it, and the new one is in octo/running/STRAVA_REFRESH_TOKEN.",
			"ok       app and access token: They're active (for athlete 126651800).",
			"ok       scopes: read, activity:read_all",
		}},
		{name: "an environment shadows the secret", spent: true, given: func(s *step) {
			s.server.AddEnvironment("my env/prod")
			s.server.SetSecret(secretName+"@my env/prod", "x")
		}, says: []string{
			"warning  octo/running/STRAVA_REFRESH_TOKEN: octo/running/STRAVA_REFRESH_TOKEN@my env/prod is read instead of octo/running/STRAVA_REFRESH_TOKEN.",
		}},
		{name: "signs that turn the line around", spent: true, given: func(s *step) {
			s.server.AddEnvironment("a\u202eb")
			s.server.SetSecret(secretName+"@a\u202eb", s.server.LiveRefreshToken())
			s.runner.Input("rotate-to", secretName+"@a\u202eb")
		}, says: []string{
			"ok       octo/running/STRAVA_REFRESH_TOKEN@a\\u202eb: It exists (last updated on 1 January 2000). It can probably be written. The GitHub token has no known expiry date.",
		}},
		{name: "environments that may not be listed", spent: true,
			given: gitHubToken("secrets-only", sandbox.GitHubToken{Kind: sandbox.Personal, May: "secrets=write"}),
			says:  []string{"         Next: If the repository has environments, add Actions: read and Environments: read to the token at https://github.com/settings/personal-access-tokens. If it has none, do nothing."}},
		{name: "the repository shadows the organization", spent: true, given: func(s *step) {
			s.server.SetSecret("org:octo/"+secretName, s.server.LiveRefreshToken())
			s.runner.Input("rotate-to", "org:octo/"+secretName)
		}, says: []string{
			"warning  org:octo/STRAVA_REFRESH_TOKEN: octo/running/STRAVA_REFRESH_TOKEN is read instead of org:octo/STRAVA_REFRESH_TOKEN.",
		}},
		{name: "the GitHub token ends soon", spent: true, given: func(s *step) {
			ends := time.Now().AddDate(0, 0, 3)
			gitHubToken("ending-token", sandbox.GitHubToken{Kind: sandbox.Personal, May: "secrets=write environments=write", Expires: ends})(s)
		}, says: []string{"warning  octo/running/STRAVA_REFRESH_TOKEN: The GitHub token that writes octo/running/STRAVA_REFRESH_TOKEN expires on 4 January 2000."}},
		{name: "inactive app", knobs: sandbox.Knobs{Inactive: true}, status: 1, spent: true,
			says: []string{"ok       client id and client secret: They belong together.", "failure  run: The Strava app is inactive."}},
		{name: "missing scope", knobs: sandbox.Knobs{Scopes: []string{"read"}}, status: 1, spent: true,
			given: inputs("require-scopes", "activity:read_all"),
			says:  []string{"failure  run: The token lacks the scope activity:read_all."}},
		{name: "no target", given: inputs("rotate-to", ""),
			says: []string{"warning  refresh token: The refresh token wasn't tried."}},
		{name: "target that cannot be written", status: 1,
			given: gitHubToken("built-in-token", sandbox.GitHubToken{Kind: sandbox.Integration}), says: []string{
				"failure  octo/running/STRAVA_REFRESH_TOKEN: The built-in token can't write octo/running/STRAVA_REFRESH_TOKEN.",
				"warning  refresh token: The refresh token was left alone.",
			}},
		{name: "wrong client secret", status: 1, given: inputs("client-secret", strings.Repeat("f", 40)),
			says: []string{"failure  client id and client secret: Strava refused the client secret."}},
	} {
		runInStep(t, tt.name, tt.knobs, func(t *testing.T, s *step) {
			s.runner.Input("doctor", "true")
			s.given(tt.given)
			check.Equal(t, s.run(), tt.status, "exit status\n%s", s.runner.Log())
			for _, line := range tt.says {
				check.That(t, strings.Contains("\n"+s.runner.Log(), "\n"+line+"\n"), "%q is not in the checklist:\n%s", line, s.runner.Log())
			}
			check.Equal(t, strings.Count("\n"+s.runner.Printed(), "\n::error::"), min(tt.status, 1), "errors")
			check.Equal(t, s.runner.File("GITHUB_OUTPUT"), "", "outputs were set")
			check.That(t, strings.Contains(s.runner.File("GITHUB_STEP_SUMMARY"), "strava-token doctor"), "there is no summary")
			check.Equal(t, strings.Contains(s.server.Journal(), "refresh_token refresh#1"), tt.spent, "the refresh token was tried\n%s", s.server.Journal())
			check.That(t, s.kept() || tt.name == "the repository shadows the organization", "the refresh token was not kept")
		})
	}
}
