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
			return living, false, err
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
		token, flaw := r.Strava.Refresh(ctx, settling, mine.token.RefreshToken)
		switch lives(token, flaw) {
		case strava.Yes:
			return r.receive(mine.renewed(token, flaw), s), true
		case strava.Unclear:
			return mine.withUnread(token, s), false
		}
	}
	r.Reporter.Mask(theirs.RefreshToken)
	token, flaw := r.Strava.Refresh(ctx, settling, theirs.RefreshToken)
	switch lives(token, flaw) {
	case strava.Yes:
		adopted := r.issue(candidate{theirs.RefreshToken, fromReadable}, token, flaw)
		adopted.spentFirst, adopted.unmasked = mine.spentFirst, mine.unmasked
		return r.receive(adopted, s), true
	case strava.Unclear:
		return mine.withUnread(token, s), false
	}
	return mine, !isLogin // the login's own is dead as well
}

// renewed is a login's token after Strava was asked whether it lives.
func (i issued) renewed(token strava.Token, flaw error) issued {
	token.AthleteID = cmp.Or(token.AthleteID, i.token.AthleteID)
	token.AthleteName = cmp.Or(token.AthleteName, i.token.AthleteName)
	if token.Scope == nil {
		token.Scope = i.token.Scope
	}
	i.token, i.flaw = token, flaw
	return i
}

// withUnread adds answers that may hold what replaced a refresh token: they are sealed
// beside it.
func (i issued) withUnread(given strava.Token, s *sealer) issued {
	i.token.Unread = append(i.token.Unread, given.Unread...)
	s.take(i)
	return i
}

// lives tells from what Strava gave for a refresh token whether that lives.
func lives(given strava.Token, err error) strava.Answer {
	switch {
	case !given.RefreshToken.Empty():
		return strava.Yes
	case strava.KindOf(err) == strava.InvalidRefreshToken && len(given.Unread) == 0:
		return strava.No
	}
	return strava.Unclear
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
