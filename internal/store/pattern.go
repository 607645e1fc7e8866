package store

import (
	"context"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/google/go-github/v60/github"

	"strava-token/internal/sealed"
)

// rule is one that applies to a branch.
type rule struct {
	Type       string `json:"type"`
	Parameters struct {
		Operator   string   `json:"operator"` // starts_with, ends_with, contains or regex
		Pattern    string   `json:"pattern"`
		Negate     bool     `json:"negate"`
		Paths      []string `json:"restricted_file_paths"`
		Extensions []string `json:"restricted_file_extensions"`
		MaxPath    int      `json:"max_file_path_length"`
		MaxSize    int      `json:"max_file_size"` // in MB
	} `json:"parameters"`
}

// lets reports whether a rule with a pattern lets a commit of the file through. One
// that can't be tested here does.
func (r rule) lets(branch, file string) bool {
	p := r.Parameters
	switch r.Type {
	case "commit_message_pattern":
		return r.fits(commitMessage)
	case "branch_name_pattern": // GitHub doesn't say in which form
		return r.fits(branch) || r.fits("refs/heads/"+branch)
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
	case "max_file_size":
		return sealed.MaxText <= p.MaxSize<<20
	}
	return true
}

// fits reports whether a text is as the pattern wants it.
func (r rule) fits(text string) bool {
	p := r.Parameters
	switch p.Operator {
	case "starts_with":
		return strings.HasPrefix(text, p.Pattern) != p.Negate
	case "ends_with":
		return strings.HasSuffix(text, p.Pattern) != p.Negate
	case "contains":
		return strings.Contains(text, p.Pattern) != p.Negate
	case "regex":
		if pattern, err := regexp.Compile(p.Pattern); err == nil {
			return pattern.MatchString(text) != p.Negate
		}
	}
	return true
}

// tryCommit makes a commit that nothing refers to, if a rule asks for what only the
// answer shows: whether GitHub signed it, and in whose name it is. It returns the
// type of the rule that it breaks, or nothing.
//
// GitHub signs what the built-in token or an App commits to a branch that exists.
// What it does for a person can't be tried there: that's left to a warning.
func (b *Branch) tryCommit(ctx context.Context, s *standing) (broken string, err *Error) {
	first := !s.exists && s.has("required_signatures")
	if !first && !s.has("commit_author_email_pattern", "committer_email_pattern") {
		return "", nil
	}
	_, commit, err := b.commit(ctx, b.github.reads, documentMark+documentVersion+"\n")
	if err != nil {
		return "", err
	}
	if first && !commit.GetVerification().GetVerified() {
		return "required_signatures", nil
	}
	for _, r := range s.rules {
		var person *github.CommitAuthor
		switch r.Type {
		case "commit_author_email_pattern":
			person = commit.GetAuthor()
		case "committer_email_pattern":
			person = commit.GetCommitter()
		}
		if email := person.GetEmail(); email != "" && !r.fits(email) {
			return r.Type, nil
		}
	}
	return "", nil
}

// UnsignedError is a rule that wants signatures, and a token whose commits GitHub
// may not sign.
type UnsignedError struct{ Target Target }

func (e *UnsignedError) Error() string { return e.Target.String() + ": commits may be unsigned" }
