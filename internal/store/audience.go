package store

import (
	"context"
	"errors"
	"time"

	"github.com/google/go-github/v60/github"
)

var errIncomplete = errors.New("the answer does not say who may use the secret")

// current reads when the secret was last written, and who may use it if it is an
// organization's: a write must restate that, or it would change it.
func (s *Secret) current(ctx context.Context) (updated time.Time, err error) {
	current := new(github.Secret)
	if _, err := s.get(ctx, s.path(), current); err != nil {
		return time.Time{}, err
	}
	if s.Target.Organization != "" {
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

// maxPages bounds the list of selected repositories.
const maxPages = 100

// selectedRepositories returns all of them, or an error: a write with some of
// them would take the secret away from the others.
func (s *Secret) selectedRepositories(ctx context.Context) (all github.SelectedRepoIDs, err error) {
	options := &github.ListOptions{Page: 1, PerPage: 100}
	for range maxPages {
		list, answer, err := s.github.reads.Actions.ListSelectedReposForOrgSecret(ctx, s.Target.Organization, s.Target.Name, options)
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
