package store

import (
	"context"
	"net/http"

	"github.com/google/go-github/v60/github"
)

// whyRefused looks for the cause of a refusal that names none: a rule made since the
// check, or an unknown one if it's called a conflict though nobody else committed.
func (b *Branch) whyRefused(ctx context.Context, refused *Error) *Error {
	var now standing
	if b.askBranch(ctx, &now) != nil || b.askRules(ctx, &now) != nil {
		return refused
	}
	if found := b.whyForbidden(&now); found != nil {
		refused.ID, refused.Rule = found.ID, found.Rule
	} else if refused.ID == conflict && now.head == b.checked.head {
		refused.ID = "target-blocked"
	}
	return refused
}

// write commits text once, onto the state that was last read.
func (b *Branch) write(ctx context.Context, text string) *Error {
	ctx, cancel := context.WithTimeout(ctx, putTimeout)
	defer cancel()
	if !b.exists {
		return b.create(ctx, text)
	}
	options := &github.RepositoryContentFileOptions{Message: new(commitMessage), Content: []byte(text), Branch: new(b.Target.Branch)}
	if b.sha != "" {
		options.SHA = new(b.sha)
	}
	written, answer, err := b.github.once.Repositories.UpdateFile(ctx, b.Owner, b.Repo, b.path(), options)
	refused := b.whyNotMade(written.GetContent().GetSHA(), answer, err)
	if refused == nil {
		b.sha = written.GetContent().GetSHA()
	}
	return refused
}

// whyNotMade returns why the object wasn't created, or nil.
func (b *Branch) whyNotMade(sha string, answer *github.Response, err error) *Error {
	switch {
	case err == nil && (sha == "" || answer.StatusCode > http.StatusCreated):
		return b.unrecognized(answer)
	case err == nil:
		return nil
	}
	refused := b.classify(err, writeRefused)
	if refused.ID == unprocessable && b.sha == "" {
		refused.ID = conflict // the file or the branch exists by now
	}
	return refused
}

func (b *Branch) create(ctx context.Context, text string) *Error {
	tree, commit, refused := b.commit(ctx, b.github.once, text)
	if refused != nil {
		return refused
	}
	name := "refs/heads/" + b.Target.Branch
	ref, answer, err := b.github.once.Git.CreateRef(ctx, b.Owner, b.Repo, &github.Reference{
		Ref: new(name), Object: &github.GitObject{SHA: commit.SHA},
	})
	if refused := b.whyNotMade(ref.GetObject().GetSHA(), answer, err); refused != nil {
		return refused
	}
	// Any other answer was made by a proxy, and there is no branch.
	if answer.StatusCode != http.StatusCreated || ref.GetRef() != name || ref.GetObject().GetSHA() != commit.GetSHA() {
		return b.unrecognized(answer)
	}
	b.exists, b.sha = true, ""
	for _, entry := range tree.Entries { // there is exactly one: the file
		b.sha = entry.GetSHA()
	}
	return nil
}

// commit creates a commit of only the file; nothing refers to it yet. It has no
// parent, so that the branch carries nothing of the code's history.
func (b *Branch) commit(ctx context.Context, client *github.Client, text string) (*github.Tree, *github.Commit, *Error) {
	file := &github.TreeEntry{Path: new(b.path()), Mode: new("100644"), Type: new("blob"), Content: new(text)}
	tree, answer, err := client.Git.CreateTree(ctx, b.Owner, b.Repo, "", []*github.TreeEntry{file})
	if refused := b.whyNotMade(tree.GetSHA(), answer, err); refused != nil {
		return nil, nil, refused
	}
	commit, answer, err := client.Git.CreateCommit(ctx, b.Owner, b.Repo, &github.Commit{Message: new(commitMessage), Tree: tree}, nil)
	return tree, commit, b.whyNotMade(commit.GetSHA(), answer, err)
}
