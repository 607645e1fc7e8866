package store

import (
	"context"
	"errors"
	"net/http"

	"github.com/google/go-github/v60/github"
)

// call sends a request with client, and reads the answer into an address, if there
// is one.
func call(ctx context.Context, client *github.Client, method, path string, body, into any) (*github.Response, error) {
	req, err := client.NewRequest(method, path, body)
	if err != nil {
		return nil, err
	}
	return client.Do(ctx, req, into)
}

// audience is who may use an organization's secret. A write must restate it, or it
// would change that.
type audience struct {
	visibility string
	selected   github.SelectedRepoIDs
}

// current reads what GitHub says of the secret, and who may use it.
func (s *Secret) current(ctx context.Context) (*github.Secret, error) {
	current := new(github.Secret)
	if _, err := call(ctx, s.github.reads, http.MethodGet, s.path(), nil, current); err != nil {
		return nil, err
	}
	if s.Target.Organization == "" {
		return current, nil
	}
	s.audience = audience{visibility: current.Visibility}
	switch current.Visibility {
	case "all", "private":
		return current, nil
	case "selected":
		var err error
		s.audience.selected, err = s.selectedRepositories(ctx)
		return current, err
	}
	return nil, errNoVisibility
}

var (
	errNoVisibility = errors.New("the answer does not say who may use the secret")
	errIncomplete   = errors.New("the list of selected repositories is incomplete")
)

// maxPages bounds the list of selected repositories.
const maxPages = 100

// selectedRepositories returns all of them, or an error: a write with some of
// them would take the secret away from the others.
func (s *Secret) selectedRepositories(ctx context.Context) (github.SelectedRepoIDs, error) {
	var all github.SelectedRepoIDs
	for page := 1; page <= maxPages; {
		list, answer, err := s.github.reads.Actions.ListSelectedReposForOrgSecret(
			ctx, s.Target.Organization, s.Target.Name, &github.ListOptions{Page: page, PerPage: 100})
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
