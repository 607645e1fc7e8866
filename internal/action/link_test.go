package action

import (
	"testing"

	"strava-token/internal/check"
)

// TestPagesOf whatever the workflow's file and branch are called.
func TestPagesOf(t *testing.T) {
	t.Parallel()
	const base = "https://github.com/octo/running"
	for ref, want := range map[string][2]string{
		"octo/running/.github/workflows/strava.yml@refs/heads/main": {base + "/actions/workflows/strava.yml", base + "/edit/main/.github/workflows/strava.yml"},
		"octo/running/.github/workflows/my sync.yml@refs/heads/a#1": {base + "/actions/workflows/my%20sync.yml", base + "/edit/a%231/.github/workflows/my%20sync.yml"},
		"octo/running/.github/workflows/x@y.yml@refs/tags/v1":       {base + "/actions/workflows/x@y.yml", base + "/blob/HEAD/.github/workflows/x@y.yml"},
		"octo/running/.github/workflows/strava.yml@refs/heads/a/b":  {base + "/actions/workflows/strava.yml", base + "/edit/a/b/.github/workflows/strava.yml"},
		"octo/other/.github/workflows/strava.yml@refs/heads/main":   {base + "/actions", base + "/actions"},
		"": {base + "/actions", base + "/actions"},
	} {
		env := map[string]string{"GITHUB_REPOSITORY": "octo/running", "GITHUB_WORKFLOW_REF": ref}
		workflow, edit := pagesOf(func(name string) string { return env[name] })
		check.Equal(t, [2]string{workflow, edit}, want, "%s", ref)
	}
}
