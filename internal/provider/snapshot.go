package provider

import (
	"context"
	"time"

	"strava-token/internal/store"
	"strava-token/internal/strava"
)

// Snapshot knows when this run read its secrets. GitHub hands a run the
// repository's secrets as they were when it was queued, and a re-run may get
// those of its first attempt.
type Snapshot struct {
	Attempt int // 1 for a first attempt; 0 where there is no run
	// Queued returns when the run was queued, or false where it cannot be told.
	// It may be nil.
	Queued func(ctx context.Context) (time.Time, bool)
}

// StaleReason says why Strava refused a refresh token.
type StaleReason string

// The reasons.
const (
	StaleRerun   StaleReason = "rerun"   // a re-run with the secret of an earlier attempt
	StaleQueued  StaleReason = "queued"  // replaced by another run after this one was queued
	StaleDead    StaleReason = "dead"    // the newest one there is, and dead
	StaleUnknown StaleReason = "unknown" // any of these
)

// StaleError is a refresh token that Strava refused, and why.
type StaleError struct {
	Reason  StaleReason
	Target  string    // the target that was updated meanwhile, where there is one
	Updated time.Time // when it was
	Err     error
}

func (e *StaleError) Error() string { return "refresh token refused: " + string(e.Reason) }

// Unwrap returns Strava's refusal.
func (e *StaleError) Unwrap() error { return e.Err }

func (s Snapshot) explain(ctx context.Context, refused *strava.Error, facts map[string]store.Facts) error {
	e := &StaleError{Reason: StaleUnknown, Err: refused}
	for target, f := range facts {
		if f.UpdatedAt.After(e.Updated) {
			e.Target, e.Updated = target, f.UpdatedAt
		}
	}
	if s.Attempt == 0 {
		e.Reason = StaleDead
		return e
	}
	queued, known := time.Time{}, false
	if s.Queued != nil && e.Target != "" {
		queued, known = s.Queued(ctx)
	}
	switch {
	case known && e.Updated.After(queued) && s.Attempt > 1:
		e.Reason = StaleRerun
	case known && e.Updated.After(queued):
		e.Reason = StaleQueued
	case known:
		e.Reason = StaleDead
	case s.Attempt > 1:
		e.Reason = StaleRerun
	}
	return e
}
