package provider

import (
	"context"
	"errors"

	"strava-token/internal/secret"
	"strava-token/internal/strava"
)

// attempts are the refresh tokens that a run tried, and how that ended.
type attempts struct {
	tried []secret.Value
	held  bool          // a readable target held one of them
	cut   bool          // cancelled while another run may have been about to write
	lost  int           // how many another run was faster with
	last  *strava.Error // nil where the last one was not refused
	gone  *strava.Error // of a candidate whose answer was lost
	err   error         // of the last one
	// unreadable is why the readable target could not be read again.
	unreadable error
}

// refused takes the result of one attempt, and reports whether the next
// candidate may be tried.
func (a *attempts) refused(err error) bool {
	a.err, a.last = err, nil
	if !errors.As(err, &a.last) {
		return false
	}
	if a.last.Kind == strava.AnswerLost {
		a.gone = a.last
	}
	return a.last.Kind == strava.InvalidRefreshToken || a.last.Kind == strava.AnswerLost
}

// verdict is why nothing was issued, or nil.
func (r *Run) verdict(ctx context.Context, o *Outcome, a *attempts) error {
	if a.last == nil {
		return a.err
	}
	why := a.last
	if a.gone != nil && (why.Kind == strava.InvalidRefreshToken || why.Kind == strava.Unreachable) {
		why = a.gone // what happened to the newest one
	}
	switch {
	case why.Kind != strava.InvalidRefreshToken && why.Kind != strava.AnswerLost:
		return a.err
	case a.cut && why.Kind == strava.InvalidRefreshToken:
		return &CancelledError{Refused: true}
	case a.unreadable != nil && why.Kind == strava.InvalidRefreshToken:
		return a.unreadable
	case a.lost > 0 && why.Kind == strava.InvalidRefreshToken:
		return &StaleError{Reason: StaleRaced, Target: targetName(r.readable()), Err: why}
	case a.held && why.Kind == strava.InvalidRefreshToken:
		return &StaleError{Reason: StaleStored, Target: targetName(r.readable()), Err: why}
	}
	return r.Snapshot.explain(ctx, why, o.facts, r.recheck(ctx))
}

func targetName(t Readable) string {
	if t == nil {
		return ""
	}
	return t.String()
}
