package provider

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"strava-token/internal/store"
	"strava-token/internal/strava"
)

// Several runs share a readable target, and each replaces only what it has read.
// A run that finds another one's refresh token there asks Strava which one is live,
// by refreshing it, and the result replaces the old one:
//
//  1. If theirs is live, this run adopts it, and forgets what was said about its
//     own. If Strava returns theirs unchanged, it's in the target already, and their
//     run stores it everywhere else.
//  2. If theirs is dead, it is overwritten.
//  3. A login wins over another live token, but only if its own is still live: theirs
//     may be the successor of it. So its own is refreshed first.
//  4. Nothing is overwritten in doubt: if Strava gives no clear answer, if there's no
//     time for one or the run was cancelled, if both are dead (a newer one is on its
//     way), or if theirs is another athlete's. Then this run's is sealed.

// swaps is how often a run tries to overwrite what others wrote meanwhile.
const swaps = 16

// swap writes mine to the readable target by the rule above. It returns the live
// token, and whether this run wrote it; if not, and err is nil, it was there already,
// written by another run.
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

// resolve finds out which of two refresh tokens is live, and returns what Strava gave
// for it. known is false if nothing may be overwritten.
func (r *Run) resolve(ctx, settling context.Context, mine issued, theirs store.Held, s *sealer) (living issued, known bool) {
	if r.isOfAnother(theirs, mine.athlete) || ctx.Err() != nil || !strava.EnoughTime(settling, 0) {
		return mine, false
	}
	isLogin := mine.from.origin.isLogin()
	tries := []candidate{{theirs.RefreshToken, fromReadable}}
	if isLogin {
		tries = slices.Insert(tries, 0, candidate{mine.token.RefreshToken, fromNewLogin})
	}
	for _, c := range tries {
		given, flaw := r.spend(ctx, settling, c)
		switch {
		case given.RefreshToken.Empty() && strava.KindOf(flaw) == strava.InvalidRefreshToken && len(given.Unread) == 0:
			continue // it's dead
		case given.RefreshToken.Empty(): // no clear answer, but perhaps a successor in it
			mine.token.Unread = append(mine.token.Unread, given.Unread...)
			s.take(mine)
			return mine, false
		case c.origin == fromNewLogin:
			return r.receive(mine.renewed(given, flaw), s), true
		}
		adopted := r.issue(c, given, flaw)
		adopted.spentFirst, adopted.unmasked = mine.spentFirst, mine.unmasked
		return r.receive(adopted, s), true
	}
	return mine, !isLogin // the login's own is dead as well
}

// renewed returns a login's token after a refresh showed that it's live.
func (i issued) renewed(token strava.Token, flaw error) issued {
	token.AthleteID = cmp.Or(token.AthleteID, i.token.AthleteID)
	token.AthleteName = cmp.Or(token.AthleteName, i.token.AthleteName)
	if token.Scope == nil {
		token.Scope = i.token.Scope
	}
	i.token, i.flaw = token, flaw
	return i
}

// isOfAnother reports whether theirs belongs, or may belong, to another athlete.
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
	return ok && e.ID == store.Overtaken
}
