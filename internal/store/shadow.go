package store

import (
	"context"
	"net/http"

	"github.com/google/go-github/v60/github"
)

// maxEnvironments bounds how many environments are looked into.
const maxEnvironments = 30

// Shadows returns the secrets of the same name that a workflow of repository may
// read instead of this one, since the narrowest scope wins: environment over
// repository over organization. It returns false if that could not be told.
func (s *Secret) Shadows(ctx context.Context, repository string) (shadows []string, known bool) {
	owner, repo, ok := SplitRepository(repository)
	switch {
	case s.Target.Environment != "":
		return nil, true
	case s.Target.Organization != "" && !ok:
		return nil, false
	case s.Target.Organization != "":
		narrower := Target{Owner: owner, Repo: repo, Name: s.Target.Name}
		exists, known := s.exists(ctx, narrower)
		if exists {
			shadows = append(shadows, narrower.String())
		}
		inEnvironments, told := s.environmentShadows(ctx, narrower)
		return append(shadows, inEnvironments...), known && told
	}
	return s.environmentShadows(ctx, s.Target)
}

// environmentShadows looks for secrets with the name of t in the environments of
// its repository.
func (s *Secret) environmentShadows(ctx context.Context, t Target) (shadows []string, known bool) {
	list, _, err := s.github.reads.Repositories.ListEnvironments(ctx, t.Owner, t.Repo,
		&github.EnvironmentListOptions{ListOptions: github.ListOptions{PerPage: maxEnvironments}})
	if err != nil {
		return nil, false
	}
	known = list.GetTotalCount() <= maxEnvironments
	for _, e := range list.Environments {
		if !validEnvironment(e.GetName()) {
			known = false
			continue
		}
		narrower := t
		narrower.Environment = e.GetName()
		exists, told := s.exists(ctx, narrower)
		if exists {
			shadows = append(shadows, narrower.String())
		}
		known = known && told
	}
	return shadows, known
}

// exists asks for a secret.
func (s *Secret) exists(ctx context.Context, t Target) (exists, known bool) {
	_, err := call(ctx, s.github.reads, http.MethodGet, t.scope().secrets+t.Name, nil, nil)
	return err == nil, err == nil || isStatus(err, http.StatusNotFound)
}
