package action

import (
	"context"
	"fmt"
	"strings"

	"strava-token/internal/input"
	"strava-token/internal/provider"
	"strava-token/internal/words"
)

// redirect is a page that does not load: its address is what counts. Strava
// always lets localhost through.
const redirect = "http://localhost/token"

// ask checks the targets, and shows the link to open.
func (e *edge) ask(ctx context.Context, in *input.Inputs, run *provider.Run) provider.Status {
	if failures := run.CheckTargets(ctx); len(failures) > 0 {
		o := &provider.Outcome{Failures: failures}
		e.report(o)
		return o.Status()
	}
	link := run.Strava.AuthorizeURL(redirect, in.AskedScopes(), in.State(), true)
	e.say(e.voice.Say("log-ask", nil))
	e.say(link)
	e.say(e.voice.Say("log-ask-again", nil))
	var b strings.Builder
	e.title(&b, "summary-ask")
	for i, id := range []string{"summary-ask-open", "summary-ask-copy", "summary-ask-run"} {
		fmt.Fprintf(&b, "%d. %s\n", i+1, e.voice.Say(id, words.Blanks{"link": link}))
	}
	e.addSummary(b.String())
	return provider.Done
}
