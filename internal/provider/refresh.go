package provider

import (
	"cmp"
	"context"
	"slices"

	"strava-token/internal/secret"
	"strava-token/internal/store"
	"strava-token/internal/strava"
	"strava-token/internal/transport"
)

const (
	rereads  = 4  // how often a target is read again, about 7 s in all, to which a newer token may be under way
	maxRaces = 16 // how many refresh tokens a run tries that others were faster with
)

// issued is what Strava gave for a candidate: a refresh token, or answers that may
// hold one.
type issued struct {
	token      strava.Token
	from       candidate    // what was spent for it
	spentFirst secret.Value // what the run spent first, before it adopted another run's token
	flaw       error        // the rest of the answer is no use; nil if it is
	athlete    int64        // whose it is as far as is known; 0 if unknown
	rival      store.Held   // what the readable target holds of another grant; empty if the token came from it
	unmasked   bool         // the runner could not be told to hide something
}

// issue records what Strava gave for c. flaw is what is wrong with the answer, or
// nil.
func (r *Run) issue(c candidate, token strava.Token, flaw error) issued {
	i := issued{token: token, from: c, spentFirst: c.token, flaw: flaw, athlete: token.AthleteID}
	if held := r.held(); c.token.Equal(held.RefreshToken) {
		i.athlete = cmp.Or(i.athlete, held.AthleteID)
	} else {
		i.rival = held
	}
	return i
}

// rotated reports whether Strava issued another refresh token than the run began
// with.
func (i issued) rotated() bool { return !i.token.RefreshToken.Equal(i.spentFirst) }

// isNew reports whether it is a refresh token that no target is known to hold.
func (i issued) isNew() bool { return i.rotated() || i.from.origin.isUnstored() }

// mayBeWorthLess reports whether the readable target holds another token, which may
// have scopes that this new login's lacks.
func (i issued) mayBeWorthLess() bool {
	return i.from.origin == fromNewLogin && !i.rival.RefreshToken.Empty()
}

// receive makes what Strava issued the run's own: from now on it is what gets
// sealed, and it is masked before anything else is done with it.
func (r *Run) receive(i issued, s *sealer) issued {
	s.take(i)
	masked := r.Reporter.Mask(i.token.AccessToken)
	masked = r.Reporter.Mask(i.token.RefreshToken) && masked
	i.unmasked = i.unmasked || !masked
	return i
}

// attempts are the candidates that brought nothing, and what is known about why.
type attempts struct {
	tried      []candidate
	firstErr   error
	lastErr    error
	lostErr    error // of the last one whose answer was lost on the way
	races      int   // how often another run was faster, and had written the next one
	unreadable error // why the readable target could not be read again
}

// refresh asks Strava with one candidate after the other, the next one only if the
// one before is not valid, and returns what was issued. Cancelling ctx ends it as
// long as nothing was sent; after that only the end of answering does.
func (r *Run) refresh(ctx, answering context.Context, queue []candidate, facts []store.Facts) (issued, error) {
	if len(queue) == 0 {
		return issued{}, r.noCandidate(facts)
	}
	var past attempts
	for len(queue) > 0 {
		if len(past.tried) > 0 && !strava.EnoughTime(answering, 0) {
			break // its answer could not be waited for
		}
		c := queue[0]
		queue = queue[1:]
		token, err := r.spend(ctx, answering, c)
		if !token.RefreshToken.Empty() || len(token.Unread) > 0 {
			return r.issue(c, token, err), nil
		}
		if !past.add(c, err) {
			break
		}
		if len(queue) == 0 {
			queue = r.awaitNewer(ctx, answering, &past)
		}
	}
	return issued{}, r.whyNothing(ctx, answering, past, facts)
}

// spend asks Strava with one candidate. A refresh token in the answer, or an answer
// that may hold one, counts even if there is an error as well.
func (r *Run) spend(ctx, answering context.Context, c candidate) (strava.Token, error) {
	if c.origin == fromCode {
		token, err := r.Strava.Exchange(ctx, answering, c.token)
		if token.Scope == nil { // an exchange does not name them
			token.Scope = r.Granted
		}
		return token, err
	}
	if c.origin == fromReadable && !c.token.Equal(r.Input) {
		r.Reporter.Mask(c.token) // it was read back, so nobody has masked it
	}
	return r.Strava.Refresh(ctx, answering, c.token)
}

// add takes how an attempt ended, and reports whether the next candidate may be
// tried.
func (a *attempts) add(c candidate, err error) bool {
	if len(a.tried) == 0 {
		a.firstErr = err
	}
	a.tried, a.lastErr = append(a.tried, c), err
	kind := strava.KindOf(err)
	if kind == strava.AnswerLost {
		a.lostErr = err
	}
	return kind == strava.AnswerLost || kind == strava.InvalidRefreshToken || kind == strava.InvalidCode
}

func (a *attempts) last() candidate { return a.tried[len(a.tried)-1] }

// othersMayWrite reports whether another run may be about to write a newer refresh
// token than c.
func (r *Run) othersMayWrite(c candidate) bool {
	_, alone := r.Readable.(Locker)
	return r.Readable != nil && !alone && (!c.origin.isUnstored() || c.origin == fromCode && r.CodeIsShared)
}

// awaitNewer waits for another run that was faster to write what it got, until a
// cancellation, or until no token request has time any more. It returns nothing if
// nothing comes, since a dead token stays dead.
func (r *Run) awaitNewer(ctx, answering context.Context, past *attempts) []candidate {
	past.unreadable = nil
	if !r.othersMayWrite(past.last()) || len(past.tried) > maxRaces {
		return nil
	}
	waiting, cancel := within(ctx, answering)
	defer cancel()
	for backoff := transport.Backoff(rereads); ; {
		held, err := r.Readable.Reread(waiting)
		if err == nil && r.isNewer(held, past.tried) {
			break
		}
		pause, stop := backoff.Next()
		if stop || transport.Pause(waiting, pause) != nil {
			past.unreadable = err
			return nil
		}
	}
	// Runs that lost the same race spread out, further with each loss.
	if past.races > 1 && transport.Pause(waiting, transport.Scatter(min(past.races, 8))) != nil {
		return nil
	}
	past.races++
	return []candidate{{r.held().RefreshToken, fromReadable}}
}

// isNewer reports whether the readable target holds a refresh token that was not
// tried, and is not another athlete's.
func (r *Run) isNewer(held store.Held, tried []candidate) bool {
	return !held.RefreshToken.Empty() && !r.isUnexpected(held.AthleteID) &&
		!slices.ContainsFunc(tried, func(c candidate) bool { return c.token.Equal(held.RefreshToken) })
}
