package store

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/google/go-github/v60/github"

	"strava-token/internal/sealed"
	"strava-token/internal/transport"
)

const (
	// changeRetries is how often a write is tried again while others change the
	// same branch.
	changeRetries = 10
	// commitMessage keeps hosts that build every commit from building this one.
	commitMessage = "Keep the newest Strava refresh token\n\n[skip ci]"
)

// Branch is a sealed file on a branch of a repository, which can be read back
// and is replaced by compare-and-swap. Check comes before everything else.
type Branch struct {
	Target Target
	// MayReplace lets Check pass a document that nobody here can open: whoever
	// just logged in has a better one.
	MayReplace bool

	github *GitHub
	app    App
	id     int64  // the repository's
	exists bool   // the branch does
	sha    string // of the file as it was last read; empty if there is none
	// existed and head are how the branch stood at the check: its newest commit.
	existed bool
	head    string
	held    Held
}

// NewBranch returns the branch that t names. repositoryID is the numeric id of
// its repository, or 0 if it is not known yet.
func NewBranch(gh *GitHub, t Target, app App, repositoryID int64) *Branch {
	return &Branch{Target: t, github: gh, app: app, id: repositoryID, held: Held{app: app}}
}

func (b *Branch) String() string { return b.Target.String() }

// Held returns what was last read.
func (b *Branch) Held() Held { return b.held }

// path is the file's, in the branch.
func (b *Branch) path() string {
	if b.Target.Name == "" {
		return "refresh-token.txt"
	}
	return "refresh-token-" + b.Target.Name + ".txt"
}

func (b *Branch) place() place {
	return place{Purpose: "branch", Target: b.String(), RepositoryID: b.id}
}

// Check asks, side by side and without changing anything that can be seen,
// whether a write would be let through, what rules the branch has, and what it
// holds. An error is an *Error.
func (b *Branch) Check(ctx context.Context) (Facts, error) {
	if sealed.Usable(b.app.ClientSecret) != nil {
		return Facts{}, b.github.fault(b.Target, WeakSecret, nil)
	}
	var calls sync.WaitGroup
	var answer *github.Response
	var writeErr, idErr, ruleErr, readErr error
	var standing standing
	calls.Go(func() { answer, writeErr = b.tryWrite(ctx) })
	calls.Go(func() { idErr = b.identify(ctx) })
	calls.Go(func() { ruleErr = b.askRules(ctx, &standing) })
	calls.Go(func() { readErr = b.askBranch(ctx, &standing) })
	content, found, contentErr := b.fetch(ctx)
	calls.Wait()

	if writeErr != nil {
		return Facts{}, b.refusedBlob(writeErr)
	}
	for _, err := range []error{idErr, readErr, ruleErr, contentErr} {
		if err != nil {
			return Facts{}, err
		}
	}
	if spent := b.github.nearlySpent(b.Target, answer); spent != nil {
		return Facts{}, spent
	}
	b.exists = standing.exists || found // the two were asked at the same time
	b.existed, b.head = standing.exists, standing.head
	if refused := b.refuse(&standing); refused != nil {
		return Facts{}, refused
	}
	if err := b.take(content, found); err != nil {
		return Facts{}, err
	}
	switch broken, refused := b.tryCommit(ctx, &standing); {
	case refused != nil:
		return Facts{}, refused
	case broken != "":
		e := b.github.fault(b.Target, Ruled, nil)
		e.Rule = broken
		return Facts{}, e
	}
	facts := Facts{Exists: found, Held: !b.held.RefreshToken.Empty(), AthleteID: b.held.AthleteID, WriteProven: true, TokenExpires: expiry(answer)}
	if found {
		facts.UpdatedAt = standing.updated
	}
	if standing.exists && standing.has("required_signatures") && !b.github.signs {
		facts.Warning = &UnsignedError{b.Target}
	}
	return facts, nil
}

// tryWrite creates a blob, which changes no branch and takes the same
// permission as a commit. Its content never changes, so it is stored once.
func (b *Branch) tryWrite(ctx context.Context) (*github.Response, error) {
	_, answer, err := b.github.reads.Git.CreateBlob(ctx, b.Target.Owner, b.Target.Repo, &github.Blob{
		Content: github.String(documentMark + documentVersion + "\n"), Encoding: github.String("utf-8"),
	})
	return answer, err
}

func (b *Branch) refusedBlob(err error) *Error {
	e := b.github.classify(b.Target, err, RepositoryNotFound)
	if e.Kind == Conflict {
		e.Kind = EmptyRepository
	}
	return e
}

