package sandbox

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The kinds of tokens, whose refusals differ.
const (
	Personal    = "personal access token"
	Integration = "integration" // GITHUB_TOKEN and Apps
)

type GitHubToken struct {
	Kind    string
	May     string    // such as "secrets=write actions=read", by GitHub's names
	Blind   bool      // sees no repository at all
	Expires time.Time // zero: never
}

// Repository is the sandbox's repository, Organization its owner, RepositoryID its
// numeric id, and runID its one workflow run.
const (
	Organization = "octo"
	Repository   = Organization + "/running"
	RepositoryID = 700100200
	runID        = 9001
)

// githubState is what GitHub knows. Of the repository's git side it's as much as the
// contents API and the git database API show; one with no branch is empty.
type githubState struct {
	tokens          map[string]*GitHubToken
	places          map[string]*place // by their names in lower case
	writer, builtIn string            // the latter is what a workflow gets automatically

	branches map[string]branch
	objects  map[string]branch   // the branch that each tree and commit would make
	rules    map[string][]string // by branch
	written  []string            // each issue, "title: body", and each comment, "comment: body"
}

func (s *Server) addGitHub() {
	main := branch{head: objectName("commit", "main"), files: map[string]string{}, commits: 1, updated: s.now()}
	s.github = githubState{
		tokens: map[string]*GitHubToken{}, places: map[string]*place{},
		branches: map[string]branch{"main": main}, objects: map[string]branch{}, rules: map[string][]string{},
	}
	s.github.writer = s.NewGitHubToken("github-token", GitHubToken{
		Kind: Personal, May: "secrets=write environments=write organization_secrets=write actions=read contents=write",
	})
	s.github.builtIn = s.NewGitHubToken("built-in-token", GitHubToken{Kind: Integration, May: "contents=write"})
	s.addPlace(Repository, "secrets")
	s.addPlace(Organization, "organization_secrets")
	const repo = "/repos/{owner}/{repo}"
	route := s.githubRoute
	route("repository", "GET", repo, "", s.repository)
	route("environments", "GET", repo+"/environments", "actions=read", s.listEnvironments)
	route("run", "GET", repo+"/actions/runs/{run}", "actions=read", s.workflowRun)
	route("branch", "GET", repo+"/branches/{branch}", "contents=read", s.getBranch)
	route("rules", "GET", repo+"/rules/branches/{branch}", "contents=read", s.branchRules)
	route("content", "GET", repo+"/contents/{path...}", "contents=read", s.getContent)
	route("put-content", "PUT", repo+"/contents/{path...}", "contents=write", s.putContent)
	route("blob", "POST", repo+"/git/blobs", "contents=write", s.createBlob)
	route("tree", "POST", repo+"/git/trees", "contents=write", s.createTree)
	route("commit", "POST", repo+"/git/commits", "contents=write", s.createCommit)
	route("ref", "POST", repo+"/git/refs", "contents=write", s.createRef)
	route("delete-ref", "DELETE", repo+"/git/refs/{ref...}", "contents=write", s.deleteRef)
	route("commits", "GET", repo+"/commits", "contents=read", s.listCommits)
	route("issues", "GET", repo+"/issues", "contents=read", s.listIssues)
	route("issue", "POST", repo+"/issues", "contents=read", s.writeIssue)
	route("comment", "POST", repo+"/issues/{number}/comments", "contents=read", s.writeIssue)
	route("selected", "GET", "/orgs/{owner}/actions/secrets/{name}/repositories", "secrets=read", s.selectedRepositories)
	for _, place := range []string{repo + "/actions", repo + "/environments/{environment}", "/orgs/{owner}/actions"} {
		route("public-key", "GET", place+"/secrets/public-key", "secrets=read", s.publicKey)
		route("secret", "GET", place+"/secrets/{name}", "secrets=read", s.getSecret)
		route("put", "PUT", place+"/secrets/{name}", "secrets=write", s.putSecret)
		route("try-delete", "DELETE", place+"/secrets/{name}", "secrets=write", s.deleteSecret)
	}
}

// GitHubToken returns the token that may write every secret and branch.
func (s *Server) GitHubToken() string { return s.github.writer }

// BuiltInToken returns one like a workflow's: it may write branches, but no secret.
func (s *Server) BuiltInToken() string { return s.github.builtIn }

// NewGitHubToken returns another token; the journal shows it under name.
func (s *Server) NewGitHubToken(name string, t GitHubToken) string {
	return read(s, func() string {
		value := map[string]string{Personal: "github_pat_", Integration: "ghs_"}[t.Kind] + s.newToken()
		s.github.tokens[value] = &t
		s.journal.names[value] = name
		return value
	})
}

