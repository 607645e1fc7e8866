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
	commit, file    string // what GitHub calls them
	branch          string // "" before its making is tried
	begun, replaced bool
}

const (
	trialFile    = "reality.txt"
	trialMessage = "Check what GitHub does\n\n[skip ci]"
)

var skipped = untold("what comes before it failed")

func branchName() string { return "strava-token-reality-" + strings.ToLower(randomName()) }

// commitIsSigned makes a commit that nothing refers to. GitHub signs what the built-in
// token or an App commits.
func commitIsSigned(ctx context.Context, w *world, g given) finding {
	var tree struct {
		SHA  string
		Tree []struct{ SHA string }
	}
	file := object{"path": trialFile, "mode": "100644", "type": "blob", "content": "1\n"}
	w.ask(ctx, g, http.MethodPost, "/git/trees", object{"tree": []object{file}}).read(&tree)
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
	a := w.ask(ctx, g, http.MethodPost, "/git/commits", object{"message": trialMessage, "tree": tree.SHA})
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
	w.trial.branch = branchName()
	ref := "refs/heads/" + w.trial.branch
	a := w.ask(ctx, g, http.MethodPost, "/git/refs", object{"ref": ref, "sha": w.trial.commit})
	var made struct {
		Ref    string
		Object struct{ SHA string }
	}
	a.read(&made)
	w.trial.begun = a.succeeded()
	return a.judge(a.status == http.StatusCreated && made.Ref == ref && made.Object.SHA == w.trial.commit)
}

func fileIsReplaced(ctx context.Context, w *world, g given) finding {
	if !w.trial.begun {
		return skipped
	}
	a := w.replace(ctx, g, "2\n")
	w.trial.replaced = a.succeeded()
	return a.judge(a.status == http.StatusOK)
}

func oldShaConflicts(ctx context.Context, w *world, g given) finding {
	if !w.trial.replaced {
		return skipped
	}
	a := w.replace(ctx, g, "3\n")
	return a.judge(a.status == http.StatusConflict)
}

// replace writes the branch's file in place of the first one.
func (w *world) replace(ctx context.Context, g given, text string) answer {
	return w.ask(ctx, g, http.MethodPut, "/contents/"+trialFile, object{
		"message": trialMessage, "branch": w.trial.branch, "sha": w.trial.file, "content": base64.StdEncoding.EncodeToString([]byte(text)),
	})
}

// branchIsGone deletes the branch, also if the answer to its making was lost.
func branchIsGone(ctx context.Context, w *world, g given) finding {
	if w.trial.branch == "" {
		return untold("no branch was made")
	}
	ctx = context.WithoutCancel(ctx)
	a := w.ask(ctx, g, http.MethodDelete, "/git/refs/heads/"+w.trial.branch, nil)
	if a.succeeded() || w.ask(ctx, g, http.MethodGet, "/branches/"+w.trial.branch, nil).status == http.StatusNotFound {
		return told(true, "deleted")
	}
	return told(false, "delete the branch "+w.trial.branch+" by hand: "+a.says())
}
