package login

import (
	"slices"
	"strings"

	"strava-token/examples"
	"strava-token/internal/input"
	"strava-token/internal/store"
)

// WorkflowFile is where the workflow belongs.
const WorkflowFile = ".github/workflows/strava.yml"

// Workflow returns examples/sync.yml, filled in: for these targets, in this
// environment, which may be empty, and with these scopes.
func Workflow(in *input.Inputs, environment string, scopes []string) string {
	_, workflow, _ := strings.Cut(examples.Sync, "\nname: ") // the lines above only explain it
	const permissions = "    permissions: { contents: write } # for the branch that keeps the refresh token, encrypted"
	inJob := permissions
	if !slices.ContainsFunc(in.Targets, store.Target.IsBranch) {
		inJob = "    permissions: {}"
	}
	if environment != "" {
		inJob = "    environment: '" + strings.ReplaceAll(environment, "'", "''") + "'\n" + inJob
	}
	return "name: " + strings.NewReplacer(
		permissions, inJob,
		"client-id: 12345", "client-id: "+in.ClientID,
		"require-scopes: activity:read_all", "require-scopes: "+strings.Join(scopes, ","),
		"rotate-to: branch:strava-token", keeping(in.Targets, "\n          "),
	).Replace(strings.TrimSuffix(workflow, "\n"))
}

// keeping returns the lines that say where the refresh token is kept: it's read from a
// secret if no branch has it, and writing a secret takes a token.
func keeping(targets []store.Target, indent string) string {
	var names []string
	for _, t := range targets {
		names = append(names, t.String())
	}
	lines := "rotate-to: " + names[0]
	if len(names) > 1 {
		lines = "rotate-to: |" + indent + "  " + strings.Join(names, indent+"  ")
	}
	first := slices.IndexFunc(targets, store.Target.IsSecret)
	if first >= 0 && !slices.ContainsFunc(targets, store.Target.IsBranch) {
		lines = "refresh-token: ${{ secrets." + targets[first].Name + " }}" + indent + lines
	}
	if first >= 0 {
		lines += indent + "github-token: ${{ secrets.SECRETS_WRITER }}"
	}
	return lines
}
