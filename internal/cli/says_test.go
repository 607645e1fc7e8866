package cli_test

import (
	"fmt"
	"strings"
	"testing"

	"strava-token/internal/check"
	"strava-token/internal/sandbox"
)

// TestGitHubSays: a refusal is told with GitHub's own words and a next step of its
// own, before anything is spent.
func TestGitHubSays(t *testing.T) {
	t.Parallel()
	const page = "https://127.0.0.1/orgs/octo/sso?authorization_request=A1B2"
	for _, tt := range []struct {
		id, message string
		status      int
		header      map[string]string
	}{
		{"target-sign-on", "Resource protected by organization SAML enforcement.", 403, map[string]string{"X-GitHub-SSO": "required; url=" + page}},
		{"target-archived", "Repository was archived so is read-only.", 403, nil},
		{"target-address-forbidden", "The octo organization has an IP allow list enabled.", 403, nil},
		{"target-token-forbidden", "octo forbids access via a personal access token (classic).", 403, nil},
		{"target-lifetime-forbidden", "octo forbids access if the token's lifetime is greater than 366 days.", 403, nil},
		{"target-admin-needed", "Must have admin rights to Repository.", 403, nil},
		{"target-suspended", "Sorry. Your account was suspended.", 403, nil},
		{"target-disabled", "Repository access blocked.", 403, nil},
		{"target-rate-limited", "You have exceeded a secondary rate limit.", 403, nil},
		{"target-legally-blocked", "Repository access blocked.", 451, nil},
		{"target-ruled", "Repository rule violations found Changes must be made elsewhere.", 409, nil},
		{"target-forbidden", "The moon is in the wrong house.", 403, nil},
		{"target-unrecognized", "No coffee.", 418, nil},
	} {
		runInStep(t, tt.id, always, func(t *testing.T, s *step) {
			s.server.Fail(sandbox.Fault{Call: "secret", Kind: sandbox.FaultStatus, Status: tt.status, Header: tt.header, Body: fmt.Sprintf(`{"message":%q}`, tt.message)})
			check.Equal(t, s.run(), 1, "exit status")
			s.assertMessage("Error", tt.id)
			check.That(t, strings.Contains(s.runner.Log(), "GitHub says: "+tt.message), "GitHub isn't quoted:\n%s", s.runner.Log())
			check.That(t, s.server.Count("strava", "POST", "/oauth/token") == 0, "the refresh token was sent")
			if strings.Contains(s.runner.Log(), "A1B2") || strings.Contains(s.runner.File("GITHUB_STEP_SUMMARY"), page) != (tt.header != nil) {
				t.Errorf("the page of the sign-on belongs into the summary alone:\n%s\n%s", s.runner.Log(), s.runner.File("GITHUB_STEP_SUMMARY"))
			}
			s.assertNothingLeaks()
		})
	}
}

// TestRenamed: the place that holds the old name is named, and the new name.
func TestRenamed(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ call, location, id, says string }{
		{"blob", "https://api.github.com/repos/octo/walking/git/blobs", "target-moved", "The repository is called octo/walking now."},
		{"blob", "https://api.github.com/repositories/1/git/blobs", "target-moved", "A redirect is never followed with a token in hand."},
		{"branch", "https://api.github.com/repositories/1/branches/other", "target-renamed-branch", "The branch is called other now."},
	} {
		runInStep(t, tt.id, always, func(t *testing.T, s *step) {
			onBranch(s)
			s.server.Fail(sandbox.Fault{Call: tt.call, Kind: sandbox.FaultStatus, Status: 301, Header: map[string]string{"Location": tt.location}, Body: `{"message":"Moved Permanently"}`})
			check.Equal(t, s.run(), 1, "exit status")
			s.assertMessage("Error", tt.id)
			check.That(t, strings.Contains(s.runner.Log(), tt.says), "%q isn't said:\n%s", tt.says, s.runner.Log())
		})
	}
}
