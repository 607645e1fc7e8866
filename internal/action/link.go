package action

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"strava-token/internal/input"
	"strava-token/internal/provider"
	"strava-token/internal/strava"
	"strava-token/internal/words"
)

// pagesOf returns the pages on GitHub where this workflow is run and where its file is
// changed. Both are the repository's Actions page if the runner doesn't name the file.
func pagesOf(getenv func(string) string) (workflow, edit string) {
	repository := cmp.Or(getenv("GITHUB_SERVER_URL"), words.GitHub) + "/" + getenv("GITHUB_REPOSITORY")
	path, ref, _ := strings.Cut(getenv("GITHUB_WORKFLOW_REF"), "@refs/") // a name may have an @ in it
	path, ours := strings.CutPrefix(path, getenv("GITHUB_REPOSITORY")+"/")
	file, inFolder := strings.CutPrefix(path, ".github/workflows/")
	if !ours || !inFolder || file == "" || strings.Contains(file, "/") {
		return repository + "/actions", repository + "/actions"
	}
	change := "/blob/HEAD/" // a tag can't be edited
	if branch, isBranch := strings.CutPrefix(ref, "heads/"); isBranch {
		change = "/edit/" + escaped(branch) + "/"
	}
	return repository + "/actions/workflows/" + escaped(file), repository + change + escaped(path)
}

func escaped(path string) string { return strings.ReplaceAll(url.PathEscape(path), "%2F", "/") }

// offer gives the voice the link to Strava's page that authorizes this app here, and
// returns whether it leads back to the workflow. had are the scopes that the token had
// before. Without a network Strava isn't asked for the way back.
func (e *edge) offer(ctx context.Context, in *input.Inputs, client *strava.Client, had []string) (leadsBack bool) {
	redirect := "http://localhost/copy-this-whole-address" // doesn't load, but Strava always allows it
	isKnown := e.voice.Workflow != e.voice.Edit            // the name of the workflow's file
	if leadsBack = client.Network != nil && isKnown && client.LeadsBackTo(ctx, e.voice.Workflow); leadsBack {
		redirect = e.voice.Workflow
	}
	e.voice.Link = strava.HideID(client.AuthorizeURL(redirect, in.Scopes(had), in.State(), true), in.ClientID)
	return leadsBack
}

// offerIfAsked does that if a message of the outcome asks to authorize.
func (e *edge) offerIfAsked(ctx context.Context, in *input.Inputs, run *provider.Run, o *provider.Outcome) {
	// Without a target the new token would be lost.
	if len(in.Targets) == 0 || !slices.ContainsFunc(append(o.Failures, o.Warnings...), e.voice.Asks) {
		return
	}
	had := o.Scope
	if had == nil && run.Readable != nil {
		had = run.Readable.Held().Scope
	}
	e.offer(context.WithoutCancel(ctx), in, run.Strava, had) // a cancelled step has a moment left for it
}

// firstStep returns how a run without a refresh token ends: if the app is right, as the
// targets are, one step is left. otherLogin is the warning that the code is from
// another login, or nil.
func (e *edge) firstStep(ctx context.Context, in *input.Inputs, run *provider.Run, otherLogin error) error {
	if err := run.Strava.CheckApp(ctx); err != nil {
		return err
	}
	if otherLogin != nil {
		return otherLogin
	}
	edit := words.Blanks{"edit": e.voice.Edit}
	dispatched := e.Getenv("GITHUB_EVENT_NAME") == "workflow_dispatch" // with GitHub's Run workflow form
	form, _ := e.event["inputs"].(map[string]any)
	code, takesCode := form["code"]
	if text, _ := code.(string); dispatched && text != "" {
		return &words.Failure{ID: "input-code-not-passed", Blanks: edit}
	}
	leadsBack := e.offer(ctx, in, run.Strava, nil)
	e.first = &words.Failure{ID: "run-authorize", Blanks: edit}
	switch {
	case dispatched && !takesCode && e.event != nil: // without the event that's unknown
		e.first.ID = "run-authorize-add-code"
	case !leadsBack:
		e.first.ID = "run-authorize-localhost"
	}
	return e.first
}

// addCode is what a workflow lacks that takes no code, as an item of a list.
const addCode = "\n   ```yaml\n     workflow_dispatch:\n       inputs:\n         code:\n           description: %q\n" +
	"\n             code: ${{ inputs.code }}\n   ```\n\n"

// stepsLeft returns what a newcomer reads.
func (e *edge) stepsLeft() string {
	steps := []string{"summary-first-open", "summary-first-paste"}
	switch e.first.ID {
	case "run-authorize-localhost":
		steps[1] = "summary-first-localhost"
	case "run-authorize-add-code":
		steps = slices.Insert(steps, 0, "summary-first-add")
	}
	summary := e.title("summary-first-step")
	for i, id := range steps {
		summary += fmt.Sprintf("%d. %s\n", i+1, markdown(e.voice.Say(id, e.first.Blanks)))
		if id == "summary-first-add" {
			summary += fmt.Sprintf(addCode, e.voice.Say("summary-first-field", nil))
		}
	}
	return summary
}
