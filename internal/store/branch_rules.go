package store

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/google/go-github/v60/github"
)

// standing is how a branch stands: whether it exists, and what protects it.
type standing struct {
	exists    bool
	head      string // its newest commit
	protected bool
	updated   time.Time
	rules     []rule // those that apply
}

// forbidding are the types of rules under which a commit through the API is not
// let through. What else a rule may be (deletion, non_fast_forward, …) does not
// concern this one, unless a pattern can be tested. GitHub does not tell who may
// bypass a rule, and a refresh token is not spent on a guess.
var forbidding = []string{"update", "pull_request", "required_status_checks", "required_deployments", "merge_queue", "workflows", "code_scanning"}

// forbids returns the type of the rule that stops the write, or nothing.
func (s *standing) forbids(t Target, path string) string {
	for _, r := range s.rules {
		if slices.Contains(forbidding, r.Type) || r.Type == "creation" && !s.exists || !r.lets(t.Branch, path) {
			return r.Type
		}
	}
	return ""
}

// has reports whether a rule of one of these types applies.
func (s *standing) has(types ...string) bool {
	return slices.ContainsFunc(s.rules, func(r rule) bool { return slices.Contains(types, r.Type) })
}

// refuse returns why the branch cannot be written, or nil. A branch counts as
// protected by rules that do not concern this, as well.
func (b *Branch) refuse(s *standing) *Error {
	kind, forbids := Ruled, s.forbids(b.Target, b.path())
	switch {
	case forbids != "":
	case s.protected && len(s.rules) == 0:
		kind = Protected
	default:
		return nil
	}
	e := b.github.fault(b.Target, kind, nil)
	e.Rule = forbids
	return e
}

// askBranch asks whether the branch exists, and whether it is protected.
func (b *Branch) askBranch(ctx context.Context, s *standing) error {
	var branch struct {
		Protected bool `json:"protected"`
		Commit    struct {
			SHA    string `json:"sha"`
			Commit struct {
				Committer struct {
					Date time.Time `json:"date"`
				} `json:"committer"`
			} `json:"commit"`
		} `json:"commit"`
	}
	err := b.get(ctx, fmt.Sprintf("repos/%s/%s/branches/%s", b.Target.Owner, b.Target.Repo, b.escaped()), &branch)
	if isStatus(err, http.StatusNotFound) {
		return nil
	}
	if err != nil {
		e := b.github.classify(b.Target, err, RepositoryNotFound)
		answer, _ := refusedBy(err)
		if e.Kind == Moved {
			_, name, found := strings.Cut(answer.Header.Get("Location"), "/branches/")
			if name, _ = url.PathUnescape(name); found && name != b.Target.Branch && validBranch(name) {
				e.Kind, e.NewName = RenamedBranch, name
			}
		}
		return e
	}
	s.exists, s.protected, s.updated, s.head = true, branch.Protected, branch.Commit.Commit.Committer.Date, branch.Commit.SHA
	return nil
}

// askRules asks for the rules, which a branch that does not exist yet has, too.
// A server that knows no rules, or does not tell, has none that are known. (The
// library refuses types that are newer than it is, so it does not decode them.)
func (b *Branch) askRules(ctx context.Context, s *standing) error {
	err := b.get(ctx, fmt.Sprintf("repos/%s/%s/rules/branches/%s", b.Target.Owner, b.Target.Repo, b.escaped()), &s.rules)
	if isStatus(err, http.StatusNotFound) || isStatus(err, http.StatusForbidden) {
		return nil
	}
	if err != nil {
		return b.github.classify(b.Target, err, RepositoryNotFound)
	}
	return nil
}

func (b *Branch) get(ctx context.Context, path string, into any) error {
	_, err := call(ctx, b.github.reads, http.MethodGet, path, nil, into)
	return err
}

func isStatus(err error, status int) bool {
	var refused *github.ErrorResponse
	return errors.As(err, &refused) && refused.Response.StatusCode == status
}
