package provider

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"sync"

	"strava-token/internal/strava"
)

// proof is what the API said of an access token.
type proof struct {
	athleteID     int64 // 0 if it was not asked, or gave no answer
	athleteErr    error
	activitiesErr error // nil if activities can be read, or were not asked for
}

var errNoAccessToken = errors.New("no access token")

// prove asks the API what only it can tell.
func (r *Run) prove(ctx context.Context, i issued) (p proof) {
	access := i.token.AccessToken
	if access.Empty() {
		return proof{athleteErr: errNoAccessToken, activitiesErr: errNoAccessToken}
	}
	var calls sync.WaitGroup
	ask := func(err *error, question func() error) { calls.Go(func() { *err = steadily(question) }) }
	if r.Verify || r.ExpectedAthlete != 0 || i.instead.AthleteID != 0 {
		ask(&p.athleteErr, func() (err error) {
			p.athleteID, err = r.Strava.Athlete(ctx, access)
			return err
		})
	}
	if i.token.Scope == nil && slices.ContainsFunc(r.RequireScopes, isActivityRead) {
		ask(&p.activitiesErr, func() error { return r.Strava.Activities(ctx, access) })
	}
	calls.Wait()
	return p
}

func isActivityRead(scope string) bool {
	return scope == "activity:read" || scope == "activity:read_all"
}

// proved is what follows from a proof.
type proved struct {
	athleteID int64  // 0 if nobody said
	export    Export // the most that may be exported
	// fit is false if the token must not be written over what a target holds: it
	// is another athlete's, or lacks a scope that the other one may have.
	fit                bool
	wrong              *WrongAthleteError // among the failures, or nil
	failures, warnings []error
}

func (v *proved) fail(most Export, err error) {
	v.export = min(v.export, most)
	v.failures = append(v.failures, err)
}

// judge draws the consequences of a proof.
func (r *Run) judge(i issued, p proof) proved {
	v := proved{athleteID: cmp.Or(p.athleteID, i.token.AthleteID), export: ExportAll, fit: true}
	holder, whose := i.instead.AthleteID, cmp.Or(p.athleteID, i.athlete)
	if r.ExpectedAthlete == 0 && holder != 0 && holder != r.Replaces && whose != 0 && whose != holder {
		v.fit, v.wrong = false, &WrongAthleteError{Want: holder, Got: whose, Holder: r.readableName()}
		v.fail(ExportNone, v.wrong)
	}
	if !i.token.AccessToken.Empty() {
		r.judgeAthlete(&v, p)
		r.judgeScopes(&v, i, p)
	} else if r.ExpectedAthlete != 0 {
		v.fail(ExportNone, &AthleteUncheckedError{Want: r.ExpectedAthlete, Err: p.athleteErr})
	}
	return v
}

func (r *Run) judgeAthlete(v *proved, p proof) {
	e, ok := errors.AsType[*strava.Error](p.athleteErr)
	switch {
	case r.Verify && ok && (e.Status == 401 || e.Status == 403): // the API said no
		v.fail(ExportWithoutAccessToken, p.athleteErr)
		if r.ExpectedAthlete != 0 {
			v.export = ExportNone
		}
	case r.ExpectedAthlete != 0 && p.athleteErr != nil:
		v.fail(ExportNone, &AthleteUncheckedError{Want: r.ExpectedAthlete, Err: p.athleteErr})
	case r.ExpectedAthlete != 0 && p.athleteID != r.ExpectedAthlete:
		v.fit, v.wrong = false, &WrongAthleteError{Want: r.ExpectedAthlete, Got: p.athleteID}
		v.fail(ExportNone, v.wrong)
	case r.Verify && p.athleteErr != nil && !errors.Is(p.athleteErr, context.Canceled):
		v.warnings = append(v.warnings, &UnverifiedError{Err: p.athleteErr})
	}
}

func (r *Run) judgeScopes(v *proved, i issued, p proof) {
	var missing, unchecked []string
	for _, scope := range r.RequireScopes {
		switch hasScope(i.token, p, scope) {
		case no:
			missing = append(missing, scope)
		case unclear:
			unchecked = append(unchecked, scope)
		}
	}
	if len(missing) > 0 {
		e := &ScopeError{Missing: missing, Wanted: r.RequireScopes}
		if i.replaces() {
			v.fit, e.Left = false, r.readableName()
		}
		v.fail(ExportWithoutAccessToken, e)
	}
	if len(unchecked) > 0 {
		v.warnings = append(v.warnings, &ScopeUncheckedError{Scopes: unchecked})
	}
}

// hasScope tells whether the token has scope: from the answer if it carries scopes,
// from a probe if one can tell. A probe of the activities cannot tell activity:read
// from activity:read_all.
func hasScope(token strava.Token, p proof, scope string) answer {
	switch {
	case token.Scope != nil && strava.Covers(token.Scope, scope), scope == "read":
		return yes
	case token.Scope != nil:
		return no
	case !isActivityRead(scope):
		return unclear
	case kindOf(p.activitiesErr) == strava.ScopeMissing:
		return no
	case p.activitiesErr == nil && !strings.HasSuffix(scope, "_all"):
		return yes
	}
	return unclear
}
