package store

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/google/go-github/v60/github"
	"golang.org/x/crypto/nacl/box"

	"strava-token/internal/sealed"
	"strava-token/internal/secret"
	"strava-token/internal/transport"
)

const (
	putRetries      = 3
	putTimeout      = 10 * time.Second
	maxPages        = 100 // of the list of selected repositories
	maxEnvironments = 30  // that are searched for a secret of the same name
	keySize         = 32  // of a secret's public key, in bytes
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

	body    github.EncryptedSecret // of a write, without the value
	key     *[keySize]byte
	updated time.Time // when the secret was last written, as Check saw it; zero if it doesn't exist
}

// NewSecret returns the secret that t names.
func NewSecret(gh *GitHub, t Target) *Secret { return &Secret{remote: remote{t, gh}} }

func (s *Secret) path() string { return s.scope().secrets + s.Name }

// Check asks in parallel, without writing anything, whether the secret exists, whether
// its public key is valid, and whether a write would be allowed. An error is an *Error.
func (s *Secret) Check(ctx context.Context) (Facts, error) {
	if !s.SealedUnder.Empty() && sealed.Usable(s.SealedUnder) != nil {
		return Facts{}, s.fault(weakSecret, nil)
	}
	var expires time.Time
	var put, del int
	nobody := "STRAVA_TOKEN_" + strings.ToUpper(rand.Text()) // 128 random bits
	// A token that may not see the place is told so, rather than that the secret
	// doesn't exist.
	err := together(
		func() *Error { return s.askKey(ctx, &expires) },
		func() *Error { return s.askSecret(ctx, &s.updated) },
		func() *Error { return s.try(ctx, http.MethodPut, s.Name, struct{}{}, &put) },
		func() *Error { return s.try(ctx, http.MethodDelete, nobody, nil, &del) },
	)
	if err != nil {
		return Facts{}, err
	}
	believed := put == http.StatusUnprocessableEntity && del == http.StatusNotFound
	return Facts{Exists: !s.updated.IsZero(), UpdatedAt: s.updated, TokenExpires: expires, WriteBelieved: believed}, nil
}

// try asks whether a write would be allowed, with one of two requests that can't change
// anything: a PUT that names no value, and a DELETE of a secret whose random name can't
// exist. GitHub may look at the body of the first before it looks at the permission;
// the second has none. Neither is a proof, but a write is believed to work if GitHub
// reports the missing value and the missing secret. No answer to the second means
// nothing: some networks let no DELETE through.
func (s *Secret) try(ctx context.Context, method, name string, body any, status *int) *Error {
	_, err := call(ctx, s.github.reads, method, s.scope().secrets+name, body, nil)
	if err == nil {
		return nil
	}
	refused := s.classify(err, writeRefused)
	*status = refused.Status
	noAnswer := *status == 0 && refused.ID != unrecognized
	switch {
	case *status/100 == 3, *status >= 500, slices.Contains([]int{401, 403, 429, 451}, *status):
		return refused
	case method == http.MethodPut && (noAnswer || *status == http.StatusNotFound):
		return refused
	}
	return nil
}

// askKey refuses a key of anything but exactly 32 bytes: a short one that is padded with
// zeros seals for nobody.
func (s *Secret) askKey(ctx context.Context, expires *time.Time) *Error {
	var key github.PublicKey
	answer, err := s.get(ctx, s.scope().secrets+"public-key", &key)
	if err == nil {
		raw, err := base64.StdEncoding.DecodeString(key.GetKey())
		if err != nil || len(raw) != keySize || key.GetKeyID() == "" {
			return s.fault("target-bad-public-key", err)
		}
		s.key, s.body.KeyID = (*[keySize]byte)(raw), key.GetKeyID()
		*expires = answer.TokenExpiration.Time
		return s.tooFewLeft(answer)
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

// askSecret asks when the secret was last written, and who may use it if it is an
// organization's: a write must restate that, or it would change it.
func (s *Secret) askSecret(ctx context.Context, updated *time.Time) *Error {
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
	s.body.Visibility, s.body.SelectedRepositoryIDs = current.Visibility, nil
	switch current.Visibility {
	case "all", "private":
		return nil
	case "selected":
		return s.askSelected(ctx)
	}
	return s.fault(unrecognized, nil)
}

// askSelected asks for all of the repositories that may use the secret: a write with some
// of them would take it away from the others.
func (s *Secret) askSelected(ctx context.Context) *Error {
	var all github.SelectedRepoIDs
	options := &github.ListOptions{PerPage: 100}
	for range maxPages {
		list, answer, err := s.github.reads.Actions.ListSelectedReposForOrgSecret(ctx, s.Organization, s.Name, options)
		if err != nil {
			return s.classify(err, secretNotFound)
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
		s.body.SelectedRepositoryIDs = all
		return nil
	}
	return s.fault(unrecognized, nil)
}

// Store writes only the refresh token of r.
func (s *Secret) Store(ctx context.Context, r Record) error { return s.Set(ctx, r.RefreshToken) }

// Set seals token with the secret's public key and writes it. A failed write is repeated
// only if nobody wrote meanwhile, so that a late retry can't overwrite a newer token. An
// error is an *Error.
func (s *Secret) Set(ctx context.Context, token secret.Value) error {
	for backoff := transport.Backoff(putRetries); ; {
		refused := s.put(ctx, token)
		if refused == nil {
			return nil
		}
		var updated time.Time
		switch {
		case !refused.repeatable(), !refused.wait(ctx, backoff), s.askSecret(ctx, &updated) != nil:
			return refused
		case !updated.Equal(s.updated):
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
	body := s.body
	body.EncryptedValue = base64.StdEncoding.EncodeToString(text)
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

// Shadows returns the secrets of the same name that a workflow of repository may
// read instead of this one, since the narrowest scope wins: environment over
// repository over organization. It returns false if some couldn't be checked.
func (s *Secret) Shadows(ctx context.Context, repository string) (shadows []string, known bool) {
	if s.Environment != "" {
		return nil, true
	}
	var narrower []Target
	in := Target{Owner: s.Owner, Repo: s.Repo, Name: s.Name}
	if s.Organization != "" {
		if in.Owner, in.Repo, known = SplitRepository(repository); !known {
			return nil, false
		}
		narrower = append(narrower, in)
	}
	options := &github.EnvironmentListOptions{ListOptions: github.ListOptions{PerPage: maxEnvironments}}
	list, _, err := s.github.reads.Repositories.ListEnvironments(ctx, in.Owner, in.Repo, options)
	known = err == nil && list.GetTotalCount() <= maxEnvironments
	for i := 0; err == nil && i < len(list.Environments); i++ {
		in.Environment = list.Environments[i].GetName()
		narrower = append(narrower, in)
	}
	for _, t := range narrower {
		_, err := s.get(ctx, t.scope().secrets+t.Name, nil)
		if err == nil {
			shadows = append(shadows, t.String())
		}
		known = known && (err == nil || isStatus(err, http.StatusNotFound))
	}
	return shadows, known
}
