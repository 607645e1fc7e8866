package action

import (
	"context"
	"fmt"

	"strava-token/internal/input"
	"strava-token/internal/provider"
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
	e.say("Open this address, choose Authorize, and copy the address of the page that follows:")
	e.say(link)
	e.say("That page does not load, which is as it should be. Run this workflow again, with the address as its code.")
	e.addSummary(fmt.Sprintf(`### The first Strava refresh token

1. Open [this page of Strava's](%s), leave every box ticked, and choose **Authorize**.
2. The page that follows does not load, which is as it should be. Copy its whole address.
3. Run this workflow again (*Actions → this workflow → Run workflow*) and paste the address as **code**, soon: a code does not live long.
`, link))
	return provider.Done
}
