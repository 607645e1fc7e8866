package store

import (
	"context"
	"time"
)

// Snapshot knows when this run read its secrets. GitHub hands a run the
// repository's secrets as they were when it was queued, and a re-run may get
// those of its first attempt.
type Snapshot struct {
	Attempt int // 1 for a first attempt; 0 outside a workflow
	// Queued tells when the run was queued, if that is known. It may be nil.
	Queued func(ctx context.Context) (time.Time, bool)
}

// Read returns when it read the secret of this name. Those of an environment are
// read when the job starts, which nothing tells.
func (s Snapshot) Read(ctx context.Context, name string) (time.Time, bool) {
	t, err := Parse(name, "owner/repo")
	if err != nil || t.Environment != "" || s.Queued == nil {
		return time.Time{}, false
	}
	return s.Queued(ctx)
}