// request is a call by a token that may make it.
type request struct {
	*http.Request
	token  *GitHubToken
	place  *place       // that the address names
	name   string       // of the secret that it names, in upper case
	stored storedSecret // under that name
	sent   sent
}

// sent is the body of any call. GitHub tells a missing value of a secret from an empty one.
type sent struct {
	EncryptedValue *string `json:"encrypted_value"`
	KeyID          string  `json:"key_id"`
	Visibility     string
	Selected       []int64 `json:"selected_repository_ids"`

	Title, Body                        string
	Message, Content, SHA, Branch, Ref string
	BaseTree                           string `json:"base_tree"`
	Author                             any
	Parents                            []string
	Tree                               json.RawMessage // of a commit a name, of a tree its files
}

// githubRoute adds a call, and the permission that it takes. GitHub answers a token that
// has it, and refuses the others.
func (s *Server) githubRoute(call, method, path, permission string, h func(*request) answer) {
	for _, base := range []string{"", "/api/v3"} { // the latter as on GitHub Enterprise Server
		s.handle("github", method+" "+base+path, call, func(r *http.Request) answer {
			_, value, _ := strings.Cut(r.Header.Get("Authorization"), " ")
			t := s.github.tokens[value]
			if t == nil || !t.Expires.IsZero() && s.now().After(t.Expires) {
				return githubRefusal(401, "Bad credentials")
			}
			a := s.permitted(t, r, permission, h)
			a.header["X-RateLimit-Limit"] = "5000"
			a.header["X-RateLimit-Remaining"] = "4990"
			a.header["X-RateLimit-Reset"] = strconv.FormatInt(time.Now().Add(time.Hour).Unix(), 10)
			if !t.Expires.IsZero() {
				a.header["Github-Authentication-Token-Expiration"] = t.Expires.UTC().Format("2006-01-02 15:04:05 MST")
			}
			return a
		})
	}
}

// permitted answers a request if the token may make it. Only the sandbox's own repository
// has more than secrets.
func (s *Server) permitted(t *GitHubToken, r *http.Request, permission string, h func(*request) answer) answer {
	p := s.placeAt(path.Join(r.PathValue("owner"), r.PathValue("repo")), r.PathValue("environment"))
	name := strings.ToUpper(r.PathValue("name"))
	if p == nil || t.Blind || permission != "" && !strings.HasPrefix(permission, "secrets=") && p.name != Repository {
		return githubRefusal(404, "Not Found")
	}
	permission = strings.Replace(permission, "secrets", p.permission, 1)
	may, call := strings.Fields(t.May), &request{Request: r, token: t, place: p, name: name, stored: p.secrets[name]}
	switch {
	case permission != "" && !slices.Contains(may, permission) && !slices.Contains(may, strings.Replace(permission, "=read", "=write", 1)):
		a := githubRefusal(403, "Resource not accessible by "+t.Kind)
		a.header["X-Accepted-GitHub-Permissions"] = permission
		return a
	case r.Method != "GET" && r.Method != "DELETE" && json.NewDecoder(r.Body).Decode(&call.sent) != nil:
		return githubRefusal(400, "Problems parsing JSON")
	case name != "" && r.Method != "PUT" && call.stored.created.IsZero():
		return githubRefusal(404, "Not Found")
	case r.Method == "POST" && strings.Contains(r.URL.Path, "/git/") && len(s.github.branches) == 0:
		return githubRefusal(409, "Git Repository is empty.")
	}
	return h(call)
}

func (s *Server) repository(r *request) answer {
	return jsonAnswer(200, filled("repository", values{"id": RepositoryID, "full_name": r.place.name}))
}

func (s *Server) listEnvironments(*request) answer {
	var all []json.RawMessage
	for _, name := range slices.Sorted(maps.Keys(s.github.places)) {
		if _, environment, ok := strings.Cut(s.github.places[name].name, "@"); ok {
			all = append(all, filled("environment", values{"name": environment, "date": timestamp(s.now())}))
		}
	}
	return jsonAnswer(200, fmt.Sprintf(`{"total_count":%d,"environments":%s}`, len(all), list(all)))
}

func (s *Server) workflowRun(r *request) answer {
	if s.knobs.Queued.IsZero() || r.PathValue("run") != strconv.Itoa(runID) {
		return githubRefusal(404, "Not Found")
	}
	queued, repository := timestamp(s.knobs.Queued), shortRepository(RepositoryID)
	return jsonAnswer(200, filled("run", values{"id": runID, "created_at": queued, "repository": repository}))
}

// shortRepository returns the repository as other answers contain it.
func shortRepository(id int64) json.RawMessage {
	return filled("repository-short", values{"id": id, "full_name": Repository})
}

func timestamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }
