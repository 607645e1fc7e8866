package login_test

import (
	"strings"
	"testing"

	"strava-token/examples"
	"strava-token/internal/check"
	"strava-token/internal/input"
	"strava-token/internal/login"
	"strava-token/internal/store"
)

func workflow(t *testing.T, environment string, targets ...string) string {
	t.Helper()
	in := &input.Inputs{ClientID: "48213"}
	for _, text := range targets {
		target := check.Must(store.Parse(text, "octo/running"))(t)
		in.Targets = append(in.Targets, target)
	}
	return login.Workflow(in, environment, []string{"read", "activity:read_all"})
}

// TestWorkflowIsTheExample: the one that is documented, and that is run in tests.
func TestWorkflowIsTheExample(t *testing.T) {
	_, want, _ := strings.Cut(strings.TrimSpace(examples.Sync), "\nname: ")
	want = strings.NewReplacer("client-id: 12345", "client-id: 48213", "scopes: activity:read_all", "scopes: read,activity:read_all").Replace(want)
	check.That(t, strings.Contains(want, "paths: ["+login.WorkflowFile+"]"), "the example isn't started by saving %s", login.WorkflowFile)
	check.Same(t, workflow(t, "", "branch:strava-token"), "name: "+want, "(-example +printed)")
}

// TestWorkflowForOtherPlaces shows the lines that differ from the first one.
func TestWorkflowForOtherPlaces(t *testing.T) {
	lines := func(text string) map[string]bool {
		all := map[string]bool{}
		for line := range strings.Lines(text + "\n") {
			all[strings.TrimSpace(line)] = true
		}
		return all
	}
	usual := lines(workflow(t, "", "branch:strava-token"))
	for _, tt := range []struct {
		environment string
		targets     []string
		added       []string
	}{
		{"it's #1", []string{"branch:strava-token"}, []string{"environment: 'it''s #1'"}},
		{"", []string{"branch:other"}, []string{"rotate-to: branch:other"}},
		{"", []string{"NAME"}, []string{
			"permissions: {}", "refresh-token: ${{ secrets.NAME }}", "rotate-to: octo/running/NAME", "github-token: ${{ secrets.SECRETS_WRITER }}",
		}},
		{"", []string{"branch:strava-token", "NAME"}, []string{
			"rotate-to: |", "branch:strava-token", "octo/running/NAME", "github-token: ${{ secrets.SECRETS_WRITER }}",
		}},
	} {
		var added []string
		for line := range strings.Lines(workflow(t, tt.environment, tt.targets...) + "\n") {
			if line = strings.TrimSpace(line); !usual[line] {
				added = append(added, line)
			}
		}
		check.Same(t, added, tt.added, "%v in %q", tt.targets, tt.environment)
	}
}
