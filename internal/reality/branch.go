package reality

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
)

// trial is the short life of a branch: what package store does with one. Each row takes
// what the one before made.
type trial struct {
	commit, file string // what GitHub calls them
	branch       string // "" before its making is tried
	goesOn       bool
}

const (
	trialFile    = "reality.txt"
	trialMessage = "Check what GitHub does\n\n[skip ci]"
)

var skipped = untold("what comes before it failed")

// commitIsSigned makes a commit that nothing refers to. GitHub signs what the built-in
// token or an App commits.
func commitIsSigned(ctx context.Context, w *world, g given) finding {
	var tree struct {
		SHA  string
		Tree []struct{ SHA string }
	}
	file := object{"path": trialFile, "mode": "100644", "type": "blob", "content": "1\n"}
	w.ask(ctx, g, request{http.MethodPost, "/git/trees", object{"tree": []object{file}}}).read(&tree)
	if tree.SHA == "" || len(tree.Tree) == 0 {
		return skipped
	}
	var commit struct {
		SHA          string
		Verification struct {
			Verified *bool
			Reason   string
		}
	}
	a := w.ask(ctx, g, request{http.MethodPost, "/git/commits", object{"message": trialMessage, "tree": tree.SHA}})
	a.read(&commit)
	w.trial.commit, w.trial.file = commit.SHA, tree.Tree[0].SHA
	verified := commit.Verification.Verified
	if a.status != http.StatusCreated || verified == nil {
		return a.judge(false)
	}
	signs := strings.HasPrefix(w.tokens[g].Reveal(), "ghs_")
	return told(*verified || !signs, fmt.Sprintf("verified: %t, reason: %s", *verified, commit.Verification.Reason))
}

func branchBegins(ctx context.Context, w *world, g given) finding {
	if w.trial.commit == "" {
		return skipped
	}
	w.trial.branch = strings.ToLower(named("strava-token-reality-?"))
	ref := "refs/heads/" + w.trial.branch
	a := w.ask(ctx, g, request{http.MethodPost, "/git/refs", object{"ref": ref, "sha": w.trial.commit}})
	var made struct {
		Ref    string
		Object struct{ SHA string }
	}
	a.read(&made)
	w.trial.goesOn = a.succeeded()
	return a.judge(a.status == http.StatusCreated && made.Ref == ref && made.Object.SHA == w.trial.commit)
}

// replaces writes the branch's file in place of the first one, and wants a status.
func replaces(text string, status int) check {
	return func(ctx context.Context, w *world, g given) finding {
		if !w.trial.goesOn {
			return skipped
		}
		a := w.ask(ctx, g, request{http.MethodPut, "/contents/" + trialFile, object{
			"message": trialMessage, "branch": w.trial.branch, "sha": w.trial.file, "content": base64.StdEncoding.EncodeToString([]byte(text)),
		}})
		w.trial.goesOn = a.succeeded()
		return a.judge(a.status == status)
	}
}

// branchIsGone deletes the branch, also if the answer to its making was lost.
func branchIsGone(ctx context.Context, w *world, g given) finding {
	if w.trial.branch == "" {
		return untold("no branch was made")
	}
	ctx = context.WithoutCancel(ctx)
	a := w.ask(ctx, g, request{http.MethodDelete, "/git/refs/heads/" + w.trial.branch, nil})
	if a.succeeded() || w.ask(ctx, g, request{http.MethodGet, "/branches/" + w.trial.branch, nil}).status == http.StatusNotFound {
		return told(true, "deleted")
	}
	return told(false, "delete the branch "+w.trial.branch+" by hand: "+a.says())
}
