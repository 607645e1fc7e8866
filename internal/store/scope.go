package store

import (
	"context"
	"errors"
	"fmt"
	"net/url"

	"github.com/google/go-github/v60/github"
)

// scope is where a secret lives: a repository, an environment or an
// organization. Each has its own addresses.
type scope interface {
	// prepare asks for what the other calls need.
	prepare(ctx context.Context) (Kind, error)
	publicKey(ctx context.Context) (*github.PublicKey, *github.Response, error)
	secret(ctx context.Context) (*github.Secret, *github.Response, error)
	// path is the address of the secret, relative to the API's base.
	path() string
	// put writes what was sealed.
	put(ctx context.Context, sealed *github.EncryptedSecret) (*github.Response, error)
	// keyNotFound is what a 404 of the public key means.
	keyNotFound() Kind
}

type repositoryScope struct {
	gh *GitHub
	t  Target
}

func (r *repositoryScope) prepare(context.Context) (Kind, error) { return "", nil }

func (r *repositoryScope) publicKey(ctx context.Context) (*github.PublicKey, *github.Response, error) {
	return r.gh.reads.Actions.GetRepoPublicKey(ctx, r.t.Owner, r.t.Repo)
}

func (r *repositoryScope) secret(ctx context.Context) (*github.Secret, *github.Response, error) {
	return r.gh.reads.Actions.GetRepoSecret(ctx, r.t.Owner, r.t.Repo, r.t.Name)
}

func (r *repositoryScope) path() string {
	return fmt.Sprintf("repos/%s/%s/actions/secrets/%s", r.t.Owner, r.t.Repo, r.t.Name)
}

func (r *repositoryScope) put(ctx context.Context, sealed *github.EncryptedSecret) (*github.Response, error) {
	return r.gh.once.Actions.CreateOrUpdateRepoSecret(ctx, r.t.Owner, r.t.Repo, sealed)
}

func (r *repositoryScope) keyNotFound() Kind { return RepositoryNotFound }

type environmentScope struct {
	gh *GitHub
	t  Target
	id int // the repository's, which go-github v60 addresses environments by
}

func (e *environmentScope) prepare(ctx context.Context) (Kind, error) {
	if e.id != 0 {
		return "", nil
	}
	repository, _, err := e.gh.reads.Repositories.Get(ctx, e.t.Owner, e.t.Repo)
	if err != nil {
		return RepositoryNotFound, err
	}
	e.id = int(repository.GetID())
	return "", nil
}

// environment is the name as a path segment: go-github does not escape it, and
// it may hold spaces and slashes.
func (e *environmentScope) environment() string { return url.PathEscape(e.t.Environment) }

func (e *environmentScope) publicKey(ctx context.Context) (*github.PublicKey, *github.Response, error) {
	return e.gh.reads.Actions.GetEnvPublicKey(ctx, e.id, e.environment())
}

func (e *environmentScope) secret(ctx context.Context) (*github.Secret, *github.Response, error) {
	return e.gh.reads.Actions.GetEnvSecret(ctx, e.id, e.environment(), e.t.Name)
}

func (e *environmentScope) path() string {
	return fmt.Sprintf("repositories/%d/environments/%s/secrets/%s", e.id, e.environment(), e.t.Name)
}

func (e *environmentScope) put(ctx context.Context, sealed *github.EncryptedSecret) (*github.Response, error) {
	return e.gh.once.Actions.CreateOrUpdateEnvSecret(ctx, e.id, e.environment(), sealed)
}

func (e *environmentScope) keyNotFound() Kind { return EnvironmentNotFound }

type organizationScope struct {
	gh *GitHub
	t  Target
	// A write must restate who may use the secret, or it would change that.
	visibility string
	selected   github.SelectedRepoIDs
}

func (o *organizationScope) prepare(context.Context) (Kind, error) { return "", nil }

func (o *organizationScope) publicKey(ctx context.Context) (*github.PublicKey, *github.Response, error) {
	return o.gh.reads.Actions.GetOrgPublicKey(ctx, o.t.Organization)
}

func (o *organizationScope) secret(ctx context.Context) (*github.Secret, *github.Response, error) {
	s, resp, err := o.gh.reads.Actions.GetOrgSecret(ctx, o.t.Organization, o.t.Name)
	if err != nil {
		return nil, resp, err
	}
	o.selected = nil
	switch o.visibility = s.Visibility; o.visibility {
	case "all", "private":
		return s, resp, nil
	case "selected":
		o.selected, err = o.selectedRepositories(ctx)
		return s, resp, err
	}
	return nil, resp, errNoVisibility
}

var (
	errNoVisibility = errors.New("the answer does not say who may use the secret")
	errIncomplete   = errors.New("the list of selected repositories is incomplete")
)

// maxPages bounds the list of selected repositories.
const maxPages = 100

// selectedRepositories returns all of them, or an error: a write with some of
// them would take the secret away from the others.
func (o *organizationScope) selectedRepositories(ctx context.Context) (github.SelectedRepoIDs, error) {
	var all github.SelectedRepoIDs
	for page := 1; page <= maxPages; {
		list, answer, err := o.gh.reads.Actions.ListSelectedReposForOrgSecret(
			ctx, o.t.Organization, o.t.Name, &github.ListOptions{Page: page, PerPage: 100})
		if err != nil {
			return nil, err
		}
		for _, r := range list.Repositories {
			all = append(all, r.GetID())
		}
		if answer.NextPage <= page {
			if list.TotalCount == nil || len(all) != *list.TotalCount {
				return nil, errIncomplete
			}
			return all, nil
		}
		page = answer.NextPage
	}
	return nil, errIncomplete
}

func (o *organizationScope) path() string {
	return fmt.Sprintf("orgs/%s/actions/secrets/%s", o.t.Organization, o.t.Name)
}

func (o *organizationScope) put(ctx context.Context, sealed *github.EncryptedSecret) (*github.Response, error) {
	sealed.Visibility, sealed.SelectedRepositoryIDs = o.visibility, o.selected
	return o.gh.once.Actions.CreateOrUpdateOrgSecret(ctx, o.t.Organization, sealed)
}

func (o *organizationScope) keyNotFound() Kind { return OrganizationNotFound }
