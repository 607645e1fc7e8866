// Package store keeps refresh tokens: in the secrets of GitHub repositories,
// environments and organizations, in a sealed file on a branch, or in one on
// this machine.
//
// Nothing is written that was not checked before: Check finds out whether the
// place exists and whether a write would be let through, and changes nothing
// there; only then does Store seal the token and write it.
package store

import (
	"fmt"
	"strings"
)

// Target names a place that keeps a refresh token.
type Target struct {
	Owner        string // empty for an organization's secret and for a file
	Repo         string
	Environment  string // empty unless the secret belongs to one
	Organization string // empty unless the secret belongs to one
	Name         string // of a secret, upper case, as GitHub stores it; of an athlete on a branch, or empty
	Branch       string // empty unless it is one
	Path         string // empty unless it is a file on this machine
}

// Readable reports whether what is kept there can be read back.
func (t Target) Readable() bool { return t.Branch != "" || t.Path != "" }

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
	BadBranchName TargetFault = "bad-branch-name"
	BadPath       TargetFault = "bad-path"
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
//	branch:BRANCH                a sealed file on a branch of this repository
//	branch:BRANCH#NAME           one of several there
//	file:PATH                    a sealed file on this machine
//
// An error is a *TargetError.
func Parse(text, repository string) (Target, error) {
	fault := func(kind TargetFault) (Target, error) { return Target{}, &TargetError{Text: text, Kind: kind} }
	if branch, ok := strings.CutPrefix(text, "branch:"); ok {
		t, kind := parseBranch(branch, repository)
		if kind != "" {
			return fault(kind)
		}
		return t, nil
	}
	if path, ok := strings.CutPrefix(text, "file:"); ok {
		if !validPath(path) {
			return fault(BadPath)
		}
		return Target{Path: path}, nil
	}
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

func parseBranch(text, repository string) (Target, TargetFault) {
	branch, name, named := strings.Cut(text, "#")
	if !validBranch(branch) || named && !validAthlete(name) {
		return Target{}, BadBranchName
	}
	owner, repo, ok := SplitRepository(repository)
	if !ok {
		return Target{}, NoRepository
	}
	return Target{Owner: owner, Repo: repo, Branch: branch, Name: name}, ""
}

// String writes the target out in full, but for the repository of a branch,
// which is always this one.
func (t Target) String() string {
	switch {
	case t.Path != "":
		return "file:" + t.Path
	case t.Branch != "" && t.Name != "":
		return "branch:" + t.Branch + "#" + t.Name
	case t.Branch != "":
		return "branch:" + t.Branch
	}
	if t.Organization != "" {
		return "org:" + t.Organization + "/" + t.Name
	}
	s := t.Owner + "/" + t.Repo + "/" + t.Name
	if t.Environment != "" {
		s += "@" + t.Environment
	}
	return s
}

// Key is the same for two targets that name the same place: GitHub ignores the
// case of owners, repositories, environments and secrets.
func (t Target) Key() string {
	if t.Readable() {
		return t.String()
	}
	return strings.ToLower(t.String())
}

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

// validBranch follows what git allows in a branch's name, without the signs that
// need care in a shell or in an address.
func validBranch(s string) bool {
	for part := range strings.SplitSeq(s, "/") {
		if part == "" || strings.HasPrefix(part, ".") || strings.HasSuffix(part, ".lock") || strings.HasSuffix(part, ".") {
			return false
		}
	}
	return len(s) <= 200 && !strings.HasPrefix(s, "-") && !strings.HasPrefix(s, "refs/") && !strings.Contains(s, "..") && s != "HEAD" &&
		only(s, func(r rune) bool { return letterOrDigit(r) || strings.ContainsRune("-_./+", r) })
}

// validAthlete tells the files of several athletes on one branch apart.
func validAthlete(s string) bool {
	return s != "" && len(s) <= 100 && only(s, func(r rune) bool { return letterOrDigit(r) || r == '-' || r == '_' })
}

func validPath(s string) bool {
	last := s[strings.LastIndexAny(s, `/\\`)+1:]
	return !strings.HasPrefix(s, "~") && last != "" && last != "." && last != ".." && s == strings.TrimSpace(s) &&
		!strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f })
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
