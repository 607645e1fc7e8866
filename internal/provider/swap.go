package provider

import (
	"context"
	"errors"

	"strava-token/internal/store"
	"strava-token/internal/strava"
)

// swaps is how often a run tries to write over what others wrote meanwhile.
const swaps = 16

// keepReadable writes the refresh token to the readable target. Where another run
// was first, Strava is asked which token lives: the other one is adopted if it
// does, and overwritten if not. won is false where the other run's token stands,
// and is this run's now.
//
// A token that somebody just got by logging in wins over any that lives, too, but
// only where it still does itself: the other one may have been got from it. One of
// another athlete is never adopted, and nothing is asked where the run was
// cancelled or has no time left for Strava's answer.
func (r *Run) keepReadable(ctx, uninterrupted context.Context, o *Outcome) (won bool, err error) {
	readable := r.readable()
	athlete := r.athleteOf(o)
	loggedIn, spent := o.byHand || !r.Code.Empty(), false
	for range swaps {
		err = steadily(func() error {
			record := r.record(o)
			record.AthleteID = athlete
			return readable.Store(uninterrupted, record)
		})
		if !isOvertaken(err) {
			return err == nil, err
		}
		theirs := readable.Held()
		if theirs.RefreshToken.Empty() {
			continue // it was deleted
		}
		if r.ofAnother(athlete, theirs) || ctx.Err() != nil || !strava.EnoughTime(uninterrupted, 0) {
			return false, err
		}
		if loggedIn {
			switch r.renew(ctx, uninterrupted, o) {
			case yes:
				continue
			case unknown:
				return false, err
			}
			loggedIn, spent = false, true
		}
		switch r.tryTheirs(ctx, uninterrupted, o, theirs) {
		case unknown:
			return false, err // which one lives cannot be told
		case no:
			if spent {
				return false, err // neither does, and a newer one is under way
			}
		case yes:
			athlete, spent = theirs.AthleteID, false
			if o.Token.RefreshToken.Equal(theirs.RefreshToken) {
				return false, nil
			}
		}
	}
	return false, err
}

// renew asks Strava whether this run's refresh token lives, by refreshing with it,
// and takes over what came of that.
func (r *Run) renew(ctx, uninterrupted context.Context, o *Outcome) verdict {
	token, err := r.Strava.Refresh(ctx, uninterrupted, o.Token.RefreshToken)
	if token.RefreshToken.Empty() {
		return isDead(err)
	}
	o.renew(token)
	r.accept(o, err)
	return yes
}

// tryTheirs asks Strava the same of the token that another run wrote, and makes
// what came of that this run's own.
func (r *Run) tryTheirs(ctx, uninterrupted context.Context, o *Outcome, theirs store.Held) verdict {
	r.Reporter.Mask(theirs.RefreshToken)
	token, err := r.Strava.Refresh(ctx, uninterrupted, theirs.RefreshToken)
	if token.RefreshToken.Empty() {
		return isDead(err)
	}
	o.adopt(token, theirs.RefreshToken, theirs.AthleteID)
	r.accept(o, err)
	return yes
}

// accept hides what Strava issued, and draws the consequence where the rest of its
// answer was junk.
func (r *Run) accept(o *Outcome, err error) {
	r.mask(o)
	if err != nil {
		o.limit(ExportNone)
		o.fail(err)
	}
}

// isDead reads from a refusal whether the refresh token lives.
func isDead(err error) verdict {
	var refused *strava.Error
	if errors.As(err, &refused) && refused.Kind == strava.InvalidRefreshToken {
		return no
	}
	return unknown
}

// ofAnother reports whether theirs is, or may be, of another athlete than ours.
func (r *Run) ofAnother(ours int64, theirs store.Held) bool {
	if r.ExpectedAthlete != 0 {
		return theirs.AthleteID != r.ExpectedAthlete
	}
	return ours != 0 && theirs.AthleteID != 0 && ours != theirs.AthleteID
}

// record is what the targets are given to keep.
func (r *Run) record(o *Outcome) store.Record {
	return store.Record{RefreshToken: o.Token.RefreshToken, AthleteID: r.athleteOf(o), Input: r.input()}
}
