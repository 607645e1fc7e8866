package provider

import (
	"context"
	"slices"
	"time"

	"strava-token/internal/store"
	"strava-token/internal/strava"
	"strava-token/internal/words"
)

// NotAuthorizedError reports a run without a refresh token to begin with, probably
// because nobody has authorized the app yet.
type NotAuthorizedError struct{ words.Failure }

// noCandidate returns the failure of a run without a refresh token to begin with. If a
// target in WriteOnly exists, somebody did authorize.
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

// whyNothing returns the failure of a run whose candidates all failed. before is what
// the targets in WriteOnly reported at the check.
func (r *Run) whyNothing(ctx, answering context.Context, past attempts, before []store.Facts) error {
	cancelled, err := ctx.Err() != nil, past.errs[len(past.errs)-1]
	kind := strava.KindOf(err)
	lost := slices.IndexFunc(past.errs, func(err error) bool { return strava.KindOf(err) == strava.AnswerLost })
	switch {
	case cancelled && kind == strava.Unreachable && lost < 0:
		return errCancelled // no token request was sent
	case cancelled && kind == strava.InvalidCode:
		return errCancelledRefused // the code may have been too early, and wasn't tried again
	case past.tried[0].origin == fromCode:
		return past.errs[0] // and the token that another job left failed as well
	case lost >= 0 && (kind == strava.InvalidRefreshToken || kind == strava.Unreachable):
		err, kind = past.errs[lost], strava.AnswerLost // what happened to the newest one
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

// whyRefused finds out why a refresh token that no target returned was refused. It
// asks all targets again, since a concurrent run may have written meanwhile. A lost
// answer is reported as such, unless it's certain that another run has replaced the
// refresh token, before a re-run or while this one was queued.
func (r *Run) whyRefused(ctx context.Context, refused error, before []store.Facts) error {
	now, errs := checkEach(ctx, r.WriteOnly)
	last, updated, meanwhile := "", time.Time{}, false
	for i, t := range r.WriteOnly {
		at := now[i].UpdatedAt
		meanwhile = meanwhile || errs[i] == nil && at.After(before[i].UpdatedAt)
		if errs[i] == nil && (last == "" || at.After(updated)) {
			last, updated = t.String(), at
		}
	}
	id := "stale-queued"
	if !meanwhile {
		id = r.whyStale(ctx, last, updated)
	}
	if strava.KindOf(refused) == strava.AnswerLost && id != "stale-rerun" && id != "stale-queued" {
		return refused
	}
	return r.stale(id, last, updated)
}

// whyStale derives the reason from when target was last updated.
func (r *Run) whyStale(ctx context.Context, target string, updated time.Time) string {
	if r.Snapshot.Attempt == 0 {
		return "stale-outside" // not the newest, or dead
	}
	read, known := r.Snapshot.Read(ctx, target)
	switch isRerun := r.Snapshot.Attempt > 1; {
	case known && updated.After(read) && isRerun:
		return "stale-rerun" // with the secret of an earlier attempt
	case known && updated.After(read):
		return "stale-queued"
	case known && updated.Before(read):
		return "stale-dead" // though it is the newest one there is
	case isRerun:
		return "stale-maybe" // it may have the secrets of its first attempt
	}
	return "stale-unknown" // updated in the same second, or unknown
}

// stale returns the failure of a refresh token that Strava refused; id says why. target
// is the one updated last, or "" if unknown.
func (r *Run) stale(id, target string, updated time.Time) error {
	b := store.BlanksOf(target)
	b["updated"], b["seen"] = words.Moment(updated), words.Seen(r.Input.Reveal(), r.Strava.ClientSecret.Reveal())
	return &words.Failure{ID: id, Blanks: b}
}
