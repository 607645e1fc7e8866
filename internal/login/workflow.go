package login

import (
	"slices"
	"strings"

	"strava-token/internal/input"
	"strava-token/internal/store"
	"strava-token/internal/words"
)

// WorkflowFile is where the workflow belongs.
const WorkflowFile = ".github/workflows/strava.yml"

// Workflow is examples/sync.yml, filled in: for these targets, in this
// environment, which may be empty, and with these scopes.
func Workflow(in *input.Inputs, environment string, scopes []string) string {
	var job, with string
	if environment != "" {
		job = "\n    environment: '" + strings.ReplaceAll(environment, "'", "''") + "'"
	}
	var targets []string
	var kept *store.Target // the secret that the workflow begins with
	for _, t := range in.Targets {
		if t.IsFile() {
			continue // a workflow has none
		}
		targets = append(targets, t.String())
		if !t.IsBranch() && kept == nil {
			kept = &t
		}
	}
	if slices.ContainsFunc(in.Targets, store.Target.IsBranch) {
		job += "\n    permissions:\n      contents: write # for the branch that keeps the refresh token, encrypted"
	} else if kept != nil {
		with += "\n          refresh-token: ${{ secrets." + kept.Name + " }}"
	}
	with += "\n          rotate-to: " + strings.Join(targets, "\n            ")
	if len(targets) > 1 {
		with = strings.Replace(with, "rotate-to: ", "rotate-to: |\n            ", 1)
	}
	if kept != nil {
		with += "\n          github-token: ${{ secrets.SECRETS_WRITER }}"
	}
	return `name: Strava
on:
  push:
    paths: [` + WorkflowFile + `] # saving this file starts the first run
  schedule:
    - cron: "17 5 * * *"
  workflow_dispatch:
    inputs:
      code:
        description: "Only once: the address that Strava sent you to"
concurrency: strava
permissions: {}
jobs:
  sync:
    runs-on: ubuntu-latest` + job + `
    steps:
      - id: strava
        uses: ` + words.Project + `@v1
        with:
          client-id: ` + in.ClientID + ` # no secret: it's in the link that you'll open
          client-secret: ${{ secrets.STRAVA_CLIENT_SECRET }}
          code: ${{ inputs.code }}` + with + `
          require-scopes: ` + strings.Join(scopes, ",") + `
      - env:
          ACCESS_TOKEN: ${{ steps.strava.outputs.access-token }}
        run: |
          curl -sf -H "Authorization: Bearer $ACCESS_TOKEN" "https://www.strava.com/api/v3/athlete/activities?per_page=5" >activities.json
          jq length activities.json`
}
