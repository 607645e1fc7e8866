package provider

import (
	"context"
	"errors"
	"slices"

	"strava-token/internal/store"
	"strava-token/internal/strava"
	"strava-token/internal/transport"
)

const (
	// rereads is how often a readable target is read again, about 7 s in all, if
	// the newest refresh token seems to be under way to it.
	rereads = 4
	// races is how many refresh tokens a run tries that others were faster with.
	races = 16
)

// refused are the candidates that Strava refused, and what is known about why.
type refused struct {
	tried []candidate
	last  error         // how the last one ended
	lost  *strava.Error // of one whose answer was lost on the way
	races int           // how often another run was faster, and had written the next one
	// unreadable is why the readable target could not be read again.
	unreadable error
}

// refresh asks Strava with one candidate after the other, the next one only if the
// one before is not valid, and returns what was issued. Cancelling ctx ends it as
// long as nothing was sent; after that only the end of answering does.
func (r *Run) refresh(ctx, answering context.Context, queue []candidate, facts []store.Facts) (issued, error) {
	if len(queue) == 0 {
		return issued{}, &NoCandidateError{Target: r.readableName()}
	}
	// Waiting for others ends with a cancellation, and with the time for a token
	// request.
	waiting, cancel := context.WithCancel(answering)
	defer cancel()
	defer context.AfterFunc(ctx, cancel)()
	var past refused
	for len(queue) > 0 {
		if len(past.tried) > 0 && !strava.EnoughTime(answering, 0) {
			break // its answer could not be waited for
		}
		c := queue[0]
		queue = queue[1:]
		token, err := r.spend(ctx, answering, c)
		if !token.RefreshToken.Empty() {
			return r.issue(c, token, err), nil
		}
		if !past.add(c, err) {
			break
		}
		if len(queue) == 0 {
			queue = r.awaitNewer(waiting, &past)
		}
	}
	return issued{}, r.whyNothing(ctx, answering, past, facts)
}

// spend asks Strava with one candidate. A refresh token in the answer counts even
// if there is an error as well.
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
func (p *refused) add(c candidate, err error) bool {
	p.tried, p.last = append(p.tried, c), err
	var e *strava.Error
	if !errors.As(err, &e) {
		return false
	}
	if e.Kind == strava.AnswerLost {
		p.lost = e
	}
	return e.Kind == strava.InvalidRefreshToken || e.Kind == strava.AnswerLost || e.Kind == strava.InvalidCode
}

// othersMayWrite reports whether another run may be about to write a newer refresh
// token than c.
func (r *Run) othersMayWrite(c candidate) bool {
	_, alone := r.Readable.(Locker)
	return r.Readable != nil && !alone && !c.origin.isUnstored()
}

// awaitNewer waits for another run that was faster to write what it got. It returns
// nothing if nothing comes, since a dead token stays dead.
func (r *Run) awaitNewer(ctx context.Context, past *refused) []candidate {
	past.unreadable = nil
	if !r.othersMayWrite(past.tried[len(past.tried)-1]) || len(past.tried) > races {
		return nil
	}
	for backoff := transport.Backoff(rereads); ; {
		held, err := r.Readable.Reread(ctx)
		if err == nil && r.isNewer(held, past.tried) {
			break
		}
		pause, stop := backoff.Next()
		if stop || transport.Pause(ctx, pause) != nil {
			past.unreadable = err
			return nil
		}
	}
	// Runs that lost the same race spread out, further with each loss.
	if past.races > 1 && transport.Pause(ctx, transport.Scatter(min(past.races, 8))) != nil {
		return nil
	}
	past.races++
	held := r.held()
	return []candidate{{held.RefreshToken, fromReadable, held.AthleteID}}
}

// isNewer reports whether the readable target holds a refresh token that was not
// tried, and is not another athlete's.
func (r *Run) isNewer(held store.Held, tried []candidate) bool {
	if held.RefreshToken.Empty() || r.ExpectedAthlete != 0 && held.AthleteID != 0 && held.AthleteID != r.ExpectedAthlete {
		return false
	}
	return !slices.ContainsFunc(tried, func(c candidate) bool { return c.token.Equal(held.RefreshToken) })
}

// whyNothing is the error of a run to which nothing was issued.
func (r *Run) whyNothing(ctx, answering context.Context, past refused, facts []store.Facts) error {
	var e *strava.Error
	if !errors.As(past.last, &e) {
		return past.last
	}
	cancelled := ctx.Err() != nil
	switch {
	case cancelled && e.Kind == strava.Unreachable && past.lost == nil:
		return &CancelledError{} // the token request never left
	case cancelled && e.Kind == strava.InvalidCode:
		return &CancelledError{Refused: true} // it may have been too early, and was not asked again
	case past.lost != nil && (e.Kind == strava.InvalidRefreshToken || e.Kind == strava.Unreachable):
		e = past.lost // what happened to the newest one
	}
	if e.Kind == strava.InvalidRefreshToken {
		switch {
		case cancelled && r.othersMayWrite(past.tried[len(past.tried)-1]):
			return &CancelledError{Refused: true}
		case past.unreadable != nil:
			return past.unreadable
		case past.races > 0:
			return &StaleError{Reason: StaleRaced, Target: r.readableName(), Err: e}
		case slices.ContainsFunc(past.tried, func(c candidate) bool { return c.origin == fromReadable }):
			return &StaleError{Reason: StaleStored, Target: r.readableName(), Err: e}
		}
	} else if e.Kind != strava.AnswerLost {
		return past.last
	}
	return r.explain(answering, e, facts)
}
