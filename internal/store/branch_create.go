package store

import (
	"context"

	"github.com/google/go-github/v60/github"
)

// create makes the branch with its first commit, which has no parent, so that
// the branch carries nothing of the code's history.
func (b *Branch) create(ctx context.Context, text string) *Error {
	owner, repo := b.Target.Owner, b.Target.Repo
	tree, _, err := b.github.once.Git.CreateTree(ctx, owner, repo, "", []*github.TreeEntry{{
		Path: github.String(b.path()), Mode: github.String("100644"), Type: github.String("blob"), Content: github.String(text),
	}})
	if err != nil {
		return b.github.classify(b.Target, err, WriteRefused)
	}
	if tree.GetSHA() == "" {
		return b.github.fault(b.Target, Unrecognized, nil)
	}
	commit, _, err := b.github.once.Git.CreateCommit(ctx, owner, repo, &github.Commit{
		Message: github.String(commitMessage), Tree: tree,
	}, nil)
	if err != nil {
		return b.github.classify(b.Target, err, WriteRefused)
	}
	if commit.GetSHA() == "" {
		return b.github.fault(b.Target, Unrecognized, nil)
	}
	_, _, err = b.github.once.Git.CreateRef(ctx, owner, repo, &github.Reference{
		Ref: github.String("refs/heads/" + b.Target.Branch), Object: &github.GitObject{SHA: commit.SHA},
	})
	if err != nil {
		return b.refusedWrite(err)
	}
	b.exists, b.sha = true, ""
	for _, entry := range tree.Entries {
		if entry.GetPath() == b.path() {
			b.sha = entry.GetSHA()
		}
	}
	return nil
}
