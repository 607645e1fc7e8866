package provider

import (
	"context"
	"strings"
	"time"

	"strava-token/internal/store"
	"strava-token/internal/strava"
)

// Snapshot knows when this run read its secrets. GitHub hands a run the
// repository's secrets as they were when it was queued, and a re-run may get
// those of its first attempt.
type Snapshot struct {
	Attempt int // 1 for a first attempt; 0 outside a workflow
	// Queued returns when the run was queued, or false if it cannot be told.
	// It may be nil.
	Queued func(ctx context.Context) (time.Time, bool)
}

// StaleReason says why Strava refused a refresh token.
type StaleReason string

// The reasons.
const (
	StaleRerun   StaleReason = "rerun"   // a re-run with the secret of an earlier attempt
	StaleMaybe   StaleReason = "maybe"   // a re-run, and nothing else is known
	StaleQueued  StaleReason = "queued"  // replaced by another run after this one was queued
	StaleDead    StaleReason = "dead"    // the newest one there is, and dead
	StaleOutside StaleReason = "outside" // outside a workflow: not the newest, or dead
	StaleUnknown StaleReason = "unknown" // any of these
	StaleStored  StaleReason = "stored"  // what a readable target holds is dead
	StaleRaced   StaleReason = "raced"   // other runs were faster each time
)

// StaleError is a refresh token that Strava refused, and why.
type StaleError struct {
	Reason  StaleReason
	Target  string    // the target that was updated last, if there is one
	Updated time.Time // when it was
	Err     error
}

func (e *StaleError) Error() string { return "refresh token refused: " + string(e.Reason) }

// Unwrap returns Strava's refusal.
func (e *StaleError) Unwrap() error { return e.Err }

// explain finds out why a refresh token was refused. before is what the targets that
// cannot be read back said before the refresh; they are asked again, since a run
// beside this one may have written meanwhile.
func (r *Run) explain(ctx context.Context, refused *strava.Error, before []store.Facts) error {
	now := make([]store.Facts, len(r.WriteOnly))
	errs := each(r.WriteOnly, func(i int, t Target) (err error) {
		now[i], err = t.Check(ctx)
		return err
	})
	e := &StaleError{Err: refused}
	meanwhile := false
	for i, t := range r.WriteOnly {
		if errs[i] != nil {
			continue
		}
		meanwhile = meanwhile || now[i].UpdatedAt.After(before[i].UpdatedAt)
		if e.Target == "" || now[i].UpdatedAt.After(e.Updated) {
			e.Target, e.Updated = t.String(), now[i].UpdatedAt
		}
	}
	e.Reason = r.Snapshot.reason(ctx, e, meanwhile)
	known := e.Reason == StaleRerun || e.Reason == StaleQueued
	if refused.Kind == strava.AnswerLost && !known {
		return refused
	}
	return e
}

func (s Snapshot) reason(ctx context.Context, e *StaleError, meanwhile bool) StaleReason {
	switch {
	case meanwhile:
		return StaleQueued
	case s.Attempt == 0:
		return StaleOutside
	}
	// Secrets of an environment are read when the job starts, which nothing here
	// tells.
	readable := e.Target != "" && !strings.Contains(e.Target, "@") && s.Queued != nil
	queued, known := time.Time{}, false
	if readable {
		queued, known = s.Queued(ctx)
	}
	switch {
	case known && e.Updated.After(queued) && s.Attempt > 1:
		return StaleRerun
	case known && e.Updated.After(queued):
		return StaleQueued
	case known && e.Updated.Before(queued):
		return StaleDead
	case s.Attempt > 1:
		return StaleMaybe
	}
	return StaleUnknown // in the same second, or not known at all
}
