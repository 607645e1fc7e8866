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
	"errors"
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
	Name         string // of a secret, upper case, as GitHub stores it; of an athlete on a branch, or empty; of a file, once it's locked
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
func (t Target) Repository() string { return strings.Trim(t.Owner+"/"+t.Repo, "/") }

// scope says what GitHub calls the place that a target belongs to (a repository, an
// environment or an organization), and where its API and its settings page are.
type scope struct {
	permission string // what a fine-grained token needs to write there
	parameter  string // the same, as the page for a new token takes it
	secrets    string // where its secrets are, relative to the API's base
	settings   string // the path of the page that shows them
}

// scope returns the target's scope. The addresses are written out because go-github v60
// uses an outdated one for the secrets of an environment, and doesn't escape names.
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

var (
	errUnknown      = errors.New("input-unknown-target")
	errNoRepository = errors.New("input-no-repository")
)

const (
	branchPrefix       = "branch:"
	filePrefix         = "file:"
	organizationPrefix = "org:"
)

// Parse reads one target. repository, as "owner/repo", is for a target without one.
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
// An error is the id of a message, and doesn't quote the text: it may be a secret in the
// wrong place. The target then tells only whether one that can be read back was meant.
func Parse(text, repository string) (Target, error) {
	branch, isBranch := strings.CutPrefix(text, branchPrefix)
	path, isFile := strings.CutPrefix(text, filePrefix)
	organization, isOrganization := strings.CutPrefix(text, organizationPrefix)
	owner, repo, ok := SplitRepository(repository)
	switch {
	case secret.HasGitHubToken(text), secret.HasHexToken(text) && !isFile: // folders may be named after a checksum
		return Target{}, errors.New("input-credential")
	case isFile && !validPath(path):
		return Target{Path: text}, errors.New("input-bad-path")
	case isFile:
		return Target{Path: path}, nil
	case isBranch:
		branch, name, named := strings.Cut(branch, "#")
		if !validBranch(branch) || named && !isMadeOf(name, "_-", 255) {
			return Target{Branch: text}, errors.New("input-bad-branch-name")
		}
		if !ok {
			return Target{Branch: text}, errNoRepository
		}
		return Target{Owner: owner, Repo: repo, Branch: branch, Name: name}, nil
	case isOrganization:
		organization, name, ok := strings.Cut(organization, "/")
		if !ok || !validOwner(organization) {
			return Target{}, errUnknown
		}
		return Target{Organization: organization}.named(name)
	}
	name, environment, inEnvironment := strings.Cut(text, "@")
	slash := strings.LastIndex(name, "/")
	if slash >= 0 {
		owner, repo, ok = SplitRepository(name[:slash])
		name = name[slash+1:]
	}
	switch {
	case slash < 0 && strings.Contains(name, ":"), inEnvironment && !validEnvironment(environment), slash >= 0 && !ok:
		return Target{}, errUnknown
	case !ok:
		return Target{}, errNoRepository
	}
	return Target{Owner: owner, Repo: repo, Environment: environment}.named(name)
}

// named returns the secret of that name in the place of t.
func (t Target) named(name string) (Target, error) {
	if !validName(name) {
		return Target{}, errors.New("input-bad-secret-name")
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
	kind := "destination"
	switch t, err := Parse(name, "owner/repo"); {
	case err != nil: // standard output
		kind = "printed"
	case t.IsBranch():
		kind = "branch"
	case t.IsFile():
		b["file"] = name
	}
	b[kind] = name
	return b
}
