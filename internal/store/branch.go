package store

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/google/go-github/v60/github"

	"strava-token/internal/sealed"
	"strava-token/internal/transport"
	"strava-token/internal/words"
)

const (
	changeRetries = 10                                                  // of a write while others change the same branch
	commitMessage = "Keep the newest Strava refresh token\n\n[skip ci]" // for hosts that build every commit
)

// Branch is a sealed file on a branch of a repository. It can be read back, and is
// replaced by compare-and-swap. Call Check before anything else.
type Branch struct {
	remote
	readable
	exists  bool     // the branch did when it was last read
	sha     string   // of the file as it was last read; empty if there is none
	checked standing // what the check found out about the branch
}

// NewBranch returns the branch that t names. repositoryID is the numeric id of
// its repository, or 0 if it is not known yet.
func NewBranch(gh *GitHub, t Target, app App, repositoryID int64) *Branch {
	return &Branch{remote: remote{t, gh}, readable: readable{
		place: place{Purpose: "branch", Target: t.String(), RepositoryID: repositoryID}, held: Held{app: app},
	}}
}

func (b *Branch) path() string {
	if b.Name == "" {
		return "refresh-token.txt"
	}
	return "refresh-token-" + b.Name + ".txt"
}

// Check asks in parallel, without changing anything visible, whether a write would be
// allowed, what rules the branch has, and what it holds. An error is an *Error.
func (b *Branch) Check(ctx context.Context) (Facts, error) {
	if sealed.Usable(b.held.app.ClientSecret) != nil {
		return Facts{}, b.fault(weakSecret, nil)
	}
	var expires time.Time
	var content *github.RepositoryContent
	b.checked = standing{}
	err := together(
		func() *Error { return b.tryWrite(ctx, &expires) },
		func() *Error { return b.identify(ctx) },
		func() *Error { return b.askBranch(ctx, &b.checked) },
		func() *Error { return b.askRules(ctx, &b.checked) },
		func() *Error { return b.fetch(ctx, &content) },
	)
	if err == nil {
		err = cmp.Or(b.whyForbidden(&b.checked), b.take(content))
	}
	b.exists = b.checked.head != "" || content != nil // they were asked at the same time
	if err == nil {
		err = b.tryCommit(ctx, &b.checked)
	}
	if err != nil {
		return Facts{}, err
	}
	facts := b.facts(content != nil, b.checked.updated)
	facts.TokenExpires = expires
	if b.checked.head != "" && b.checked.has("required_signatures") && !b.github.signs {
		facts.Warning = &words.Failure{ID: "target-unsigned", Blanks: words.Blanks{"target": b.Target}}
	}
	return facts, nil
}

// tryWrite creates a blob: that changes no branch, and takes the same permission as
// a commit. Its content never changes, so it is stored once.
func (b *Branch) tryWrite(ctx context.Context, expires *time.Time) *Error {
	blob := &github.Blob{Content: new(documentMark + documentVersion + "\n"), Encoding: new("utf-8")}
	_, answer, err := b.github.reads.Git.CreateBlob(ctx, b.Owner, b.Repo, blob)
	if err == nil {
		*expires = answer.TokenExpiration.Time
		return b.tooFewLeft(answer)
	}
	e := b.classify(err, repositoryNotFound)
	if e.ID == conflict {
		e.ID = "target-empty-repository" // there is no commit yet
	}
	return e
}

func (b *Branch) identify(ctx context.Context) *Error {
	if b.place.RepositoryID != 0 {
		return nil
	}
	repository, _, err := b.github.reads.Repositories.Get(ctx, b.Owner, b.Repo)
	if err != nil {
		return b.classify(err, repositoryNotFound)
	}
	if repository.GetDefaultBranch() == b.Target.Branch {
		return b.fault("target-code-branch", nil)
	}
	b.place.RepositoryID = repository.GetID()
	return nil
}

// fetch sets into to the file, or to nil if there is none.
func (b *Branch) fetch(ctx context.Context, into **github.RepositoryContent) *Error {
	content, folder, _, err := b.github.reads.Repositories.GetContents(ctx, b.Owner, b.Repo, b.path(),
		&github.RepositoryContentGetOptions{Ref: b.Target.Branch})
	*into = content
	switch {
	case isStatus(err, http.StatusNotFound):
		return nil
	case err != nil:
		return b.classify(err, repositoryNotFound)
	// GitHub answers a symbolic link with its target, and the link couldn't be replaced.
	case content == nil || folder != nil || cmp.Or(content.GetType(), "file") != "file" || cmp.Or(content.GetPath(), b.path()) != b.path():
		return b.fault("target-not-ours", nil)
	}
	return nil
}

// take makes what was fetched the state that the next write replaces.
func (b *Branch) take(content *github.RepositoryContent) *Error {
	if content == nil {
		b.sha, b.held = "", Held{app: b.held.app}
		return nil
	}
	if content.GetSize() > sealed.MaxText {
		return b.fault("target-too-large", nil)
	}
	text, err := content.GetContent()
	if err != nil || content.GetSHA() == "" {
		return b.fault(unrecognized, err)
	}
	if id := b.open(text); id != "" {
		return b.fault(id, nil)
	}
	b.sha = content.GetSHA()
	return nil
}

// Reread returns what the branch holds now. An error is an *Error.
func (b *Branch) Reread(ctx context.Context) (Held, error) {
	var now standing
	var content *github.RepositoryContent
	err := b.fetch(ctx, &content)
	if err == nil && content == nil {
		err = b.askBranch(ctx, &now)
	}
	if err == nil {
		b.exists = now.head != "" || content != nil
		err = b.take(content)
	}
	if err != nil {
		return b.held, err
	}
	return b.held, nil
}

// Store replaces what was last read with r. An error is an *Error. Its ID is
// Overtaken if someone else replaced it first: Held then returns what is there now.
//
// A failed write is repeated only onto what it was meant to replace.
func (b *Branch) Store(ctx context.Context, r Record) error {
	next, text, err := b.compose(r)
	if err != nil {
		return b.fault(weakSecret, err)
	}
	outages := transport.Backoff(putRetries)
	for changes, misread := 0, false; ; {
		refused := b.write(ctx, text)
		if refused == nil {
			b.held = next
			return nil
		}
		stop := false
		switch {
		case refused.ID == conflict || refused.ID == writeRefused:
			// Somebody changed the branch, or deleted it. The next try is spread
			// out, since others do the same now.
			changes++
			stop = changes > changeRetries || transport.Pause(ctx, transport.Scatter(changes)) != nil
		case refused.ID == unprocessable && !misread:
			misread = true // what was read may be older than what is there
		case refused.repeatable():
			stop = !refused.wait(ctx, outages)
		default:
			return refused
		}
		sha, existed := b.sha, b.exists
		held, err := b.Reread(ctx)
		unreadable, failed := errors.AsType[*Error](err)
		switch {
		case failed && !unreadable.repeatable():
			return unreadable
		case failed:
			return refused
		case held.RefreshToken.Equal(r.RefreshToken):
			return nil // the write arrived, and only its answer was lost
		case b.sha != sha:
			return b.fault(Overtaken, refused)
		case stop, refused.ID == writeRefused && existed == b.exists:
			return b.whyRefused(ctx, refused)
		}
	}
}
