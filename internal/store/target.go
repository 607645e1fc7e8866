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
	"net/url"
	"strings"

	"strava-token/internal/secret"
	"strava-token/internal/words"
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

// Readable reports whether a run can read back what the target keeps.
func (t Target) Readable() bool { return t.IsBranch() || t.IsFile() }

// IsBranch reports whether the target is a sealed file on a branch.
func (t Target) IsBranch() bool { return t.Branch != "" }

// IsFile reports whether the target is a sealed file on this machine.
func (t Target) IsFile() bool { return t.Path != "" }

// IsSecret reports whether the target is a secret on GitHub.
func (t Target) IsSecret() bool { return !t.Readable() }

// OnGitHub reports whether it takes a GitHub token to write the target.
func (t Target) OnGitHub() bool { return !t.IsFile() }

// MayBeNew reports whether a run may make the target if it doesn't exist. A
// secret must exist, since a mistyped name would be one that nobody reads.
func (t Target) MayBeNew() bool { return t.Readable() }

// Repository is "owner/repo", or empty for an organization's secret and a file.
func (t Target) Repository() string {
	if t.Owner == "" {
		return ""
	}
	return t.Owner + "/" + t.Repo
}

// Permission names what a fine-grained token needs to write the target, as
// GitHub's pages call it.
func (t Target) Permission() string {
	switch {
	case t.IsBranch():
		return "Contents: read and write"
	case t.Organization != "":
		return "Secrets: read and write (Organization permissions)"
	case t.Environment != "":
		return "Environments: read and write"
	}
	return "Secrets: read and write"
}

// TokenPage is the page of GitHub on which a personal access token that may write
// the target is made, with everything filled in.
func (t Target) TokenPage() words.Page {
	owner := t.Owner
	if t.Organization != "" {
		owner = t.Organization
	}
	query := url.Values{"name": {"strava-token"}, "target_name": {owner}, "expires_in": {"365"}}
	return words.Page("settings/personal-access-tokens/new?" + query.Encode() + "&" + t.parameter())
}

// parameter is the permission as that page takes it.
func (t Target) parameter() string {
	switch {
	case t.IsBranch():
		return "contents=write"
	case t.Organization != "":
		return "organization_secrets=write"
	case t.Environment != "":
		return "environments=write"
	}
	return "secrets=write"
}

// settings is the path of the page on GitHub that shows the secret.
func (t Target) settings() string {
	switch {
	case t.Readable():
		return ""
	case t.Organization != "":
		return "organizations/" + t.Organization + "/settings/secrets/actions"
	case t.Environment != "":
		return t.Repository() + "/settings/environments"
	}
	return t.Repository() + "/settings/secrets/actions"
}

// Flags are what tells a command to write to the target.
func (t Target) Flags() words.Command {
	if t.IsBranch() {
		return words.Command{"--repo", t.Repository(), "--rotate-to", t.String()}
	}
	return words.Command{"--rotate-to", t.String()}
}

// TargetError says what is wrong with a target as it was written.
type TargetError struct {
	Text string
	Kind TargetFault
	// Readable reports whether it would have been one that can be read back.
	Readable bool
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
	Credential    TargetFault = "credential" // its text looks like a token, so it is not printed
)

const (
	branchPrefix       = "branch:"
	filePrefix         = "file:"
	organizationPrefix = "org:"
)

func (e *TargetError) Error() string {
	return fmt.Sprintf("target %q: %s", secret.Quotable(e.Text), e.Kind)
}

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
	fault := func(kind TargetFault) (Target, error) {
		readable := strings.HasPrefix(text, branchPrefix) || strings.HasPrefix(text, filePrefix)
		return Target{}, &TargetError{Text: text, Kind: kind, Readable: readable}
	}
	// Folders may be called by a checksum, but no other target is.
	if secret.HasGitHubToken(text) || secret.HasHexToken(text) && !strings.HasPrefix(text, filePrefix) {
		return fault(Credential)
	}
	if branch, ok := strings.CutPrefix(text, branchPrefix); ok {
		t, kind := parseBranch(branch, repository)
		if kind != "" {
			return fault(kind)
		}
		return t, nil
	}
	if path, ok := strings.CutPrefix(text, filePrefix); ok {
		if !validPath(path) {
			return fault(BadPath)
		}
		return Target{Path: path}, nil
	}
	if rest, ok := strings.CutPrefix(text, organizationPrefix); ok {
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
