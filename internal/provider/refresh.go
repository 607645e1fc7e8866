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
	rereads  = 4  // re-reads (about 7 s in all) while another run may be writing a newer token
	maxRaces = 16 // how often a run may lose the race and try the winner's token
)

// issued is what Strava gave for a candidate: a refresh token, or answers that may
// contain one.
type issued struct {
	token      strava.Token
	from       candidate    // what was spent for it
	spentFirst secret.Value // what the run spent first, before it adopted another run's token
	flaw       error        // why the rest of the answer is unusable; nil if it's fine
	athlete    int64        // whose it is; 0 if unknown
	rival      store.Held   // what the readable target holds; empty if the token came from it
	unmasked   bool         // the runner couldn't be told to mask a token
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

// rotated reports whether Strava issued a refresh token other than the one the run
// began with.
func (i issued) rotated() bool { return !i.token.RefreshToken.Equal(i.spentFirst) }

// isNew reports whether no target is known to hold the refresh token.
func (i issued) isNew() bool { return i.rotated() || i.from.origin.isUnstored() }

// mayBeWorthLess reports whether the readable target holds another token, perhaps with
// scopes that this new login lacks.
func (i issued) mayBeWorthLess() bool {
	return i.from.origin == fromNewLogin && !i.rival.RefreshToken.Empty()
}

// receive makes i the token to seal, and masks it before anything else.
func (r *Run) receive(i issued, s *sealer) issued {
	s.take(i)
	masked := r.Reporter.Mask(i.token.AccessToken)
	masked = r.Reporter.Mask(i.token.RefreshToken) && masked
	i.unmasked = i.unmasked || !masked
	return i
}

// attempts records the candidates that failed, and why.
type attempts struct {
	tried      []candidate
	errs       []error
	races      int   // how often another run was faster, and had written the next one
	unreadable error // why the readable target could not be read again
}

// refresh tries one candidate after another, the next one only if the one before is
// invalid, and returns what was issued. Cancelling ctx stops it only until something
// is sent; after that only the end of answering does.
func (r *Run) refresh(ctx, answering context.Context, queue []candidate, facts []store.Facts) (issued, error) {
	if len(queue) == 0 {
		return issued{}, r.noCandidate(facts)
	}
	var past attempts
	for len(queue) > 0 {
		if len(past.tried) > 0 && !strava.EnoughTime(answering, 0) {
			break // no time to wait for its answer
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

// spend sends one candidate to Strava. A refresh token in the answer, or an answer
// that may contain one, counts even beside an error.
func (r *Run) spend(ctx, answering context.Context, c candidate) (strava.Token, error) {
	if c.origin == fromCode {
		token, err := r.Strava.Exchange(ctx, answering, c.token)
		if token.Scope == nil { // the answer to an exchange names none
			token.Scope = r.Granted
		}
		return token, err
	}
	if c.origin == fromReadable && !c.token.Equal(r.Input) {
		r.Reporter.Mask(c.token) // it was read back, so nobody has masked it
	}
	return r.Strava.Refresh(ctx, answering, c.token)
}

// add records how an attempt ended, and reports whether the next candidate may be
// tried.
func (a *attempts) add(c candidate, err error) bool {
	a.tried, a.errs = append(a.tried, c), append(a.errs, err)
	return slices.Contains([]strava.Kind{strava.AnswerLost, strava.InvalidRefreshToken, strava.InvalidCode}, strava.KindOf(err))
}

func (a *attempts) last() candidate { return a.tried[len(a.tried)-1] }

// othersMayWrite reports whether another run may be about to write a newer refresh
// token than c.
func (r *Run) othersMayWrite(c candidate) bool {
	_, alone := r.Readable.(Locker)
	return r.Readable != nil && !alone && (!c.origin.isUnstored() || c.origin == fromCode && r.CodeIsShared)
}

// awaitNewer re-reads the readable target until a faster run has written its token
// there, and returns that. It returns nothing if none comes: a dead token stays dead.
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

// isNewer reports whether the readable target holds an untried refresh token that
// isn't another athlete's.
func (r *Run) isNewer(held store.Held, tried []candidate) bool {
	return !held.RefreshToken.Empty() && !r.isUnexpected(held.AthleteID) &&
		!slices.ContainsFunc(tried, func(c candidate) bool { return c.token.Equal(held.RefreshToken) })
}
