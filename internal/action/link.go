package action

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"strava-token/internal/input"
	"strava-token/internal/provider"
	"strava-token/internal/strava"
	"strava-token/internal/words"
)

// deadEnd is where Strava sends the browser if it can't be a page of GitHub's. It
// doesn't load: its address is what counts. Strava always allows localhost.
const deadEnd = "http://localhost/copy-this-whole-address"

// pages are the addresses of this workflow on GitHub.
type pages struct {
	workflow string // on which it is run
	edit     string // on which its file is changed
	known    bool   // whether the file is
}

// pagesOf derives the pages from the runner's environment. Without the name of the file
// both are the repository's Actions page.
func pagesOf(getenv func(string) string) pages {
	server := cmp.Or(getenv("GITHUB_SERVER_URL"), words.GitHub)
	repository := server + "/" + getenv("GITHUB_REPOSITORY")
	path, ref, _ := strings.Cut(getenv("GITHUB_WORKFLOW_REF"), "@refs/") // a name may have an @ in it
	path, ours := strings.CutPrefix(path, getenv("GITHUB_REPOSITORY")+"/")
	file, inFolder := strings.CutPrefix(path, ".github/workflows/")
	if !ours || !inFolder || file == "" || strings.Contains(file, "/") {
		return pages{workflow: repository + "/actions", edit: repository + "/actions"}
	}
	change := "/blob/HEAD/" // a tag can't be edited
	if branch, isBranch := strings.CutPrefix(ref, "heads/"); isBranch {
		change = "/edit/" + escaped(branch) + "/"
	}
	return pages{
		workflow: repository + "/actions/workflows/" + escaped(file),
		edit:     repository + change + escaped(path),
		known:    true,
	}
}

// escaped returns path as it is in an address.
func escaped(path string) string { return strings.ReplaceAll(url.PathEscape(path), "%2F", "/") }

// link returns Strava's page to authorize this app here, and whether it leads back to
// the workflow. had are the scopes that the token had before.
func (e *edge) link(ctx context.Context, in *input.Inputs, client *strava.Client, had []string) (link string, leadsBack bool) {
	redirect := e.pages.workflow
	if leadsBack = e.pages.known && client.LeadsBackTo(ctx, redirect); !leadsBack {
		redirect = deadEnd
	}
	return strava.HideID(client.AuthorizeURL(redirect, in.Scopes(had), in.State(), true), client.ClientID), leadsBack
}

// offerLink gives the voice a link if one of errs asks to authorize.
func (e *edge) offerLink(ctx context.Context, in *input.Inputs, run *provider.Run, o *provider.Outcome) {
	if len(in.Targets) == 0 {
		return // without a target the new token would be lost
	}
	for _, err := range append(o.Failures, o.Warnings...) {
		if e.voice.Asks(err) {
			had := o.Scope
			if had == nil && run.Readable != nil {
				had = run.Readable.Held().Scope
			}
			// A cancelled step has a moment left for it.
			e.voice.Link, _ = e.link(context.WithoutCancel(ctx), in, run.Strava, had)
			return
		}
	}
}

// offerDeadEnd gives the voice a link if err, about the inputs, asks to authorize. It
// doesn't ask Strava for the way back, since nothing is sent anywhere.
func (e *edge) offerDeadEnd(in *input.Inputs, err error) {
	if e.voice.Asks(err) && len(in.Targets) > 0 && in.StravaURL != nil && input.InspectClientID(in.ClientID) == "" {
		link := in.Strava(nil).AuthorizeURL(deadEnd, in.Scopes(nil), in.State(), true)
		e.voice.Link = strava.HideID(link, in.ClientID)
	}
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
	form := e.form()
	if form.isFilled && form.code != "" {
		return &words.Failure{ID: "input-code-not-passed", Blanks: words.Blanks{"edit": e.pages.edit}}
	}
	link, leadsBack := e.link(ctx, in, run.Strava, nil)
	e.voice.Link = link
	first := &firstStepError{link: link, id: "run-authorize", edit: e.pages.edit}
	switch {
	case form.isFilled && !form.takesCode:
		first.id = "run-authorize-add-code"
	case !leadsBack:
		first.id = "run-authorize-localhost"
	}
	return first
}

// firstStepError reports a run that waits for a person to authorize the app.
type firstStepError struct{ link, id, edit string }

func (e *firstStepError) Error() string { return "one step left: authorize" }

// Note returns the error's message.
func (e *firstStepError) Note() words.Note {
	return words.Note{ID: e.id, Blanks: words.Blanks{"edit": e.edit}}
}

// form is GitHub's Run workflow form as submitted.
type form struct {
	isFilled  bool // the run was started with it
	takesCode bool // it has a field for a code
	code      string
}

func (e *edge) form() form {
	inputs, _ := e.event["inputs"].(map[string]any)
	code, takesCode := inputs["code"]
	text, _ := code.(string)
	return form{
		isFilled:  e.getenv("GITHUB_EVENT_NAME") == "workflow_dispatch",
		takesCode: takesCode || e.event == nil, // unknown without the event
		code:      text,
	}
}

// isFirstStep returns the error of a run that waits for a person, or nil.
func isFirstStep(errs []error) *firstStepError {
	var first *firstStepError
	for _, err := range errs {
		if errors.As(err, &first) {
			return first
		}
	}
	return nil
}

// summaryOfFirstStep returns what a newcomer reads: the steps that are left.
func (e *edge) summaryOfFirstStep(first *firstStepError) string {
	var b strings.Builder
	e.title(&b, "summary-first-step")
	steps := []string{"summary-first-open", "summary-first-paste"}
	switch first.id {
	case "run-authorize-localhost":
		steps = []string{"summary-first-open", "summary-first-localhost"}
	case "run-authorize-add-code":
		steps = []string{"summary-first-add", "summary-first-open", "summary-first-paste"}
	}
	for i, id := range steps {
		fmt.Fprintf(&b, "%d. %s\n", i+1, markdown(e.voice.Say(id, words.Blanks{"edit": first.edit})))
		if id == "summary-first-add" {
			fmt.Fprintf(&b, "\n   ```yaml\n     workflow_dispatch:\n       inputs:\n         code:\n           description: %q\n\n             code: ${{ inputs.code }}\n   ```\n\n", e.voice.Say("summary-first-field", nil))
		}
	}
	return b.String()
}
