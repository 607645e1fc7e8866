// Package store keeps refresh tokens: in the secrets of GitHub repositories,
// environments and organizations, in a sealed file on a branch, or in one on
// this machine.
//
// Only a checked target is written: Check finds out whether the place exists and
// whether a write would be allowed, and leaves its content as it is. To find that out
// it replaces a file with itself, and on GitHub it creates a blob, and perhaps a
// commit, that nothing refers to. Then Store seals the token and writes it.
package store

import (
	"cmp"
	"net/url"
	"strings"
	"time"

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

// IsSecret and the others tell what kind of target it is: a secret on GitHub, a sealed
// file on a branch, or one on this machine. A run can read back only the files.
func (t Target) IsSecret() bool { return !t.Readable() }
func (t Target) IsBranch() bool { return t.Branch != "" }
func (t Target) IsFile() bool   { return t.Path != "" }
func (t Target) Readable() bool { return t.IsBranch() || t.IsFile() }
func (t Target) OnGitHub() bool { return !t.IsFile() } // writing it takes a GitHub token

// Repository returns "owner/repo", or "" for an organization's secret and a file.
func (t Target) Repository() string {
	if t.Owner == "" {
		return ""
	}
	return t.Owner + "/" + t.Repo
}

// scope is how GitHub names and addresses the scope that a target belongs to.
type scope struct {
	permission string // what a fine-grained token needs to write there
	parameter  string // the same, as the page for a new token takes it
	secrets    string // where its secrets are, relative to the API's base
	settings   string // the path of the page that shows them
}

// scope returns the target's. go-github v60 has an address for an environment's secrets
// that GitHub no longer describes, and escapes no name.
func (t Target) scope() scope {
	repository := t.Repository()
	switch {
	case t.IsFile():
		return scope{}
	case t.IsBranch():
		return scope{permission: "Contents: read and write", parameter: "contents"}
	case t.Organization != "":
		return scope{"Secrets: read and write (Organization permissions)", "organization_secrets",
			"orgs/" + t.Organization + "/actions/secrets/", "organizations/" + t.Organization + "/settings/secrets/actions"}
	case t.Environment != "":
		return scope{"Environments: read and write", "environments",
			"repos/" + repository + "/environments/" + url.PathEscape(t.Environment) + "/secrets/", repository + "/settings/environments"}
	}
	return scope{"Secrets: read and write", "secrets", "repos/" + repository + "/actions/secrets/", repository + "/settings/secrets/actions"}
}

// TokenPage returns GitHub's page for a new personal access token that may write the
// target, with everything filled in.
func (t Target) TokenPage() words.Page {
	query := url.Values{"name": {"strava-token"}, "target_name": {cmp.Or(t.Organization, t.Owner)}, "expires_in": {"365"}}
	return words.Page("settings/personal-access-tokens/new?" + query.Encode() + "&" + t.scope().parameter + "=write")
}

// Flags returns the flags that make a command write to the target.
func (t Target) Flags() words.Command {
	if t.IsBranch() {
		return words.Command{"--repo", t.Repository(), "--rotate-to", t.String()}
	}
	return words.Command{"--rotate-to", t.String()}
}

// Facts is what Check learned about a target.
type Facts struct {
	Exists        bool      // it is there already
	Held          bool      // and what it holds was read
	AthleteID     int64     // whose token that is; 0 if unknown
	Local         bool      // it is on this machine
	UpdatedAt     time.Time // when it was last written; zero if unknown
	TokenExpires  time.Time // when the GitHub token expires; zero if it doesn't say
	WriteProven   bool      // a write that nobody sees succeeded
	WriteBelieved bool      // two attempts that can't change anything suggest that a write would succeed
	Warning       error     // or nil
}

// TargetFault is an error that says what is wrong with a target, but doesn't quote it:
// it may be a secret in the wrong place.
type TargetFault string

func (f TargetFault) Error() string { return "target: " + string(f) }

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

// Parse reads one target. repository, as "owner/repo", is for a target
// without one.
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
// An error is a TargetFault.
func Parse(text, repository string) (Target, error) {
	branch, isBranch := strings.CutPrefix(text, branchPrefix)
	path, isFile := strings.CutPrefix(text, filePrefix)
	organization, isOrganization := strings.CutPrefix(text, organizationPrefix)
	owner, repo, ok := SplitRepository(repository)
	switch {
	case secret.HasGitHubToken(text), secret.HasHexToken(text) && !isFile: // folders may be named after a checksum
		return Target{}, Credential
	case isFile && !validPath(path):
		return Target{}, BadPath
	case isFile:
		return Target{Path: path}, nil
	case isBranch:
		branch, name, named := strings.Cut(branch, "#")
		if !validBranch(branch) || named && !isMadeOf(name, "_-", 255) {
			return Target{}, BadBranchName
		}
		if !ok {
			return Target{}, NoRepository
		}
		return Target{Owner: owner, Repo: repo, Branch: branch, Name: name}, nil
	case isOrganization:
		organization, name, ok := strings.Cut(organization, "/")
		if !ok || !validOwner(organization) {
			return Target{}, UnknownTarget
		}
		return Target{Organization: organization}.named(name)
	}
	name, environment, inEnvironment := strings.Cut(text, "@")
	unknown := NoRepository
	if i := strings.LastIndex(name, "/"); i >= 0 {
		owner, repo, ok = SplitRepository(name[:i])
		name, unknown = name[i+1:], UnknownTarget
	}
	switch {
	case unknown == NoRepository && strings.Contains(name, ":"), inEnvironment && !validEnvironment(environment):
		return Target{}, UnknownTarget
	case !ok:
		return Target{}, unknown
	}
	return Target{Owner: owner, Repo: repo, Environment: environment}.named(name)
}

// LooksReadable reports whether text, which may be no target, is meant as one that can be
// read back.
func LooksReadable(text string) bool {
	return strings.HasPrefix(text, branchPrefix) || strings.HasPrefix(text, filePrefix)
}

// named returns the secret of that name in the place of t.
func (t Target) named(name string) (Target, error) {
	if !validName(name) {
		return Target{}, BadSecretName
	}
	t.Name = strings.ToUpper(name)
	return t, nil
}

// String returns the target in full, except for the repository of a branch: that is
// always this one.
func (t Target) String() string {
	switch {
	case t.IsFile():
		return filePrefix + t.Path
	case t.IsBranch():
		return strings.TrimSuffix(branchPrefix+t.Branch+"#"+t.Name, "#")
	case t.Organization != "":
		return organizationPrefix + t.Organization + "/" + t.Name
	case t.Environment != "":
		return t.Repository() + "/" + t.Name + "@" + t.Environment
	}
	return t.Repository() + "/" + t.Name
}

// Key returns the same for two targets that name the same place: GitHub ignores the
// case of owners, repositories, environments and secrets.
func (t Target) Key() string {
	if t.Readable() {
		return t.String()
	}
	return strings.ToLower(t.String())
}

// SplitRepository splits "owner/repo".
func SplitRepository(s string) (owner, repo string, ok bool) {
	owner, repo, ok = strings.Cut(s, "/")
	return owner, repo, ok && validOwner(owner) && validRepo(repo)
}

// BlanksOf returns the blanks that name a target in a message. Only the name of a
// branch lacks its repository, and any will do here.
func BlanksOf(name string) words.Blanks {
	b := words.Blanks{"target": name, "destination": "", "branch": "", "file": "", "printed": ""}
	t, err := Parse(name, "owner/repo")
	switch {
	case err != nil: // standard output
		b["printed"] = name
	case t.IsBranch():
		b["branch"] = name
	case t.IsFile():
		b["destination"], b["file"] = name, name
	default:
		b["destination"] = name
	}
	return b
}
