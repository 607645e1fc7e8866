package input

import (
	"errors"
	"strings"

	"strava-token/internal/secret"
	"strava-token/internal/strava"
)

const askWord = "ask"

// defaultScopes are what a sync of activities needs.
var defaultScopes = []string{"read", "activity:read_all"}

// AskedScopes are what the link to Strava asks for.
func (in *Inputs) AskedScopes() []string {
	if len(in.RequireScopes) > 0 {
		return in.RequireScopes
	}
	return defaultScopes
}

// State is the state of the link and of the run that gets the code. The two keep
// nothing between them, so it is a keyed hash of what both know.
func (in *Inputs) State() string {
	return strava.KeyedState(in.ClientSecret, in.ClientID, in.Repository, strings.Join(in.AskedScopes(), ","))
}

// code reads the input code: nothing, the word ask, a code, or an address with
// one. It is masked, although the log shows the inputs before this program can
// hide anything: a code that was used is worth nothing.
func (r *reader) code(in *Inputs) {
	const name = "code"
	text := r.Text(name)
	switch text {
	case "":
		return
	case askWord:
		in.Ask = true
		return
	}
	r.coded = true
	if len(r.problems) > 0 {
		in.Code = secret.New(text)
		return // the state depends on what is wrong
	}
	grant, err := strava.ParsePasted(text, in.State())
	var denied *strava.DeniedError
	switch {
	case errors.Is(err, strava.ErrWrongState):
		r.problem(name, FaultWrongState, "")
	case errors.As(err, &denied):
		r.problem(name, FaultDenied, "")
	case err != nil:
		r.problem(name, FaultNoCode, "")
	}
	r.mask(grant.Code)
	if missing := grant.Missing(in.AskedScopes()); len(missing) > 0 {
		r.problem(name, FaultUnticked, strings.Join(missing, ", "))
	}
	in.Code, in.Granted = grant.Code, grant.Scopes
}
