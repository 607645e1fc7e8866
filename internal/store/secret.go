package store

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/google/go-github/v60/github"

	"strava-token/internal/sealed"
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
	// SealedUnder is the client secret that seals what the secret could not be
	// given; empty if nothing has to be sealed.
	SealedUnder secret.Value

	github   *GitHub
	audience audience
	key      sealingKey
	// updated is when the secret was last written, as Check saw it.
	updated time.Time
}

// NewSecret returns the secret that t names.
func NewSecret(gh *GitHub, t Target) *Secret { return &Secret{Target: t, github: gh} }

func (s *Secret) String() string { return s.Target.String() }

// path is the address of the secret, relative to the API's base.
func (s *Secret) path() string { return s.Target.scope().secrets + s.Target.Name }

// Check asks, without writing anything, whether the secret exists, whether its
// public key is one, and whether a write would be let through. The questions go out
// side by side. An error is an *Error.
func (s *Secret) Check(ctx context.Context) (Facts, error) {
	if !s.SealedUnder.Empty() && sealed.Usable(s.SealedUnder) != nil {
		return Facts{}, s.github.fault(s.Target, WeakSecret, nil)
	}
	var (
		key             github.PublicKey
		current         *github.Secret
		answer          *github.Response
		keyErr, readErr error
		believed        bool
		writeErr        error
		calls           sync.WaitGroup
	)
	calls.Go(func() {
		answer, keyErr = call(ctx, s.github.reads, http.MethodGet, s.Target.scope().secrets+"public-key", nil, &key)
	})
	calls.Go(func() { current, readErr = s.current(ctx) })
	calls.Go(func() { believed, writeErr = s.attempt(ctx) })
	calls.Wait()

	// Those who may not see the place are told so, rather than that the secret is
	// not there.
	if keyErr != nil {
		return Facts{}, s.unseen(ctx, keyErr)
	}
	if readErr != nil {
		refused := s.github.classify(s.Target, readErr, SecretNotFound)
		if refused.Kind != SecretNotFound || !s.MayBeNew {
			return Facts{}, refused
		}
		current, s.audience = &github.Secret{}, audience{}
		if s.Target.Organization != "" {
			s.audience.visibility = "private"
		}
	}
	if writeErr != nil {
		return Facts{}, writeErr
	}
	if spent := s.github.nearlySpent(s.Target, answer); spent != nil {
		return Facts{}, spent
	}
	var err error
	if s.key, err = parseKey(&key); err != nil {
		return Facts{}, s.github.fault(s.Target, BadPublicKey, err)
	}
	s.updated = current.UpdatedAt.Time
	return Facts{
		Exists:        readErr == nil,
		UpdatedAt:     current.UpdatedAt.Time,
		TokenExpires:  expiry(answer),
		WriteBelieved: believed,
	}, nil
}

// unseen says why the public key could not be read.
func (s *Secret) unseen(ctx context.Context, err error) *Error {
	notFound := RepositoryNotFound
	switch {
	case s.Target.Organization != "":
		notFound = OrganizationNotFound
	case s.Target.Environment != "" && isStatus(err, http.StatusNotFound):
		if _, _, missing := s.github.reads.Repositories.Get(ctx, s.Target.Owner, s.Target.Repo); !isStatus(missing, http.StatusNotFound) {
			notFound = EnvironmentNotFound
		}
	}
	return s.github.classify(s.Target, err, notFound)
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
// A write that failed is repeated only if nobody wrote meanwhile, so that a
// late repetition cannot put an old token over a newer one.
func (s *Secret) Set(ctx context.Context, token secret.Value) error {
	backoff := transport.Backoff(putRetries)
	for {
		err := s.put(ctx, token)
		if err == nil {
			return nil
		}
		pause, stop := backoff.Next()
		pause = max(pause, time.Until(err.Until)) // if GitHub asks to wait a moment
		if stop || !err.repeatable() || transport.Pause(ctx, pause) != nil {
			return err
		}
		current, readErr := s.current(ctx)
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
	text, err := s.key.seal(token)
	if err != nil {
		return s.github.fault(s.Target, BadPublicKey, err)
	}
	answer, err := call(ctx, s.github.once, http.MethodPut, s.path(), &github.EncryptedSecret{
		KeyID: s.key.id, EncryptedValue: text, Visibility: s.audience.visibility, SelectedRepositoryIDs: s.audience.selected,
	}, nil)
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
