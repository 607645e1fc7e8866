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
	t.Parallel()
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
