package input

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	"strava-token/internal/store"
	"strava-token/internal/strava"
	"strava-token/internal/words"
)

// Scopes returns what to request: read, and the required scopes and those held before, or
// else activity:read_all.
func (in *Inputs) Scopes(had []string) []string {
	all := []string{"read"}
	if len(in.RequireScopes)+len(had) == 0 {
		all = append(all, "activity:read_all") // what a sync of activities needs
	}
	for _, s := range slices.Concat(in.RequireScopes, had) {
		if !slices.Contains(all, s) {
			all = append(all, s)
		}
	}
	return all
}

// State returns the state of the link; the run that gets the code computes it again.
// Nothing is kept between the two, so it's a keyed hash of what both know: one
// athlete's code never gets into another's target. It's public, and says only that an
// address belongs here.
func (in *Inputs) State() string {
	repository := in.Repository
	if in.RepositoryID != 0 {
		repository = strconv.FormatInt(in.RepositoryID, 10) // survives a rename
	}
	targets := make([]string, len(in.Targets))
	for i, t := range in.Targets {
		targets[i] = t.Key()
	}
	return strava.KeyedState(in.ClientSecret, in.ClientID, repository, strings.Join(targets, "\n"))
}

// code reads the input code: a code, or an address that contains one. It's masked,
// although the log shows the inputs before anything can be masked: a used code is
// worthless.
func (r *reader) code() {
	const name = "code"
	text := r.Text(name)
	if text == "" || len(r.problems) > 0 { // the state is computed from inputs that may be wrong
		return
	}
	in := r.in
	grant, err := strava.ParsePasted(text, in.State())
	switch {
	case errors.Is(err, strava.ErrWrongState) && slices.ContainsFunc(in.Targets, store.Target.Readable):
		// In a matrix each job gets the code, and one of them asked for it.
		in.Warnings = append(in.Warnings, problem(name, "input-wrong-state", ""))
	case errors.Is(err, strava.ErrWrongState):
		r.problem(name, "input-wrong-state", "")
	case errors.Is(err, strava.ErrDenied):
		r.problem(name, "input-denied", "")
	case err != nil:
		r.problem(name, "input-no-code", "")
	case grant.Stateless:
		in.Warnings = append(in.Warnings, &words.Failure{ID: "input-code-without-state"})
	}
	r.mask(grant.Code)
	missing, _ := strava.Lacking(in.RequireScopes, grant.Scopes, nil)
	r.expect(len(missing) == 0, name, "input-unticked", strings.Join(missing, ", "))
	in.Code, in.Granted = grant.Code, grant.Scopes
}
