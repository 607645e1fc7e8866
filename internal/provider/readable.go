package provider

import (
	"context"
	"slices"
	"time"

	"strava-token/internal/secret"
	"strava-token/internal/store"
	"strava-token/internal/transport"
)

const (
	// rereads is how often a readable target is read again, about 7 s in all,
	// where the newest refresh token seems to be under way to it.
	rereads = 4
	// races is how many refresh tokens a run tries that others were faster with.
	races = 16
)

// Readable is a target that can be read back. Its Store replaces what was last
// read, and fails with store.Overtaken where someone else was first: Held then
// returns what stands there now.
type Readable interface {
	Target
	Held() store.Held
	// Reread returns what it holds now.
	Reread(ctx context.Context) (store.Held, error)
}

// Locker is a target that one process uses at a time.
type Locker interface {
	// Lock waits for its turn, and returns what ends it.
	Lock(ctx context.Context) (unlock func(), err error)
}

// CheckTarget checks one target while nobody else uses it.
func CheckTarget(ctx context.Context, t Target) (store.Facts, error) {
	if locker, ok := t.(Locker); ok {
		waiting, cancel := context.WithTimeout(ctx, lockPatience)
		defer cancel()
		unlock, err := locker.Lock(waiting)
		if err != nil {
			return store.Facts{}, err
		}
		defer unlock()
	}
	return t.Check(ctx)
}

// lock waits until nobody else uses the targets.
func (r *Run) lock(ctx context.Context) (unlock func(), err error) {
	var held []func()
	unlock = func() {
		for _, end := range held {
			end()
		}
	}
	waiting, cancel := context.WithTimeout(ctx, lockPatience)
	defer cancel()
	for _, t := range r.Targets {
		if l, ok := t.(Locker); ok {
			end, err := l.Lock(waiting)
			if err != nil {
				unlock()
				return nil, err
			}
			held = append(held, end)
		}
	}
	return unlock, nil
}

// readable returns the target that can be read back, or nil. There is at most
// one: of two, which is newer could not be told.
func (r *Run) readable() Readable {
	for _, t := range r.Targets {
		if readable, ok := t.(Readable); ok {
			return readable
		}
	}
	return nil
}

// candidates puts the refresh tokens in order. What the readable target never
// saw goes first: somebody logged in again. Then comes what it holds.
func (r *Run) candidates() []secret.Value {
	var held store.Held
	if readable := r.readable(); readable != nil {
		held = readable.Held()
	}
	var unseen, seen []secret.Value
	for _, c := range r.Candidates {
		switch {
		case c.Empty(), c.Equal(held.RefreshToken) && !r.Recovered:
		case held.Saw(c):
			seen = append(seen, c)
		default:
			unseen = append(unseen, c)
		}
	}
	if !held.RefreshToken.Empty() && !r.Recovered { // what was recovered is to be proved, and nothing else
		unseen = append(unseen, held.RefreshToken)
	}
	return append(unseen, seen...)
}

// waitsForOthers reports whether another run may be about to write a newer refresh
// token than the one that was refused.
func (r *Run) waitsForOthers() bool {
	readable := r.readable()
	_, alone := readable.(Locker)
	return readable != nil && !alone && !r.Recovered
}

// newer waits for another run that was faster to write what it got. It returns
// nothing where nothing comes, since a dead token stays dead, and an error where
// what stands there cannot be read any more.
func (r *Run) newer(ctx context.Context, tried []secret.Value) (next secret.Value, err error) {
	if !r.waitsForOthers() || len(tried) > races {
		return secret.Value{}, nil
	}
	readable, backoff := r.readable(), transport.Backoff(rereads)
	for {
		held, err := readable.Reread(ctx)
		known := slices.ContainsFunc(tried, held.RefreshToken.Equal)
		another := r.ExpectedAthlete != 0 && held.AthleteID != 0 && held.AthleteID != r.ExpectedAthlete
		if err == nil && !held.RefreshToken.Empty() && !known && !another {
			return held.RefreshToken, nil
		}
		pause, stop := backoff.Next()
		if stop || transport.Pause(ctx, pause) != nil {
			return secret.Value{}, err
		}
	}
}

// scatter spreads runs out that lost the same race, further with each loss.
func scatter(losses int) time.Duration {
	if losses < 2 {
		return 0
	}
	return transport.Scatter(min(losses, 8))
}

// presume is the athlete whose refresh token the readable target holds, for one
// that was read there.
func (r *Run) presume(candidate secret.Value) int64 {
	if readable := r.readable(); readable != nil && candidate.Equal(readable.Held().RefreshToken) {
		return readable.Held().AthleteID
	}
	return 0
}

// spentHeld reports whether the token came from what the readable target held,
// so that both belong to the same athlete.
func (r *Run) spentHeld(o *Outcome) bool {
	readable := r.readable()
	return readable != nil && !o.spent.Empty() && o.spent.Equal(readable.Held().RefreshToken)
}

// input is the refresh token that the caller was configured with, for the
// readable target to remember.
func (r *Run) input() secret.Value {
	if len(r.Candidates) == 0 || r.Recovered {
		return secret.Value{}
	}
	return r.Candidates[0]
}

// mustWriteReadable reports whether the readable target holds another refresh
// token than the one that lives.
func (r *Run) mustWriteReadable(o *Outcome) bool {
	readable := r.readable()
	return readable != nil && !o.Token.RefreshToken.Empty() &&
		(r.KeepUnchanged || !o.Token.RefreshToken.Equal(readable.Held().RefreshToken))
}

// mustRemember reports whether the readable target holds the right token, but
// would try a dead input first every time.
func (r *Run) mustRemember(o *Outcome) bool {
	readable, input := r.readable(), r.input()
	return readable != nil && !input.Empty() && r.spentHeld(o) &&
		!input.Equal(o.Token.RefreshToken) && !readable.Held().Saw(input)
}

// isByHand reports whether a candidate is one that the readable target never
// saw.
func (r *Run) isByHand(candidate secret.Value) bool {
	readable := r.readable()
	return readable != nil && !r.Recovered && candidate.Equal(r.input()) &&
		!candidate.Equal(readable.Held().RefreshToken) && !readable.Held().Saw(candidate)
}

// wouldReplace reports whether a token that somebody passed would take the place
// of another one that the readable target holds.
func (r *Run) wouldReplace(o *Outcome) bool {
	return o.byHand && r.readable() != nil && !r.readable().Held().RefreshToken.Empty()
}

// athleteOf is whose token it is as far as is known when it is written.
func (r *Run) athleteOf(o *Outcome) int64 {
	if id := o.athlete(); id != 0 {
		return id
	}
	if r.spentHeld(o) {
		return r.readable().Held().AthleteID
	}
	return 0
}

// holder is the athlete whose token the readable target holds, where another
// one's could be written over it: 0 where it holds none, or where the token came
// from it.
func (r *Run) holder(o *Outcome) int64 {
	readable := r.readable()
	if readable == nil || r.spentHeld(o) {
		return 0
	}
	return readable.Held().AthleteID
}
