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
	const permission, target, indent = "    permissions: { contents: write }", "rotate-to: branch:strava-token\n", "\n          "
	for _, edit := range [][2]string{
		{"client-id: 12345", "client-id: " + in.ClientID},
		{"require-scopes: activity:read_all", "require-scopes: " + strings.Join(scopes, ",")},
		{target, keeping(in.Targets, indent) + "\n"},
	} {
		workflow = strings.Replace(workflow, edit[0], edit[1], 1)
	}
	if environment != "" {
		quoted := "'" + strings.ReplaceAll(environment, "'", "''") + "'"
		workflow = strings.Replace(workflow, permission, "    environment: "+quoted+"\n"+permission, 1)
	}
	if !slices.ContainsFunc(in.Targets, store.Target.IsBranch) {
		before, line, _ := strings.Cut(workflow, permission)
		_, after, _ := strings.Cut(line, "\n")
		workflow = before + "    permissions: {}\n" + after
	}
	return "name: " + strings.TrimSuffix(workflow, "\n")
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
