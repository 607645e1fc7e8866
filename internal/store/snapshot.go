package store

import (
	"context"
	"time"
)

// Snapshot knows when this run read its secrets. GitHub gives a run the
// repository's secrets as they were when it was queued, and a re-run may get
// those of its first attempt.
type Snapshot struct {
	Attempt int // 1 for a first attempt; 0 outside a workflow
	// Queued returns when the run was queued, if that is known. It may be nil.
	Queued func(ctx context.Context) (time.Time, bool)
}

// Read returns when the run read the secret of this name. An environment's secrets are
// read when the job starts, and nothing tells when that was.
func (s Snapshot) Read(ctx context.Context, name string) (time.Time, bool) {
	t, err := Parse(name, "owner/repo")
	if err != nil || t.Environment != "" || s.Queued == nil {
		return time.Time{}, false
	}
	return s.Queued(ctx)
}
