package provider

import (
	"context"
	"errors"
	"slices"

	"strava-token/internal/store"
)

// plan finds out which targets have to be written. What can be read back is,
// wherever it holds another refresh token; a secret cannot be asked, and is where
// Strava replaced what the run began with. What can be read back comes first.
func (r *Run) plan(o *Outcome) {
	if o.Token.RefreshToken.Empty() {
		return
	}
	o.replaces = r.wouldReplace(o)
	if r.mustWriteReadable(o) {
		o.due = append(o.due, r.readable())
	}
	// An input that is not what lives now may be what such a target holds.
	stale := !r.input().Empty() && !r.input().Equal(o.Token.RefreshToken)
	if o.Rotated || r.KeepUnchanged || stale && isReadableAmong(r.Targets) {
		o.due = append(o.due, slices.DeleteFunc(slices.Clone(r.Targets), isReadable)...)
	}
	o.homeless = o.Rotated && len(r.Targets) == 0
	o.remember = !r.mustWriteReadable(o) && r.mustRemember(o)
}

// keep writes the refresh token to every target that has to be written: first to
// the one that can be read back, where the newest token wins, and then to the
// others, which must not hold one that lost. A target that fails does not stop
// the others.
func (r *Run) keep(ctx, uninterrupted context.Context, o *Outcome) {
	if o.remember {
		// Where this fails nothing is lost: the next run tries a dead input
		// first, and then remembers it.
		_ = steadily(func() error { return r.readable().Store(uninterrupted, r.record(o)) })
	}
	if len(o.due) > 0 && !isReadable(o.due[0]) && r.isSuperseded(uninterrupted, o) {
		o.due = nil // the run whose token stands there keeps it everywhere else, too
	}
	var first error
	blind := 0 // where the targets begin that cannot be read back
	if len(o.due) > 0 && isReadable(o.due[0]) {
		blind = 1
		var won bool
		won, first = r.keepReadable(ctx, uninterrupted, o)
		switch {
		case first == nil && !won && !r.KeepUnchanged:
			// The run whose token stands there keeps it everywhere else, too.
			o.due = o.due[:1]
		case won && o.Rotated && len(o.due) == 1:
			// Strava replaced it only while others were writing.
			o.due = append(o.due, slices.DeleteFunc(slices.Clone(r.Targets), isReadable)...)
		}
	}
	errs := make([]error, len(o.due))
	if blind == 1 {
		errs[0] = first
	}
	if blind == 1 && isOvertaken(errs[0]) {
		// Which token lives is not settled: a secret that another run has written
		// meanwhile may hold it.
		for i := range errs {
			errs[i] = errs[0]
		}
	} else {
		r.each(errs[blind:], o.due[blind:], func(_ int, t Target) error { return t.Store(uninterrupted, r.record(o)) })
	}
	for i, t := range o.due {
		if errs[i] == nil {
			o.Kept = append(o.Kept, t.String())
		}
	}
	for i, t := range o.due {
		if errs[i] != nil {
			o.fail(&NotKeptError{Target: t.String(), Kept: o.Kept, Held: r.heldAlready(o), Err: errs[i]})
		}
	}
}

// heldAlready names the readable target, where that held what Strava returned
// before this run: then a target beside it is stale, and nothing is new.
func (r *Run) heldAlready(o *Outcome) string {
	if readable := r.readable(); readable != nil && !o.Rotated && !r.KeepUnchanged && !r.mustWriteReadable(o) {
		return readable.String()
	}
	return ""
}

// isSuperseded reports whether the readable target, which needs no write, holds
// another token by now than the one that was found there.
func (r *Run) isSuperseded(ctx context.Context, o *Outcome) bool {
	readable := r.readable()
	if readable == nil {
		return false
	}
	held, err := readable.Reread(ctx)
	return err == nil && !held.RefreshToken.Empty() && !held.RefreshToken.Equal(o.Token.RefreshToken)
}

func isReadableAmong(targets []Target) bool { return slices.ContainsFunc(targets, isReadable) }

func isOvertaken(err error) bool {
	var e *store.Error
	return errors.As(err, &e) && e.Kind == store.Overtaken
}

func isReadable(t Target) bool {
	_, readable := t.(Readable)
	return readable
}
