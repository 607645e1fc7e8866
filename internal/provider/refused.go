package provider

import (
	"context"
	"slices"
	"time"

	"strava-token/internal/store"
	"strava-token/internal/strava"
	"strava-token/internal/words"
)

// StaleError is a refresh token that Strava refused. Its message says why.
type StaleError struct{ words.Failure }

// Why Strava refused a refresh token: the ids of the messages.
const (
	staleRerun   = "stale-rerun"   // a re-run with the secret of an earlier attempt
	staleMaybe   = "stale-maybe"   // a re-run, and nothing else is known
	staleQueued  = "stale-queued"  // replaced by another run after this one was queued
	staleDead    = "stale-dead"    // the newest one there is, and dead
	staleOutside = "stale-outside" // outside a workflow: not the newest, or dead
	staleUnknown = "stale-unknown" // any of these
	staleStored  = "stale-stored"  // what a readable target holds is dead
	staleRaced   = "stale-raced"   // other runs were faster each time
)

// stale is a refused refresh token. target is the one that was updated last, if any
// was.
func (r *Run) stale(id, target string, updated time.Time) error {
	b := words.Blanks{
		"target": target, "updated": words.Moment(updated), "branch": "", "file": "",
		"seen": words.Seen(r.Input.Reveal()),
	}
	switch t, _ := parsed(target); {
	case t.IsBranch():
		b["branch"] = target
	case t.IsFile():
		b["file"] = target
	}
	return &StaleError{words.Failure{ID: id, Blanks: b}}
}

// whyNothing is the failure of a run to which nothing was issued.
func (r *Run) whyNothing(ctx, answering context.Context, past attempts, before []store.Facts) error {
	cancelled, err, kind := ctx.Err() != nil, past.err, kindOf(past.err)
	switch {
	case cancelled && kind == strava.Unreachable && past.lost == nil:
		return errCancelled // the token request never left
	case cancelled && kind == strava.InvalidCode:
		return errCancelledRefused // it may have been too early, and was not asked again
	case past.tried[0].origin == fromCode:
		return past.first // what was left by another job brought nothing either
	case past.lost != nil && (kind == strava.InvalidRefreshToken || kind == strava.Unreachable):
		err, kind = past.lost, strava.AnswerLost // what happened to the newest one
	}
	switch {
	case kind == strava.AnswerLost:
		return r.whyRefused(answering, err, before)
	case kind != strava.InvalidRefreshToken:
		return err
	case cancelled && r.othersMayWrite(past.last()):
		return errCancelledRefused
	case past.unreadable != nil:
		return past.unreadable
	case past.races > 0:
		return r.stale(staleRaced, r.readableName(), time.Time{})
	case slices.ContainsFunc(past.tried, func(c candidate) bool { return c.origin == fromReadable }):
		return r.stale(staleStored, r.readableName(), time.Time{})
	}
	return r.whyRefused(answering, err, before)
}

// whyRefused finds out why a refresh token was refused, or else returns refused.
// before is what the targets that cannot be read back said before the refresh; they
// are asked again, since a run beside this one may have written meanwhile.
func (r *Run) whyRefused(ctx context.Context, refused error, before []store.Facts) error {
	now, errs := checkEach(ctx, r.WriteOnly)
	last, updated, meanwhile := "", time.Time{}, false
	for i, t := range r.WriteOnly {
		if errs[i] != nil {
			continue
		}
		meanwhile = meanwhile || now[i].UpdatedAt.After(before[i].UpdatedAt)
		if last == "" || now[i].UpdatedAt.After(updated) {
			last, updated = t.String(), now[i].UpdatedAt
		}
	}
	id := staleQueued
	if !meanwhile {
		id = r.Snapshot.whyStale(ctx, last, updated)
	}
	if kindOf(refused) == strava.AnswerLost && id != staleRerun && id != staleQueued {
		return refused
	}
	return r.stale(id, last, updated)
}

// Snapshot knows when this run read its secrets. GitHub hands a run the
// repository's secrets as they were when it was queued, and a re-run may get
// those of its first attempt.
type Snapshot struct {
	Attempt int // 1 for a first attempt; 0 outside a workflow
	// Queued tells when the run was queued, if that is known. It may be nil.
	Queued func(ctx context.Context) (time.Time, bool)
}

// whyStale tells why what was read is dead, from when target was updated.
func (s Snapshot) whyStale(ctx context.Context, target string, updated time.Time) string {
	if s.Attempt == 0 {
		return staleOutside
	}
	queued, known := time.Time{}, false
	// Secrets of an environment are read when the job starts, which nothing tells.
	if t, isTarget := parsed(target); isTarget && t.Environment == "" && s.Queued != nil {
		queued, known = s.Queued(ctx)
	}
	switch {
	case known && updated.After(queued) && s.Attempt > 1:
		return staleRerun
	case known && updated.After(queued):
		return staleQueued
	case known && updated.Before(queued):
		return staleDead
	case s.Attempt > 1:
		return staleMaybe
	}
	return staleUnknown // in the same second, or not known at all
}
