package provider

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"

	"strava-token/internal/strava"
)

// proof is what the API said of an access token.
type proof struct {
	asked      bool // whether the athlete was asked for
	athleteID  int64
	athleteErr error
	// activitiesErr is nil where activities can be read, or were not asked for.
	activitiesErr error
}

// errNoAccessToken stands for a proof of a token that never came.
var errNoAccessToken = errors.New("no access token")

// prove asks the API what only it can tell. holder is whose token the new one
// would be written over, or 0.
func (r *Run) prove(ctx context.Context, token strava.Token, holder int64) proof {
	p := proof{asked: r.Verify || r.ExpectedAthlete != 0 || holder != 0}
	if token.AccessToken.Empty() {
		p.athleteErr, p.activitiesErr = errNoAccessToken, errNoAccessToken
		return p
	}
	var calls sync.WaitGroup
	if p.asked {
		calls.Go(func() {
			p.athleteErr = steadily(func() (err error) {
				p.athleteID, err = r.Strava.Athlete(ctx, token.AccessToken)
				return err
			})
		})
	}
	if r.mustProbeActivities(token) {
		calls.Go(func() {
			p.activitiesErr = steadily(func() error { return r.Strava.Activities(ctx, token.AccessToken) })
		})
	}
	calls.Wait()
	return p
}

// mustProveFirst reports whether it has to be known whose token it is before it
// is written: where that was asked for, and where the readable target does not
// know it yet, or holds another token than the one that was spent.
func (r *Run) mustProveFirst(o *Outcome) bool {
	switch {
	case r.ExpectedAthlete != 0:
		return true
	case !r.mustWriteReadable(o):
		return false
	case r.holder(o) != 0, o.replaces && len(r.RequireScopes) > 0:
		return true
	}
	return r.Verify && r.athleteOf(o) == 0
}

// mustProbeActivities reports whether a required scope can be told by a probe
// alone.
func (r *Run) mustProbeActivities(token strava.Token) bool {
	return token.Scope == nil && slices.ContainsFunc(r.RequireScopes, isActivityRead)
}

func isActivityRead(scope string) bool {
	return scope == "activity:read" || scope == "activity:read_all"
}

// judge draws the consequences of a proof. holder is whose token the new one
// would be written over, or 0.
func (r *Run) judge(o *Outcome, p proof, holder int64) {
	o.know(p.athleteID)
	if id := o.athlete(); holder != 0 && r.ExpectedAthlete == 0 && id != 0 && id != holder {
		o.limit(ExportNone)
		o.fail(&WrongAthleteError{Want: holder, Got: id, Holder: r.readable().String()})
	}
	if o.Token.AccessToken.Empty() {
		if r.ExpectedAthlete != 0 {
			o.fail(&AthleteUncheckedError{Want: r.ExpectedAthlete, Err: p.athleteErr})
		}
		return
	}
	r.judgeAthlete(o, p)
	r.judgeScopes(o, p)
}

func (r *Run) judgeAthlete(o *Outcome, p proof) {
	refused := isRefusal(p.athleteErr)
	if r.Verify && refused {
		o.limit(ExportWithoutAccessToken)
		o.fail(p.athleteErr)
	}
	switch {
	case r.ExpectedAthlete != 0 && p.athleteErr != nil:
		o.limit(ExportNone)
		if !refused || !r.Verify {
			o.fail(&AthleteUncheckedError{Want: r.ExpectedAthlete, Err: p.athleteErr})
		}
	case r.ExpectedAthlete != 0 && p.athleteID != r.ExpectedAthlete:
		o.limit(ExportNone)
		o.fail(&WrongAthleteError{Want: r.ExpectedAthlete, Got: p.athleteID})
	case r.Verify && p.athleteErr != nil && !refused && !errors.Is(p.athleteErr, context.Canceled):
		o.warn(&UnverifiedError{Err: p.athleteErr})
	}
}

// isRefusal reports whether the API said no, rather than nothing.
func isRefusal(err error) bool {
	var e *strava.Error
	return errors.As(err, &e) && (e.Status == 401 || e.Status == 403)
}

func (r *Run) judgeScopes(o *Outcome, p proof) {
	var missing, unchecked []string
	for _, scope := range r.RequireScopes {
		switch r.holds(o.Token, p, scope) {
		case no:
			missing = append(missing, scope)
		case unknown:
			unchecked = append(unchecked, scope)
		}
	}
	if len(missing) > 0 {
		o.limit(ExportWithoutAccessToken)
		e := &ScopeError{Missing: missing, Wanted: r.RequireScopes}
		if o.replaces {
			e.Left = r.readable().String()
		}
		o.fail(e)
	}
	if len(unchecked) > 0 {
		o.warn(&ScopeUncheckedError{Scopes: unchecked})
	}
}

type verdict int

const (
	unknown verdict = iota
	yes
	no
)

// holds tells whether the token has scope: from the answer where it carries
// scopes, from a probe where one can tell. A probe of the activities cannot
// tell activity:read from activity:read_all.
func (r *Run) holds(token strava.Token, p proof, scope string) verdict {
	var e *strava.Error
	switch {
	case token.Scope != nil && strava.Covers(token.Scope, scope), scope == "read":
		return yes
	case token.Scope != nil:
		return no
	case !isActivityRead(scope):
		return unknown
	case errors.As(p.activitiesErr, &e) && e.Kind == strava.ScopeMissing:
		return no
	case p.activitiesErr == nil && !strings.HasSuffix(scope, "_all"):
		return yes
	}
	return unknown
}
