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
// does not load: its address is what counts. Strava always lets localhost through.
const deadEnd = "http://localhost/copy-this-whole-address"

// pages are the addresses of this workflow on GitHub.
type pages struct {
	workflow string // on which it is run
	edit     string // on which its file is changed
	known    bool   // the file is
}

// pagesOf reads them from what the runner says. Without the name of the file both
// are the repository's Actions page.
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

// escaped is a path as an address has it.
func escaped(path string) string { return strings.ReplaceAll(url.PathEscape(path), "%2F", "/") }

// link is the page of Strava's on which this app is authorized for this place, and
// had are the scopes that the token had before.
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
		return // which come first, or the new token would be kept nowhere
	}
	for _, err := range append(o.Failures, o.Warnings...) {
		if e.voice.Asks(err) {
			had := o.Scope
			if had == nil && run.Readable != nil {
				had = run.Readable.Held().Scope
			}
			// A cancelled step has a moment left for it.
			link, _ := e.link(context.WithoutCancel(ctx), in, run.Strava, had)
			e.voice = e.voice.Authorizing(link, e.pages.workflow)
			return
		}
	}
}

// offerDeadEnd gives the voice a link if the code is all that is wrong. Strava is
// not asked where it would lead back to, since nothing is sent anywhere.
func (e *edge) offerDeadEnd(in *input.Inputs, err error) {
	if e.voice.Asks(err) && len(in.Targets) > 0 && in.StravaURL != nil && input.InspectClientID(in.ClientID) == "" {
		link := in.Strava(nil).AuthorizeURL(deadEnd, in.Scopes(nil), in.State(), true)
		e.voice = e.voice.Authorizing(strava.HideID(link, in.ClientID), e.pages.workflow)
	}
}

// firstStep ends a run that has no refresh token to begin with: the app and the
// targets are right, and one step is left. otherLogin says that the code, if there
// was one, is of another login.
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
	e.voice = e.voice.Authorizing(link, e.pages.workflow)
	first := &firstStepError{link: link, id: "run-authorize", edit: e.pages.edit}
	switch {
	case form.isFilled && !form.takesCode:
		first.id = "run-authorize-add-code"
	case !leadsBack:
		first.id = "run-authorize-localhost"
	}
	return first
}

// firstStepError is a run that waits for a person to authorize the app.
type firstStepError struct{ link, id, edit string }

func (e *firstStepError) Error() string { return "one step left: authorize" }

// Note is the error's message.
func (e *firstStepError) Note() words.Note {
	return words.Note{ID: e.id, Blanks: words.Blanks{"edit": e.edit}}
}

// form is that of Run workflow on GitHub.
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
		takesCode: takesCode || e.event == nil, // which cannot be told
		code:      text,
	}
}

// isFirstStep returns the error of a run that waits for a person.
func isFirstStep(errs []error) *firstStepError {
	var first *firstStepError
	for _, err := range errs {
		if errors.As(err, &first) {
			return first
		}
	}
	return nil
}

// summaryOfFirstStep is what a newcomer reads: the two steps that are left.
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
