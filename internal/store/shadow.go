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
	known = true
	look := func(t Target) {
		_, err := s.get(ctx, t.scope().secrets+t.Name, nil)
		if err == nil {
			shadows = append(shadows, t.String())
		}
		known = known && (err == nil || isStatus(err, http.StatusNotFound))
	}
	narrower := s.Target
	switch {
	case s.Environment != "":
		return nil, true
	case s.Organization != "":
		owner, repo, ok := SplitRepository(repository)
		if !ok {
			return nil, false
		}
		narrower = Target{Owner: owner, Repo: repo, Name: s.Name}
		look(narrower)
	}
	list, _, err := s.github.reads.Repositories.ListEnvironments(ctx, narrower.Owner, narrower.Repo,
		&github.EnvironmentListOptions{ListOptions: github.ListOptions{PerPage: maxEnvironments}})
	if err != nil {
		return shadows, false
	}
	known = known && list.GetTotalCount() <= maxEnvironments
	for _, e := range list.Environments {
		narrower.Environment = e.GetName()
		if validEnvironment(narrower.Environment) {
			look(narrower)
		} else {
			known = false
		}
	}
	return shadows, known
}
