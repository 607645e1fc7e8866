package store

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/google/go-github/v60/github"
)

// standing is the state of a branch: whether it exists, and what protects it.
type standing struct {
	exists    bool
	head      string // its newest commit
	protected bool
	updated   time.Time
	rules     []rule // the rules that apply
	// The emails of a commit through the API; empty if unknown.
	author, committer string
}

// forbidding lists the types of rules that block a commit through the API. Other
// types (deletion, non_fast_forward, …) don't, unless they have a pattern that can be
// tested. GitHub doesn't tell who may bypass a rule, and a refresh token isn't spent
// on a guess.
var forbidding = []string{"update", "pull_request", "required_status_checks", "required_deployments", "merge_queue", "workflows", "code_scanning"}

func (s *standing) has(types ...string) bool {
	return slices.ContainsFunc(s.rules, func(r rule) bool { return slices.Contains(types, r.Type) })
}

// refuse returns why the branch can't be written, or nil. GitHub calls a branch
// protected even if none of its rules matters here.
func (b *Branch) refuse(s *standing) error {
	branch := b.Target.Branch
	texts := map[string][]string{
		"commit_message_pattern":      {commitMessage},
		"branch_name_pattern":         {branch, "refs/heads/" + branch}, // GitHub doesn't say which form it matches
		"commit_author_email_pattern": {s.author},
		"committer_email_pattern":     {s.committer},
	}
	for _, r := range s.rules {
		if slices.Contains(forbidding, r.Type) || r.Type == "creation" && !s.exists || !r.fits(texts[r.Type]) || !r.lets(b.path()) {
			return b.ruled(r.Type)
		}
	}
	if s.protected && len(s.rules) == 0 {
		return b.fault("target-protected", nil)
	}
	return nil
}

func (b *Branch) ruled(rule string) *Error {
	e := b.fault(ruled, nil)
	e.Rule = rule
	return e
}

func (b *Branch) askBranch(ctx context.Context, s *standing) error {
	var branch github.Branch
	_, err := b.get(ctx, b.address("branches"), &branch)
	if isStatus(err, http.StatusNotFound) {
		return nil
	}
	if err != nil {
		e := b.classify(err, repositoryNotFound)
		if answer, refused := errors.AsType[*refusal](err); refused && e.ID == moved {
			_, name, found := strings.Cut(answer.Header.Get("Location"), "/branches/")
			if name, _ = url.PathUnescape(name); found && name != b.Target.Branch && validBranch(name) {
				e.ID, e.NewName = "target-renamed-branch", name
			}
		}
		return e
	}
	s.exists, s.protected, s.head = true, branch.GetProtected(), branch.GetCommit().GetSHA()
	s.updated = branch.GetCommit().GetCommit().GetCommitter().GetDate().Time
	return nil
}

// askRules asks for the rules; they apply even to a branch that doesn't exist yet.
// A server without rules, or one that doesn't tell, counts as having none. (The
// library rejects types that are newer than it is, so it doesn't decode them.)
func (b *Branch) askRules(ctx context.Context, s *standing) error {
	_, err := b.get(ctx, b.address("rules/branches"), &s.rules)
	if err == nil {
		return nil
	}
	e := b.classify(err, repositoryNotFound)
	if e.Status == http.StatusNotFound || e.Status == http.StatusForbidden && e.ID != rateLimited {
		return nil
	}
	return e
}

func (b *Branch) address(what string) string {
	return "repos/" + b.Repository() + "/" + what + "/" + url.PathEscape(b.Target.Branch)
}

type rule struct {
	Type       string `json:"type"`
	Parameters struct {
		Operator   string   `json:"operator"` // starts_with, ends_with, contains or regex
		Pattern    string   `json:"pattern"`
		Negate     bool     `json:"negate"`
		Paths      []string `json:"restricted_file_paths"`
		Extensions []string `json:"restricted_file_extensions"`
		MaxPath    int      `json:"max_file_path_length"`
	} `json:"parameters"`
}

// lets reports whether a rule allows a file of that name. A rule that can't be tested
// here counts as allowing it.
func (r rule) lets(file string) bool {
	p := r.Parameters
	switch r.Type {
	case "file_path_restriction":
		return !slices.ContainsFunc(p.Paths, func(pattern string) bool {
			matched, _ := path.Match(strings.TrimPrefix(pattern, "**/"), file)
			return matched
		})
	case "file_extension_restriction":
		return !slices.ContainsFunc(p.Extensions, func(e string) bool {
			return strings.EqualFold("."+strings.TrimLeft(e, "*."), path.Ext(file))
		})
	case "max_file_path_length":
		return len(file) <= p.MaxPath
	}
	return true
}

// fits reports whether one of texts has the rule's pattern, as far as that can be
// tested: an unknown text is empty.
func (r rule) fits(texts []string) bool {
	p := r.Parameters
	has := map[string]func(text, pattern string) bool{
		"starts_with": strings.HasPrefix, "ends_with": strings.HasSuffix, "contains": strings.Contains,
	}[p.Operator]
	if pattern, err := regexp.Compile(p.Pattern); p.Operator == "regex" && err == nil {
		has = func(text, _ string) bool { return pattern.MatchString(text) }
	}
	return has == nil || len(texts) == 0 || slices.ContainsFunc(texts, func(text string) bool {
		return text == "" || has(text, p.Pattern) != p.Negate
	})
}

// tryCommit creates a commit that nothing refers to, if a rule is about what only the
// answer shows: whether GitHub signed it, and under which email. It returns why the
// branch can't be written, or nil.
//
// GitHub signs what the built-in token or an App commits to an existing branch. What it
// does for a person can't be tried there, so Check only warns.
func (b *Branch) tryCommit(ctx context.Context, s *standing) error {
	first := !s.exists && s.has("required_signatures")
	if !first && !s.has("commit_author_email_pattern", "committer_email_pattern") {
		return nil
	}
	_, commit, err := b.commit(ctx, b.github.reads, documentMark+documentVersion+"\n")
	if err != nil {
		return err
	}
	if first && !commit.GetVerification().GetVerified() {
		return b.ruled("required_signatures")
	}
	s.author, s.committer = commit.GetAuthor().GetEmail(), commit.GetCommitter().GetEmail()
	return b.refuse(s)
}
