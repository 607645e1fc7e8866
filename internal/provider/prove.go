package provider

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"

	"strava-token/internal/strava"
	"strava-token/internal/words"
)

// proof is what the API said about an access token.
type proof struct {
	athleteID     int64 // 0 if the API wasn't asked, or gave no answer
	athleteErr    error
	activitiesErr error // nil if activities can be read, or weren't asked for
}

// prove asks the API what only it can tell.
func (r *Run) prove(ctx context.Context, i issued) (p proof) {
	access := i.token.AccessToken
	if access.Empty() {
		if r.ExpectedAthlete != 0 {
			p.athleteErr = errors.New("no access token")
		}
		return p
	}
	var calls sync.WaitGroup
	ask := func(err *error, question func() error) { calls.Go(func() { *err = steadily(question) }) }
	if r.Verify || r.ExpectedAthlete != 0 || i.rival.AthleteID != 0 {
		ask(&p.athleteErr, func() (err error) {
			p.athleteID, err = r.Strava.Athlete(ctx, access)
			return err
		})
	}
	if i.token.Scope == nil && slices.ContainsFunc(r.RequireScopes, strava.IsActivityRead) {
		ask(&p.activitiesErr, func() error { return r.Strava.Activities(ctx, access) })
	}
	calls.Wait()
	return p
}

// proved is what follows from a proof.
type proved struct {
	athleteID int64  // 0 if unknown
	export    Export // the most that may be exported
	// storable is false if the token must not replace what a target holds: it is
	// another athlete's, or lacks a scope that the other one may have.
	storable           bool
	wrong              words.Blanks // of the athlete who was expected, if it's another; reported before the other failures
	failures, warnings []error
}

func (v *proved) fail(most Export, err error) {
	v.export = min(v.export, most)
	v.failures = append(v.failures, err)
}

// judge decides what follows from a proof.
func (r *Run) judge(i issued, p proof) proved {
	v := proved{athleteID: cmp.Or(p.athleteID, i.token.AthleteID), export: ExportAll, storable: true}
	holder, whose := i.rival.AthleteID, cmp.Or(p.athleteID, i.athlete)
	if r.ExpectedAthlete == 0 && holder != 0 && holder != r.Replaces && whose != 0 && whose != holder {
		v.wrong = words.Blanks{"want": holder, "got": whose, "target": r.Readable.String()}
	}
	r.judgeAthlete(&v, p)
	if !i.token.AccessToken.Empty() {
		r.judgeScopes(&v, i, p)
	}
	if v.wrong != nil {
		v.storable, v.export = false, ExportNone
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
		blanks := words.Blanks{"want": r.ExpectedAthlete, "cause": strava.ProbeCause(p.athleteErr)}
		v.fail(ExportNone, &words.Failure{ID: "run-athlete-unchecked", Blanks: blanks})
	case r.ExpectedAthlete != 0 && p.athleteID != r.ExpectedAthlete:
		v.wrong = words.Blanks{"want": r.ExpectedAthlete, "got": p.athleteID, "target": ""}
	case r.Verify && p.athleteErr != nil && !errors.Is(p.athleteErr, context.Canceled):
		v.warnings = append(v.warnings, &words.Failure{ID: "run-unverified", Blanks: words.Blanks{"cause": strava.ProbeCause(p.athleteErr)}})
	}
}

func (r *Run) judgeScopes(v *proved, i issued, p proof) {
	missing, unchecked := strava.Lacking(r.RequireScopes, i.token.Scope, p.activitiesErr)
	if len(missing) > 0 {
		id, left := "run-scope", ""
		if i.mayBeWorthLess() {
			v.storable, id, left = false, "run-scope-of-the-input", r.Readable.String()
		}
		v.fail(ExportWithoutAccessToken, &words.Failure{ID: id, Blanks: words.Blanks{"scopes": missing, "target": left}})
	}
	if len(unchecked) > 0 {
		v.warnings = append(v.warnings, &words.Failure{ID: "run-scope-unchecked", Blanks: words.Blanks{"scopes": unchecked}})
	}
}
