package action

import (
	"errors"
	"fmt"
	"strings"

	"strava-token/internal/login"
	"strava-token/internal/secret"
	"strava-token/internal/strava"
)

const (
	askWord = "ask"
	// bootstrapRedirect is a page that does not load: its address is what counts.
	// Strava always lets localhost through.
	bootstrapRedirect = "http://localhost/token"
)

// defaultScopes are what a sync of activities needs.
var defaultScopes = []string{"read", "activity:read_all"}

// askedScopes are what the link asks for.
func (in inputs) askedScopes() []string {
	if len(in.requireScopes) > 0 {
		return in.requireScopes
	}
	return defaultScopes
}

// bootstrapState is the state of the link and of the run that gets the code. The
// two keep nothing between them, so it is a keyed hash of what both know.
func (e *edge) bootstrapState(in inputs) string {
	return login.KeyedState(in.clientSecret, in.clientID, e.getenv("GITHUB_REPOSITORY"), strings.Join(in.askedScopes(), ","))
}

// code reads the input code: nothing, the word ask, a code, or an address with
// one. It is masked, although the log shows the inputs before this program can
// hide anything: a code that was used is worth nothing.
func (r *reader) code(name string, in inputs) (ask bool, code secret.Value, granted []string) {
	text := r.input(name)
	switch text {
	case "":
		return false, secret.Value{}, nil
	case askWord:
		return true, secret.Value{}, nil
	}
	r.coded = true
	if len(r.problems) > 0 {
		return false, secret.New(text), nil // the state depends on what is wrong
	}
	grant, err := login.ParsePasted(text, r.edge.bootstrapState(in))
	var denied *login.DeniedError
	switch {
	case errors.Is(err, login.ErrWrongState):
		r.problem(name, FaultWrongState, "")
	case errors.As(err, &denied):
		r.problem(name, FaultDenied, "")
	case err != nil:
		r.problem(name, FaultNoCode, "")
	}
	r.edge.Mask(grant.Code)
	if missing := grant.Missing(in.askedScopes()); len(missing) > 0 {
		r.problem(name, FaultUnticked, strings.Join(missing, ", "))
	}
	return false, grant.Code, grant.Scopes
}

// askForCode shows the link to open, in the log and in the summary.
func (e *edge) askForCode(in inputs) {
	client := &strava.Client{URL: in.stravaURL, ClientID: in.clientID}
	link := client.AuthorizeURL(bootstrapRedirect, in.askedScopes(), e.bootstrapState(in), true)
	e.say("Open this address, choose Authorize, and copy the address of the page that follows:")
	e.say(link)
	e.say("That page does not load, which is as it should be. Run this workflow again, with the address as its code.")
	e.addSummary(fmt.Sprintf(`### The first Strava refresh token

1. Open [this page of Strava's](%s), leave every box ticked, and choose **Authorize**.
2. The page that follows does not load, which is as it should be. Copy its whole address.
3. Run this workflow again (*Actions → this workflow → Run workflow*) and paste the address as **code**, soon: a code does not live long.
`, link))
}
