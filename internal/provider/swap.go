package provider

import (
	"cmp"
	"context"
	"errors"

	"strava-token/internal/store"
	"strava-token/internal/strava"
)

// Several runs share a readable target, and each replaces only what it has read.
// A run that finds another one's refresh token there asks Strava which one lives,
// by refreshing with it, and what comes of that takes the old one's place:
//
//  1. If theirs lives, this run adopts it: it goes on with their token, and what
//     was said about its own counts no more. If Strava hands theirs back unchanged,
//     it's in the target already, and their run keeps it everywhere else as well.
//  2. If theirs is dead, it is written over.
//  3. A login wins over a token that lives, but only if its own still does: theirs
//     may have been got from it. So its own is asked for first.
//  4. Nothing is overwritten if that can't be told: if Strava gives no clear answer,
//     if there's no time for one or the run was cancelled, if both are dead (a newer
//     one is under way), or if theirs is another athlete's. Then this run's is sealed.

// swaps is how often a run tries to write over what others wrote meanwhile.
const swaps = 16

// answer is what Strava said to a question that may be left open.
type answer int

const (
	unclear answer = iota
	yes
	no
)

// swap writes mine to the readable target by the rule above. It returns what lives
// by then, and whether this run wrote that; if it did not, and err is nil, it is
// another run's that was there already.
func (r *Run) swap(ctx, settling context.Context, mine issued, s *sealer) (now issued, written bool, err error) {
	for range swaps {
		err = steadily(func() error { return r.Readable.Store(settling, r.record(mine)) })
		if !isOvertaken(err) {
			return mine, err == nil, err
		}
		theirs := r.Readable.Held()
		if theirs.RefreshToken.Empty() {
			continue // it was deleted
		}
		living, known := r.resolve(ctx, settling, mine, theirs, s)
		if !known {
			return mine, false, err
		}
		if mine = living; mine.token.RefreshToken.Equal(theirs.RefreshToken) {
			return mine, false, nil
		}
	}
	return mine, false, err
}

// resolve finds out which of two refresh tokens lives, and returns what Strava gave
// for it. known is false if nothing may be overwritten.
func (r *Run) resolve(ctx, settling context.Context, mine issued, theirs store.Held, s *sealer) (living issued, known bool) {
	if r.isOfAnother(theirs, mine.athlete) || ctx.Err() != nil || !strava.EnoughTime(settling, 0) {
		return mine, false
	}
	isLogin := mine.from.origin.isLogin()
	if isLogin {
		if renewed, answer := r.renew(ctx, settling, mine, s); answer != no {
			return renewed, answer == yes
		}
	}
	adopted, answer := r.adopt(ctx, settling, mine, theirs, s)
	return adopted, answer == yes || answer == no && !isLogin
}

// renew asks whether this run's own refresh token lives, and returns what came of
// that, or else mine.
func (r *Run) renew(ctx, settling context.Context, mine issued, s *sealer) (issued, answer) {
	token, flaw := r.Strava.Refresh(ctx, settling, mine.token.RefreshToken)
	if answer := lives(token, flaw); answer != yes {
		return r.keepUnread(mine, token, s), answer
	}
	token.AthleteID = cmp.Or(token.AthleteID, mine.token.AthleteID)
	token.AthleteName = cmp.Or(token.AthleteName, mine.token.AthleteName)
	if token.Scope == nil {
		token.Scope = mine.token.Scope
	}
	mine.token, mine.flaw = token, flaw
	return r.receive(mine, s), yes
}

// adopt asks whether the refresh token that another run wrote lives, and makes what
// came of that this run's own; or else it returns mine.
func (r *Run) adopt(ctx, settling context.Context, mine issued, theirs store.Held, s *sealer) (issued, answer) {
	r.Reporter.Mask(theirs.RefreshToken)
	token, flaw := r.Strava.Refresh(ctx, settling, theirs.RefreshToken)
	if answer := lives(token, flaw); answer != yes {
		return r.keepUnread(mine, token, s), answer
	}
	adopted := r.issue(candidate{theirs.RefreshToken, fromReadable}, token, flaw)
	adopted.spentFirst, adopted.unmasked = mine.spentFirst, mine.unmasked
	return r.receive(adopted, s), yes
}

// keepUnread adds answers that may hold what replaced a refresh token: they are sealed
// beside mine.
func (r *Run) keepUnread(mine issued, given strava.Token, s *sealer) issued {
	mine.token.Unread = append(mine.token.Unread, given.Unread...)
	s.take(mine)
	return mine
}

// lives tells from what Strava gave for a refresh token whether that lives.
func lives(given strava.Token, err error) answer {
	switch {
	case !given.RefreshToken.Empty():
		return yes
	case kindOf(err) == strava.InvalidRefreshToken && len(given.Unread) == 0:
		return no
	}
	return unclear
}

// isOfAnother reports whether theirs is, or may be, of another athlete than ours.
func (r *Run) isOfAnother(theirs store.Held, ours int64) bool {
	if r.ExpectedAthlete != 0 {
		return theirs.AthleteID != r.ExpectedAthlete
	}
	return ours != 0 && theirs.AthleteID != 0 && ours != theirs.AthleteID
}

// isSuperseded reports whether another run has written a newer token to the readable
// target since this run found its own there.
func (r *Run) isSuperseded(ctx context.Context, i issued) bool {
	held, err := r.Readable.Reread(ctx)
	return err == nil && !held.RefreshToken.Empty() && !held.RefreshToken.Equal(i.token.RefreshToken)
}

func isOvertaken(err error) bool {
	e, ok := errors.AsType[*store.Error](err)
	return ok && e.Kind == store.Overtaken
}
