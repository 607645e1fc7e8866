package store

import (
	"context"
	"time"
)

// Queued returns when a workflow run was queued, which is when GitHub read the
// repository's secrets for it. It returns false if the token may not know
// (it takes actions: read).
func (g *GitHub) Queued(ctx context.Context, owner, repo string, runID int64) (time.Time, bool) {
	run, _, err := g.reads.Actions.GetWorkflowRunByID(ctx, owner, repo, runID)
	if err != nil || run.GetCreatedAt().IsZero() {
		return time.Time{}, false
	}
	return run.GetCreatedAt().Time, true
}
