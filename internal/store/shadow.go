package store

import (
	"context"
	"net/http"

	"github.com/google/go-github/v60/github"
)

// maxEnvironments limits how many environments are searched.
const maxEnvironments = 30

// Shadows returns the secrets of the same name that a workflow of repository may
// read instead of this one, since the narrowest scope wins: environment over
// repository over organization. It returns false if some couldn't be checked.
func (s *Secret) Shadows(ctx context.Context, repository string) (shadows []string, known bool) {
	var narrower []Target
	in := Target{Owner: s.Owner, Repo: s.Repo, Name: s.Name}
	if s.Environment != "" {
		return nil, true
	}
	if s.Organization != "" {
		if in.Owner, in.Repo, known = SplitRepository(repository); !known {
			return nil, false
		}
		narrower = append(narrower, in)
	}
	list, _, err := s.github.reads.Repositories.ListEnvironments(ctx, in.Owner, in.Repo,
		&github.EnvironmentListOptions{ListOptions: github.ListOptions{PerPage: maxEnvironments}})
	if err != nil {
		list = new(github.EnvResponse)
	}
	for _, e := range list.Environments {
		in.Environment = e.GetName()
		narrower = append(narrower, in)
	}
	known = err == nil && list.GetTotalCount() <= maxEnvironments
	for _, t := range narrower {
		_, err := s.get(ctx, t.scope().secrets+t.Name, nil)
		if err == nil {
			shadows = append(shadows, t.String())
		}
		known = known && (err == nil || isStatus(err, http.StatusNotFound))
	}
	return shadows, known
}
