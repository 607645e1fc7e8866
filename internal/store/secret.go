package store

import (
	"context"
	"crypto/rand"
	"errors"
	"net/http"
	"slices"
	"strings"
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
	maxPages   = 100 // of the list of selected repositories
)

// Secret is a GitHub secret that keeps a refresh token. Call Check before Store.
type Secret struct {
	remote
	// MayBeNew lets Check pass a secret that doesn't exist yet: the first token has to
	// be written somewhere. Otherwise a mistyped name would create a secret that
	// nobody reads.
	MayBeNew bool
	// SealedUnder is the client secret that would seal a token the secret couldn't
	// store. Check refuses one that is too weak; empty skips that.
	SealedUnder secret.Value

	audience github.EncryptedSecret // who may use an organization's secret, and no other field
	key      *github.PublicKey
	updated  time.Time // when the secret was last written, as Check saw it; zero if it doesn't exist
}

// NewSecret returns the secret that t names.
func NewSecret(gh *GitHub, t Target) *Secret { return &Secret{remote: remote{t, gh}} }

// path returns the address of the secret, relative to the API's base.
func (s *Secret) path() string { return s.scope().secrets + s.Name }

// Check asks in parallel, without writing anything, whether the secret exists, whether
// its public key is valid, and whether a write would be allowed. An error is an *Error.
func (s *Secret) Check(ctx context.Context) (Facts, error) {
	if !s.SealedUnder.Empty() && sealed.Usable(s.SealedUnder) != nil {
		return Facts{}, s.fault(weakSecret, nil)
	}
	var calls sync.WaitGroup
	var answer *github.Response
	var believed bool
	var keyErr, readErr, writeErr error
	s.key = new(github.PublicKey)
	calls.Go(func() { answer, keyErr = s.get(ctx, s.scope().secrets+"public-key", s.key) })
	calls.Go(func() { s.updated, readErr = s.current(ctx) })
	calls.Go(func() { believed, writeErr = s.attempt(ctx) })
	calls.Wait()

	// A token that may not see the place is told so, rather than that the secret
	// doesn't exist.
	if keyErr != nil {
		return Facts{}, s.unseen(ctx, keyErr)
	}
	if readErr != nil {
		refused := s.classify(readErr, secretNotFound)
		if refused.ID != secretNotFound || !s.MayBeNew {
			return Facts{}, refused
		}
		if s.Organization != "" {
			s.audience = github.EncryptedSecret{Visibility: "private"}
		}
	}
	if writeErr != nil {
		return Facts{}, writeErr
	}
	if spent := s.nearlySpent(answer); spent != nil {
		return Facts{}, spent
	}
	if _, err := decodeKey(s.key); err != nil {
		return Facts{}, s.fault("target-bad-public-key", err)
	}
	return Facts{Exists: readErr == nil, UpdatedAt: s.updated, TokenExpires: answer.TokenExpiration.Time, WriteBelieved: believed}, nil
}

var errIncomplete = errors.New("the answer does not say who may use the secret")

// current reads when the secret was last written, and who may use it if it is an
// organization's: a write must restate that, or it would change it.
func (s *Secret) current(ctx context.Context) (updated time.Time, err error) {
	current := new(github.Secret)
	if _, err := s.get(ctx, s.path(), current); err != nil {
		return time.Time{}, err
	}
	if s.Organization != "" {
		s.audience = github.EncryptedSecret{Visibility: current.Visibility}
		switch current.Visibility {
		case "all", "private":
		case "selected":
			s.audience.SelectedRepositoryIDs, err = s.selectedRepositories(ctx)
		default:
			err = errIncomplete
		}
	}
	return current.UpdatedAt.Time, err
}

