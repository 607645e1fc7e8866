// Package store keeps refresh tokens: in the secrets of GitHub repositories,
// environments and organizations.
//
// Nothing is written that was not checked before: Check asks GitHub whether
// the place exists and whether a write would be let through, and writes
// nothing; only then does Store seal the token and write it.
package store

import (
	"fmt"
	"strings"
)

// Target names a secret that keeps a refresh token.
type Target struct {
	Owner        string // empty for an organization's secret
	Repo         string
	Environment  string // empty unless the secret belongs to one
	Organization string // empty unless the secret belongs to one
	Name         string // upper case, as GitHub stores it
}

// TargetError says what is wrong with a target as it was written.
type TargetError struct {
	Text string
	Kind TargetFault
}

// TargetFault is what can be wrong with a target.
type TargetFault string

// The faults of a target.
const (
	UnknownTarget TargetFault = "unknown-target"
	BadSecretName TargetFault = "bad-secret-name"
	NoRepository  TargetFault = "no-repository"
)

func (e *TargetError) Error() string { return fmt.Sprintf("target %q: %s", e.Text, e.Kind) }

// Parse reads one target. repository, as "owner/repo", is where a target
// without one belongs.
//
//	NAME                         a secret of this repository
//	NAME@environment             of one of its environments
//	owner/repo/NAME              of another repository
//	owner/repo/NAME@environment  of an environment of another repository
//	org:ORG/NAME                 of an organization
//
// An error is a *TargetError.
func Parse(text, repository string) (Target, error) {
	fault := func(kind TargetFault) (Target, error) { return Target{}, &TargetError{Text: text, Kind: kind} }
	if rest, ok := strings.CutPrefix(text, "org:"); ok {
		org, name, ok := strings.Cut(rest, "/")
		if !ok || !validOwner(org) {
			return fault(UnknownTarget)
		}
		if !validName(name) {
			return fault(BadSecretName)
		}
		return Target{Organization: org, Name: strings.ToUpper(name)}, nil
	}
	place, environment, inEnvironment := strings.Cut(text, "@")
	if inEnvironment && !validEnvironment(environment) {
		return fault(UnknownTarget)
	}
	t := Target{Environment: environment}
	parts := strings.Split(place, "/")
	switch len(parts) {
	case 1:
		if strings.Contains(place, ":") {
			return fault(UnknownTarget)
		}
		owner, repo, ok := SplitRepository(repository)
		if !ok {
			return fault(NoRepository)
		}
		t.Owner, t.Repo = owner, repo
	case 3:
		if _, _, ok := SplitRepository(parts[0] + "/" + parts[1]); !ok {
			return fault(UnknownTarget)
		}
		t.Owner, t.Repo = parts[0], parts[1]
	default:
		return fault(UnknownTarget)
	}
	name := parts[len(parts)-1]
	if !validName(name) {
		return fault(BadSecretName)
	}
	t.Name = strings.ToUpper(name)
	return t, nil
}

// String writes the target out in full.
func (t Target) String() string {
	if t.Organization != "" {
		return "org:" + t.Organization + "/" + t.Name
	}
	s := t.Owner + "/" + t.Repo + "/" + t.Name
	if t.Environment != "" {
		s += "@" + t.Environment
	}
	return s
}

// Key is the same for two targets that name the same secret: GitHub ignores
// the case of owners, repositories, environments and secrets.
func (t Target) Key() string { return strings.ToLower(t.String()) }

// SplitRepository takes "owner/repo" apart.
func SplitRepository(s string) (owner, repo string, ok bool) {
	owner, repo, ok = strings.Cut(s, "/")
	return owner, repo, ok && validOwner(owner) && validRepo(repo)
}

func validOwner(s string) bool {
	return s != "" && len(s) <= 100 && only(s, func(r rune) bool { return letterOrDigit(r) || r == '-' || r == '_' })
}

func validRepo(s string) bool {
	return s != "" && s != "." && s != ".." && len(s) <= 100 &&
		only(s, func(r rune) bool { return letterOrDigit(r) || r == '-' || r == '_' || r == '.' })
}

// validName follows GitHub's rules: letters, digits and underscores, not
// starting with a digit or with GITHUB_.
func validName(s string) bool {
	return s != "" && len(s) <= 255 && (s[0] < '0' || s[0] > '9') &&
		!strings.HasPrefix(strings.ToUpper(s), "GITHUB_") &&
		only(s, func(r rune) bool { return letterOrDigit(r) || r == '_' })
}

// validEnvironment lets through what could be an environment's name: it may
// hold spaces and slashes.
func validEnvironment(s string) bool {
	return s != "" && len(s) <= 255 && s == strings.TrimSpace(s) && s != "." && s != ".." &&
		!strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f })
}

func letterOrDigit(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
}

func only(s string, ok func(rune) bool) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return !ok(r) })
}
