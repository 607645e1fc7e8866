package store

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/google/go-github/v60/github"

	"strava-token/internal/secret"
	"strava-token/internal/transport"
)

const (
	putRetries = 3
	putTimeout = 10 * time.Second
)

// Secret is a GitHub secret that keeps a refresh token. Check comes before
// Store.
type Secret struct {
	Target Target
	// MayBeNew lets Check pass a secret that does not exist yet: the first token
	// has to be written somewhere. Otherwise a mistyped name would be written
	// that nobody reads.
	MayBeNew bool
	github   *GitHub
	scope    scope
	key      sealingKey
	// updated is when the secret was last written, as Check saw it.
	updated time.Time
}

// NewSecret returns the secret that t names. repositoryID is the numeric id of
// t's repository, or 0 where it is not known yet.
func NewSecret(gh *GitHub, t Target, repositoryID int64) *Secret {
	s := &Secret{Target: t, github: gh}
	switch {
	case t.Organization != "":
		s.scope = &organizationScope{gh: gh, t: t}
	case t.Environment != "":
		s.scope = &environmentScope{gh: gh, t: t, id: int(repositoryID)}
	default:
		s.scope = &repositoryScope{gh: gh, t: t}
	}
	return s
}

func (s *Secret) String() string { return s.Target.String() }

// Check asks, without writing anything, whether the secret exists, whether its
// public key is one, and whether a write would be let through. The three
// questions go out side by side. An error is an *Error.
func (s *Secret) Check(ctx context.Context) (Facts, error) {
	if notFound, err := s.scope.prepare(ctx); err != nil {
		return Facts{}, s.github.classify(s.Target, err, notFound)
	}
	var (
		key             *github.PublicKey
		current         *github.Secret
		answer          *github.Response
		keyErr, readErr error
		proven          bool
		writeErr        error
		calls           sync.WaitGroup
	)
	calls.Go(func() { key, answer, keyErr = s.scope.publicKey(ctx) })
	calls.Go(func() { current, _, readErr = s.scope.secret(ctx) })
	calls.Go(func() { proven, writeErr = s.tryWrite(ctx) })
	calls.Wait()

	// Whoever may not see the place is told so, rather than that the secret is
	// not there.
	if keyErr != nil {
		return Facts{}, s.github.classify(s.Target, keyErr, s.scope.keyNotFound())
	}
	if readErr != nil {
		refused := s.github.classify(s.Target, readErr, SecretNotFound)
		if refused.Kind != SecretNotFound || !s.MayBeNew {
			return Facts{}, refused
		}
		current = &github.Secret{}
		if o, ok := s.scope.(*organizationScope); ok {
			o.visibility = "private"
		}
	}
	if writeErr != nil {
		return Facts{}, s.github.classify(s.Target, writeErr, WriteRefused)
	}
	if spent := s.github.nearlySpent(s.Target, answer); spent != nil {
		return Facts{}, spent
	}
	var err error
	if s.key, err = parseKey(key); err != nil {
		return Facts{}, s.github.fault(s.Target, BadPublicKey, err)
	}
	s.updated = current.UpdatedAt.Time
	return Facts{
		Exists:       readErr == nil,
		UpdatedAt:    current.UpdatedAt.Time,
		TokenExpires: expiry(answer),
		WriteProven:  proven,
	}, nil
}

// tryWrite asks for a write that can store nothing, since it names no value:
// 401, 403 and 404 say that a write would be refused, 422 says that it got past
// authorization, and anything else says nothing.
func (s *Secret) tryWrite(ctx context.Context) (proven bool, err error) {
	req, err := s.github.reads.NewRequest("PUT", s.scope.path(), struct{}{})
	if err != nil {
		return false, err
	}
	_, err = s.github.reads.Do(ctx, req, nil)
	var refused *github.ErrorResponse
	if !errors.As(err, &refused) {
		return false, nil
	}
	switch refused.Response.StatusCode {
	case 422:
		return true, nil
	case 401, 403, 404:
		return false, err
	}
	return false, nil
}

func expiry(r *github.Response) time.Time {
	if r.TokenExpiration.IsZero() {
		return time.Time{}
	}
	return r.TokenExpiration.Time
}

// Store writes the refresh token of r, and nothing else of it.
func (s *Secret) Store(ctx context.Context, r Record) error { return s.Set(ctx, r.RefreshToken) }

// Set seals token with the secret's public key and writes it. An error is an
// *Error.
//
// A write that failed is repeated only where nobody wrote meanwhile, so that a
// late repetition cannot put an old token over a newer one.
func (s *Secret) Set(ctx context.Context, token secret.Value) error {
	backoff := transport.Backoff(putRetries)
	for {
		err := s.put(ctx, token)
		if err == nil {
			return nil
		}
		pause, stop := backoff.Next()
		pause = max(pause, time.Until(err.Until)) // where GitHub asks to wait a moment
		if stop || !err.repeatable() || transport.Pause(ctx, pause) != nil {
			return err
		}
		current, _, readErr := s.scope.secret(ctx)
		if readErr != nil && s.MayBeNew && s.updated.IsZero() && s.github.classify(s.Target, readErr, SecretNotFound).Kind == SecretNotFound {
			continue // still not there, so nobody wrote it
		}
		if readErr != nil {
			return err
		}
		if !current.UpdatedAt.Time.Equal(s.updated) {
			err.Kind = Overtaken
			return err
		}
	}
}

func (s *Secret) put(ctx context.Context, token secret.Value) *Error {
	ctx, cancel := context.WithTimeout(ctx, putTimeout)
	defer cancel()
	sealed, err := s.key.seal(token)
	if err != nil {
		return s.github.fault(s.Target, BadPublicKey, err)
	}
	answer, err := s.scope.put(ctx, &github.EncryptedSecret{Name: s.Target.Name, KeyID: s.key.id, EncryptedValue: sealed})
	if err != nil {
		return s.github.classify(s.Target, err, WriteRefused, token)
	}
	// A page of somebody in between may come with 200, and nothing was written.
	if answer.StatusCode != http.StatusCreated && answer.StatusCode != http.StatusNoContent {
		e := s.github.fault(s.Target, Unrecognized, nil)
		e.Status = answer.StatusCode
		return e
	}
	return nil
}
