package store

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/go-github/v60/github"
	"golang.org/x/crypto/nacl/box"

	"strava-token/internal/sealed"
	"strava-token/internal/secret"
	"strava-token/internal/transport"
)

const (
	putRetries = 3
	putTimeout = 10 * time.Second
	maxPages   = 100 // of the list of selected repositories
	keySize    = 32  // of a secret's public key, in bytes
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
	keyID    string
	key      *[keySize]byte
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
	var answer *github.Response
	var believed bool
	// A token that may not see the place is told so, rather than that the secret
	// doesn't exist.
	err := together(
		func() error { return s.askKey(ctx, &answer) },
		func() error { return s.current(ctx, &s.updated) },
		func() error { return s.attempt(ctx, &believed) },
	)
	if err != nil {
		return Facts{}, err
	}
	if err := s.nearlySpent(answer); err != nil {
		return Facts{}, err
	}
	return Facts{Exists: !s.updated.IsZero(), UpdatedAt: s.updated, TokenExpires: answer.TokenExpiration.Time, WriteBelieved: believed}, nil
}

// askKey refuses a key of anything but exactly 32 bytes: a short one that is padded with
// zeros seals for nobody.
func (s *Secret) askKey(ctx context.Context, answer **github.Response) (err error) {
	var key github.PublicKey
	if *answer, err = s.get(ctx, s.scope().secrets+"public-key", &key); err == nil {
		raw, err := base64.StdEncoding.DecodeString(key.GetKey())
		if err != nil || len(raw) != keySize || key.GetKeyID() == "" {
			return s.fault("target-bad-public-key", err)
		}
		s.key, s.keyID = (*[keySize]byte)(raw), key.GetKeyID()
		return nil
	}
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

// current reads when the secret was last written, and who may use it if it is an
// organization's: a write must restate that, or it would change it.
func (s *Secret) current(ctx context.Context, updated *time.Time) error {
	current := new(github.Secret)
	_, err := s.get(ctx, s.path(), current)
	switch {
	case s.MayBeNew && isStatus(err, http.StatusNotFound):
		current.Visibility = "private"
	case err != nil:
		return s.classify(err, secretNotFound)
	}
	*updated = current.UpdatedAt.Time
	if s.Organization == "" {
		return nil
	}
	s.audience = github.EncryptedSecret{Visibility: current.Visibility}
	switch current.Visibility {
	case "all", "private":
		return nil
	case "selected":
		s.audience.SelectedRepositoryIDs, err = s.selectedRepositories(ctx)
		return err
	}
	return s.fault(unrecognized, nil)
}

// selectedRepositories returns all of them, or an error: a write with some of
// them would take the secret away from the others.
func (s *Secret) selectedRepositories(ctx context.Context) (all github.SelectedRepoIDs, err error) {
	options := &github.ListOptions{PerPage: 100}
	for range maxPages {
		list, answer, err := s.github.reads.Actions.ListSelectedReposForOrgSecret(ctx, s.Organization, s.Name, options)
		if err != nil {
			return nil, s.classify(err, secretNotFound)
		}
		for _, r := range list.Repositories {
			all = append(all, r.GetID())
		}
		if options.Page = answer.NextPage; options.Page != 0 {
			continue
		}
		if list.TotalCount == nil || len(all) != *list.TotalCount {
			break
		}
		return all, nil
	}
	return nil, s.fault(unrecognized, nil)
}

// attempt asks whether a write would be allowed, with two requests that can't change
// anything: a PUT that names no value, and a DELETE of a secret whose random name can't
// exist. GitHub may look at the body of the first before it looks at the permission;
// the second has none. Neither is a proof, but a write is believed to work if GitHub
// reports the missing value and the missing secret. An error is an *Error.
func (s *Secret) attempt(ctx context.Context, believed *bool) error {
	var put, del *Error
	var both sync.WaitGroup
	both.Go(func() { put = s.try(ctx, http.MethodPut, s.Name, struct{}{}) })
	both.Go(func() { del = s.try(ctx, http.MethodDelete, "STRAVA_TOKEN_"+strings.ToUpper(rand.Text()), nil) }) // 128 random bits
	both.Wait()
	for _, refused := range []*Error{put, del} {
		if refused.Status/100 == 3 || refused.Status >= 500 || slices.Contains([]int{401, 403, 429, 451}, refused.Status) {
			return refused
		}
	}
	if put.Status == http.StatusNotFound || put.Status == 0 && put.ID != unrecognized {
		return put
	}
	*believed = put.Status == http.StatusUnprocessableEntity && del.Status == http.StatusNotFound
	return nil
}

func (s *Secret) try(ctx context.Context, method, name string, body any) *Error {
	answer, err := call(ctx, s.github.reads, method, s.scope().secrets+name, body, nil)
	if err != nil {
		return s.classify(err, writeRefused)
	}
	return &Error{Status: answer.StatusCode}
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
		refused := s.put(ctx, token)
		if refused == nil {
			return nil
		}
		if !refused.repeatable() || !refused.wait(ctx, backoff) {
			return refused
		}
		var updated time.Time
		if s.current(ctx, &updated) != nil {
			return refused
		}
		if !updated.Equal(s.updated) {
			refused.ID = Overtaken
			return refused
		}
	}
}

func (s *Secret) put(ctx context.Context, token secret.Value) *Error {
	ctx, cancel := context.WithTimeout(ctx, putTimeout)
	defer cancel()
	text, err := box.SealAnonymous(nil, []byte(token.Reveal()), s.key, rand.Reader)
	if err != nil {
		return s.fault("target-bad-public-key", err)
	}
	body := s.audience
	body.KeyID, body.EncryptedValue = s.keyID, base64.StdEncoding.EncodeToString(text)
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
