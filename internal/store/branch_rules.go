package store

import (
	"context"
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
	head      string // its newest commit; empty if the branch doesn't exist
	protected bool
	updated   time.Time
	rules     []rule // the rules that apply
	// What a commit through the API is like: its emails, empty if unknown, and that it's
	// the first and GitHub didn't sign it.
	author, committer string
	unsigned          bool
}

func (s *standing) has(types ...string) bool {
	return slices.ContainsFunc(s.rules, func(r rule) bool { return slices.Contains(types, r.Type) })
}

// whyForbidden returns why the branch can't be written, or nil. GitHub calls a branch
// protected even if none of its rules matters here.
func (b *Branch) whyForbidden(s *standing) *Error {
	if i := slices.IndexFunc(s.rules, func(r rule) bool { return b.forbids(r, s) }); i >= 0 {
		e := b.fault(ruled, nil)
		e.Rule = s.rules[i].Type
		return e
	}
	if s.protected && len(s.rules) == 0 {
		return b.fault("target-protected", nil)
	}
	return nil
}

// forbids reports whether a rule blocks a commit through the API. Other types (deletion,
// non_fast_forward, …), and what can't be tested here, count as allowing it. GitHub
// doesn't tell who may bypass a rule, and a refresh token isn't spent on a guess.
func (b *Branch) forbids(r rule, s *standing) bool {
	p, file, branch := r.Parameters, b.path(), b.Target.Branch
	switch r.Type {
	case "update", "pull_request", "required_status_checks", "required_deployments", "merge_queue", "workflows", "code_scanning":
		return true
	case "creation":
		return s.head == ""
	case "required_signatures":
		return s.unsigned
	case "commit_message_pattern":
		return r.rejects(commitMessage)
	case "branch_name_pattern":
		return r.rejects(branch) && r.rejects("refs/heads/"+branch) // GitHub doesn't say which form it matches
	case "commit_author_email_pattern":
		return r.rejects(s.author)
	case "committer_email_pattern":
		return r.rejects(s.committer)
	case "file_path_restriction":
		return slices.ContainsFunc(p.Paths, func(pattern string) bool {
			matched, _ := path.Match(strings.TrimPrefix(pattern, "**/"), file)
			return matched
		})
	case "file_extension_restriction":
		return slices.ContainsFunc(p.Extensions, func(e string) bool {
			return strings.EqualFold("."+strings.TrimLeft(e, "*."), path.Ext(file))
		})
	case "max_file_path_length":
		return len(file) > p.MaxPath
	}
	return false
}

func (b *Branch) askBranch(ctx context.Context, s *standing) *Error {
	var branch github.Branch
	_, err := b.get(ctx, b.address("branches"), &branch)
	if isStatus(err, http.StatusNotFound) {
		return nil
	}
	if err != nil {
		return b.classify(err, repositoryNotFound)
	}
	s.head, s.protected = branch.GetCommit().GetSHA(), branch.GetProtected()
	s.updated = branch.GetCommit().GetCommit().GetCommitter().GetDate().Time
	return nil
}

// askRules asks for the rules; they apply even to a branch that doesn't exist yet.
// A server without rules, or one that doesn't tell, counts as having none. (The
// library rejects types that are newer than it is, so it doesn't decode them.)
func (b *Branch) askRules(ctx context.Context, s *standing) *Error {
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

// rejects reports whether text breaks the rule's pattern. An empty text, an unknown
// operator and a pattern that Go can't compile count as allowed.
func (r rule) rejects(text string) bool {
	p, matches := r.Parameters, false
	switch p.Operator {
	case "starts_with":
		matches = strings.HasPrefix(text, p.Pattern)
	case "ends_with":
		matches = strings.HasSuffix(text, p.Pattern)
	case "contains":
		matches = strings.Contains(text, p.Pattern)
	case "regex":
		pattern, err := regexp.Compile(p.Pattern)
		if err != nil {
			return false
		}
		matches = pattern.MatchString(text)
	default:
		return false
	}
	return text != "" && matches == p.Negate
}

// tryCommit creates a commit that nothing refers to, if a rule is about what only the
// answer shows: whether GitHub signed it, and under which email. It returns why the
// branch can't be written, or nil.
//
// GitHub signs what the built-in token or an App commits to an existing branch. What it
// does for a person can't be tried there, so Check only warns.
func (b *Branch) tryCommit(ctx context.Context, s *standing) *Error {
	first := s.head == "" && s.has("required_signatures")
	if !first && !s.has("commit_author_email_pattern", "committer_email_pattern") {
		return nil
	}
	_, commit, err := b.commit(ctx, b.github.reads, documentMark+documentVersion+"\n")
	if err != nil {
		return err
	}
	s.unsigned = first && !commit.GetVerification().GetVerified()
	s.author, s.committer = commit.GetAuthor().GetEmail(), commit.GetCommitter().GetEmail()
	return b.whyForbidden(s)
}