func (b *Branch) identify(ctx context.Context) error {
	if b.id != 0 {
		return nil
	}
	repository, _, err := b.github.reads.Repositories.Get(ctx, b.Target.Owner, b.Target.Repo)
	if err != nil {
		return b.github.classify(b.Target, err, RepositoryNotFound)
	}
	if repository.GetDefaultBranch() == b.Target.Branch {
		return b.github.fault(b.Target, CodeBranch, nil)
	}
	b.id = repository.GetID()
	return nil
}

// fetch reads the file. found is false if there is none.
func (b *Branch) fetch(ctx context.Context) (content *github.RepositoryContent, found bool, err error) {
	content, folder, answer, err := b.github.reads.Repositories.GetContents(ctx, b.Target.Owner, b.Target.Repo, b.path(),
		&github.RepositoryContentGetOptions{Ref: b.Target.Branch})
	if answer != nil && answer.StatusCode == http.StatusNotFound {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, b.github.classify(b.Target, err, RepositoryNotFound)
	}
	// A symbolic link is answered with what it leads to, and could not be replaced.
	if content == nil || folder != nil || !oneOf(content.GetType(), "", "file") || !oneOf(content.GetPath(), "", b.path()) {
		return nil, false, b.github.fault(b.Target, NotOurs, nil)
	}
	return content, true, nil
}

func oneOf(s string, all ...string) bool { return slices.Contains(all, s) }

// take makes what was fetched the state that the next write replaces.
func (b *Branch) take(content *github.RepositoryContent, found bool) error {
	if !found {
		b.sha, b.held = "", Held{app: b.app}
		return nil
	}
	if content.GetSize() > sealed.MaxText {
		return b.github.fault(b.Target, TooLarge, nil)
	}
	text, err := content.GetContent()
	if err != nil || content.GetSHA() == "" {
		return b.github.fault(b.Target, Unrecognized, err)
	}
	held, kind := b.app.read(b.place(), text)
	if kind != "" && !(b.MayReplace && replaceable(kind)) {
		return b.github.fault(b.Target, kind, nil)
	}
	if kind != "" {
		held = Held{app: b.app}
	}
	b.sha, b.held = content.GetSHA(), held
	return nil
}

// Reread returns what stands there now. An error is an *Error.
func (b *Branch) Reread(ctx context.Context) (Held, error) {
	content, found, err := b.fetch(ctx)
	if err != nil {
		return Held{}, err
	}
	if !found {
		var now standing
		if err := b.askBranch(ctx, &now); err != nil {
			return Held{}, err
		}
		b.exists = now.exists
	} else {
		b.exists = true
	}
	if err := b.take(content, found); err != nil {
		return Held{}, err
	}
	return b.held, nil
}

// Store replaces what was last read by r. An error is an *Error, whose Kind is
// Overtaken if someone else replaced it first: Held then returns what stands
// there now.
//
// A write that failed is repeated only onto what it was meant to replace.
func (b *Branch) Store(ctx context.Context, r Record) error {
	text, err := b.app.compose(b.place(), r, b.held)
	if err != nil {
		return b.github.fault(b.Target, WeakSecret, err)
	}
	outages := transport.Backoff(putRetries)
	for changes, unprocessed := 0, 0; ; {
		refused := b.write(ctx, text)
		if refused == nil {
			b.held = b.held.after(r)
			return nil
		}
		var pause time.Duration
		var stop bool
		switch {
		case refused.Kind == Conflict || refused.Kind == WriteRefused:
			// Somebody changed the branch, or deleted it. The next try is spread
			// out, since others do the same now.
			changes++
			pause, stop = transport.Scatter(changes), changes > changeRetries
		case refused.Kind == Unprocessable && unprocessed == 0:
			unprocessed++ // what was read may be older than what is there
		default:
			pause, stop = outages.Next()
			pause = max(pause, time.Until(refused.Until))
			if !refused.repeatable() {
				return refused
			}
		}
		stop = stop || transport.Pause(ctx, pause) != nil
		sha, existed := b.sha, b.exists
		held, err := b.Reread(ctx)
		var unreadable *Error
		switch {
		case errors.As(err, &unreadable) && !unreadable.repeatable():
			return unreadable
		case err != nil:
			return refused
		case held.RefreshToken.Equal(r.RefreshToken):
			return nil // it arrived, and only its answer was lost
		case b.sha != sha:
			return b.github.fault(b.Target, Overtaken, refused)
		case stop, refused.Kind == WriteRefused && existed == b.exists:
			return b.whyRefused(ctx, refused)
		}
	}
}

// escaped is the branch's name as one segment of an address.
func (b *Branch) escaped() string { return url.PathEscape(b.Target.Branch) }
