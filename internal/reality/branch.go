package reality

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"

	"strava-token/internal/secret"
)

// object is an object in a request body.
type object map[string]any

// createBlob creates a blob that nothing refers to.
func createBlob(ctx context.Context, w *world, token secret.Value) answer {
	return w.ask(ctx, token, http.MethodPost, "/git/blobs", object{"content": "strava-token reality\n", "encoding": "utf-8"})
}

// referToNothing creates no branch, since there's no such commit.
func referToNothing(ctx context.Context, w *world, token secret.Value) answer {
	return w.ask(ctx, token, http.MethodPost, "/git/refs", object{"ref": "refs/heads/" + branchName(), "sha": neverIssued})
}

// trial is what was found during the short life of a branch.
type trial struct{ commit, branch, replaced, conflict, gone finding }

func inTrial(part func(*trial) finding) check {
	return func(_ context.Context, w *world) finding { return part(&w.trial) }
}

const (
	trialFile    = "reality.txt"
	trialMessage = "Check what GitHub does\n\n[skip ci]"
)

func branchName() string { return "strava-token-reality-" + strings.ToLower(randomName()) }

// tryBranch does what package store does with a branch, on one of its own, and deletes
// that branch.
func (w *world) tryBranch(ctx context.Context) {
	skipped := untold("what comes before it failed")
	w.trial = trial{skipped, skipped, skipped, skipped, untold("no branch was made")}
	var tree struct {
		SHA  string
		Tree []struct{ SHA string }
	}
	w.ask(ctx, w.Contents, http.MethodPost, "/git/trees", object{
		"tree": []object{{"path": trialFile, "mode": "100644", "type": "blob", "content": "1\n"}},
	}).read(&tree)
	if tree.SHA == "" || len(tree.Tree) == 0 {
		return
	}
	sha := w.tryCommit(ctx, tree.SHA)
	if sha == "" {
		return
	}
	name := branchName()
	defer func() { w.trial.gone = w.deleteBranch(ctx, name) }() // also if the answer was lost
	a := w.ask(ctx, w.Contents, http.MethodPost, "/git/refs", object{"ref": "refs/heads/" + name, "sha": sha})
	var made struct {
		Ref    string
		Object struct{ SHA string }
	}
	a.read(&made)
	w.trial.branch = a.judge(a.status == http.StatusCreated && made.Ref == "refs/heads/"+name && made.Object.SHA == sha)
	if a.succeeded() {
		w.tryReplace(ctx, name, tree.Tree[0].SHA)
	}
}

// tryCommit returns the commit's name. GitHub signs what the built-in token or an App
// commits.
func (w *world) tryCommit(ctx context.Context, tree string) string {
	a := w.ask(ctx, w.Contents, http.MethodPost, "/git/commits", object{"message": trialMessage, "tree": tree})
	var commit struct {
		SHA          string
		Verification struct {
			Verified *bool
			Reason   string
		}
	}
	a.read(&commit)
	if verified := commit.Verification.Verified; a.status == http.StatusCreated && verified != nil {
		signs := strings.HasPrefix(w.Contents.Reveal(), "ghs_")
		w.trial.commit = told(*verified || !signs, fmt.Sprintf("verified: %t, reason: %s", *verified, commit.Verification.Reason))
	} else {
		w.trial.commit = a.judge(false)
	}
	return commit.SHA
}

func (w *world) tryReplace(ctx context.Context, branch, sha string) {
	put := func(text string) answer {
		return w.ask(ctx, w.Contents, http.MethodPut, "/contents/"+trialFile, object{
			"message": trialMessage, "branch": branch, "sha": sha, "content": base64.StdEncoding.EncodeToString([]byte(text)),
		})
	}
	a := put("2\n")
	if w.trial.replaced = a.judge(a.status == http.StatusOK); a.succeeded() {
		a = put("3\n")
		w.trial.conflict = a.judge(a.status == http.StatusConflict)
	}
}

func (w *world) deleteBranch(ctx context.Context, name string) finding {
	ctx = context.WithoutCancel(ctx)
	a := w.ask(ctx, w.Contents, http.MethodDelete, "/git/refs/heads/"+name, nil)
	if a.succeeded() || w.ask(ctx, w.Contents, http.MethodGet, "/branches/"+name, nil).status == http.StatusNotFound {
		return told(true, "deleted")
	}
	return told(false, "delete the branch "+name+" by hand: "+a.says())
}
