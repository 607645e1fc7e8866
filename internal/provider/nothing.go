package provider

import (
	"context"
	"slices"
	"time"

	"strava-token/internal/store"
	"strava-token/internal/strava"
	"strava-token/internal/words"
)

// NotAuthorizedError is a run without a refresh token to begin with, whose app
// nobody has authorized yet as far as is known.
type NotAuthorizedError struct{ words.Failure }

// noCandidate is the failure of a run without a refresh token to begin with. If a
// target exists that can't be read back, somebody did authorize.
func (r *Run) noCandidate(facts []store.Facts) error {
	existing := slices.IndexFunc(facts, func(f store.Facts) bool { return f.Exists })
	failure := words.Failure{ID: "input-missing-refresh-token"}
	switch {
	case r.Readable != nil:
		failure = words.Failure{ID: "run-no-candidate", Blanks: words.Blanks{"target": r.Readable.String()}}
	case existing >= 0:
		failure = words.Failure{ID: "run-empty-refresh-token", Blanks: words.Blanks{"target": r.WriteOnly[existing].String()}}
	}
	if existing >= 0 {
		return &failure
	}
	return &NotAuthorizedError{failure}
}

// whyNothing is the failure of a run whose candidates all brought nothing. before is
// what the targets that cannot be read back said before.
func (r *Run) whyNothing(ctx, answering context.Context, past attempts, before []store.Facts) error {
	cancelled, err, kind := ctx.Err() != nil, past.lastErr, strava.KindOf(past.lastErr)
	switch {
	case cancelled && kind == strava.Unreachable && past.lostErr == nil:
		return errCancelled // the token request never left
	case cancelled && kind == strava.InvalidCode:
		return errCancelledRefused // it may have been too early, and was not asked again
	case past.tried[0].origin == fromCode:
		return past.firstErr // what was left by another job brought nothing either
	case past.lostErr != nil && (kind == strava.InvalidRefreshToken || kind == strava.Unreachable):
		err, kind = past.lostErr, strava.AnswerLost // what happened to the newest one
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
		return r.stale("stale-raced", r.Readable.String(), time.Time{}) // other runs were faster each time
	case slices.ContainsFunc(past.tried, func(c candidate) bool { return c.origin == fromReadable }):
		return r.stale("stale-stored", r.Readable.String(), time.Time{})
	}
	return r.whyRefused(answering, err, before)
}

// The two reasons that are certain: another run has replaced the refresh token.
const (
	replacedBeforeRerun = "stale-rerun" // and this is a re-run with the secret of an earlier attempt
	replacedAfterQueued = "stale-queued"
)

// whyRefused finds out why a refresh token was refused that no target gave back. All
// targets are asked again, since a run beside this one may have written meanwhile. An
// answer that was lost is told as such, unless the reason is certain.
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
	id := replacedAfterQueued
	if !meanwhile {
		id = r.whyStale(ctx, last, updated)
	}
	if strava.KindOf(refused) == strava.AnswerLost && id != replacedBeforeRerun && id != replacedAfterQueued {
		return refused
	}
	return r.stale(id, last, updated)
}

// whyStale tells why a refresh token is dead by when target was updated.
func (r *Run) whyStale(ctx context.Context, target string, updated time.Time) string {
	if r.Snapshot.Attempt == 0 {
		return "stale-outside" // not the newest, or dead
	}
	read, known := r.Snapshot.Read(ctx, target)
	switch isRerun := r.Snapshot.Attempt > 1; {
	case known && updated.After(read) && isRerun:
		return replacedBeforeRerun
	case known && updated.After(read):
		return replacedAfterQueued
	case known && updated.Before(read):
		return "stale-dead" // though it is the newest one there is
	case isRerun:
		return "stale-maybe" // it may have the secrets of its first attempt
	}
	return "stale-unknown" // in the same second, or not known at all
}

// StaleError is a refresh token that Strava refused. Its message says why.
type StaleError struct{ words.Failure }

// stale is a StaleError. target is the one that was updated last; "" if none is known.
func (r *Run) stale(id, target string, updated time.Time) error {
	b := store.BlanksOf(target)
	b["updated"], b["seen"] = words.Moment(updated), words.Seen(r.Input.Reveal(), r.Strava.ClientSecret.Reveal())
	return &StaleError{words.Failure{ID: id, Blanks: b}}
}