// selectedRepositories returns all of them, or an error: a write with some of
// them would take the secret away from the others.
func (s *Secret) selectedRepositories(ctx context.Context) (all github.SelectedRepoIDs, err error) {
	options := &github.ListOptions{Page: 1, PerPage: 100}
	for range maxPages {
		list, answer, err := s.github.reads.Actions.ListSelectedReposForOrgSecret(ctx, s.Organization, s.Name, options)
		if err != nil {
			return nil, err
		}
		for _, r := range list.Repositories {
			all = append(all, r.GetID())
		}
		if answer.NextPage <= options.Page && list.TotalCount != nil && len(all) == *list.TotalCount {
			return all, nil
		}
		if answer.NextPage <= options.Page {
			break
		}
		options.Page = answer.NextPage
	}
	return nil, errIncomplete
}

// unseen returns why the public key couldn't be read.
func (s *Secret) unseen(ctx context.Context, err error) *Error {
	notFound := repositoryNotFound
	switch {
	case s.Organization != "":
		notFound = "target-organization-not-found"
	case s.Environment != "" && isStatus(err, http.StatusNotFound):
		if _, _, missing := s.github.reads.Repositories.Get(ctx, s.Owner, s.Repo); !isStatus(missing, http.StatusNotFound) {
			notFound = "target-environment-not-found"
		}
	}
	return s.classify(err, notFound)
}

// attempt asks whether a write would be allowed, with two requests that can't change
// anything: a PUT that names no value, and a DELETE of a secret whose random name can't
// exist. GitHub may look at the body of the first before it looks at the permission;
// the second has none. Neither is a proof, but a write is believed to work if GitHub
// reports the missing value and the missing secret. An error is an *Error.
func (s *Secret) attempt(ctx context.Context) (believed bool, err error) {
	var put, del *Error
	var both sync.WaitGroup
	both.Go(func() { put = s.try(ctx, http.MethodPut, s.Name, struct{}{}) })
	both.Go(func() { del = s.try(ctx, http.MethodDelete, "STRAVA_TOKEN_"+strings.ToUpper(rand.Text()), nil) }) // 128 random bits
	both.Wait()
	for _, refused := range []*Error{put, del} {
		if refused != nil && (refused.Status >= 300 && refused.Status < 400 || refused.Status >= 500 ||
			slices.Contains([]int{401, 403, 429, 451}, refused.Status)) {
			return false, refused
		}
	}
	if put != nil && (put.Status == http.StatusNotFound || put.Status == 0 && put.ID != unrecognized) {
		return false, put
	}
	return put != nil && put.Status == http.StatusUnprocessableEntity && del != nil && del.Status == http.StatusNotFound, nil
}

func (s *Secret) try(ctx context.Context, method, name string, body any) *Error {
	if _, err := call(ctx, s.github.reads, method, s.scope().secrets+name, body, nil); err != nil {
		return s.classify(err, writeRefused)
	}
	return nil
}

// Store writes only the refresh token of r.
func (s *Secret) Store(ctx context.Context, r Record) error { return s.Set(ctx, r.RefreshToken) }

// Set seals token with the secret's public key and writes it. An error is an
// *Error.
//
// A failed write is repeated only if nobody wrote meanwhile, so that a late retry
// can't overwrite a newer token.
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
		updated, readErr := s.current(ctx)
		stillNew := s.MayBeNew && s.updated.IsZero() && readErr != nil && s.classify(readErr, secretNotFound).ID == secretNotFound
		if readErr != nil && !stillNew {
			return err
		}
		if !updated.Equal(s.updated) {
			err.ID = Overtaken
			return err
		}
	}
}

func (s *Secret) put(ctx context.Context, token secret.Value) *Error {
	ctx, cancel := context.WithTimeout(ctx, putTimeout)
	defer cancel()
	text, err := seal(s.key, token)
	if err != nil {
		return s.fault("target-bad-public-key", err)
	}
	body := s.audience
	body.KeyID, body.EncryptedValue = s.key.GetKeyID(), text
	answer, err := call(ctx, s.github.once, http.MethodPut, s.path(), &body, nil)
	if err != nil {
		return s.classify(err, writeRefused, token)
	}
	// A proxy's page may come with 200 although nothing was written.
	if answer.StatusCode != http.StatusCreated && answer.StatusCode != http.StatusNoContent {
		return s.unrecognized(answer)
	}
	return nil
}
