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

// GitHubToken is a token and its permissions.
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

type githubState struct {
	tokens          map[string]*GitHubToken
	places          map[string]*place // by their names in lower case
	writer, builtIn string            // the latter is what a workflow gets automatically
}

func (s *Server) initGitHub() {
	s.github = githubState{tokens: map[string]*GitHubToken{}, places: map[string]*place{}}
	s.github.writer = s.NewGitHubToken("github-token", GitHubToken{
		Kind: Personal, May: "secrets=write environments=write organization_secrets=write actions=read contents=write",
	})
	s.github.builtIn = s.NewGitHubToken("built-in-token", GitHubToken{Kind: Integration, May: "contents=write"})
	s.addPlace(Repository, "secrets")
	s.addPlace(Organization, "organization_secrets")
	s.git = gitState{objects: map[string]branch{}, rules: map[string][]string{}, branches: map[string]branch{
		"main": {head: objectName("commit", "main"), files: map[string]string{}, commits: 1, updated: s.now()},
	}}
}

// GitHubToken returns the token that may write every secret and branch.
func (s *Server) GitHubToken() string { return s.github.writer }

// BuiltInToken returns one like a workflow's: it may write branches, but no secret.
func (s *Server) BuiltInToken() string { return s.github.builtIn }

// NewGitHubToken returns another token; the journal shows it under name.
func (s *Server) NewGitHubToken(name string, t GitHubToken) string {
	return read(s, func() string {
		value := "github_pat_" + s.newToken()
		if t.Kind == Integration {
			value = "ghs_" + s.newToken()
		}
		s.github.tokens[value] = &t
		s.journal.names[value] = name
		return value
	})
}

// githubRoute is a call that GitHub answers, and the permission that it takes. One that
// begins with "=" is for the secrets of the place that the address names.
type githubRoute struct {
	call, method, path, permission string
	answer                         func(*request) answer
}

func (s *Server) routeGitHub() {
	const repo = "/repos/{owner}/{repo}"
	routes := []githubRoute{
		{"repository", "GET", repo, "", s.repository},
		{"environments", "GET", repo + "/environments", "actions=read", s.listEnvironments},
		{"run", "GET", repo + "/actions/runs/{run}", "actions=read", s.workflowRun},
		{"branch", "GET", repo + "/branches/{branch}", "contents=read", s.getBranch},
		{"rules", "GET", repo + "/rules/branches/{branch}", "contents=read", s.branchRules},
		{"content", "GET", repo + "/contents/{path...}", "contents=read", s.getContent},
		{"put-content", "PUT", repo + "/contents/{path...}", "contents=write", s.putContent},
		{"blob", "POST", repo + "/git/blobs", "contents=write", s.createBlob},
		{"tree", "POST", repo + "/git/trees", "contents=write", s.createTree},
		{"commit", "POST", repo + "/git/commits", "contents=write", s.createCommit},
		{"ref", "POST", repo + "/git/refs", "contents=write", s.createRef},
		{"delete-ref", "DELETE", repo + "/git/refs/{ref...}", "contents=write", s.deleteRef},
		{"commits", "GET", repo + "/commits", "contents=read", s.listCommits},
		{"issues", "GET", repo + "/issues", "contents=read", s.listIssues},
		{"issue", "POST", repo + "/issues", "contents=read", s.writeIssue},
		{"comment", "POST", repo + "/issues/{number}/comments", "contents=read", s.writeIssue},
		{"selected", "GET", "/orgs/{owner}/actions/secrets/{name}/repositories", "=read", s.selectedRepositories},
	}
	for _, place := range []string{repo + "/actions", repo + "/environments/{environment}", "/orgs/{owner}/actions"} {
		routes = append(routes,
			githubRoute{"public-key", "GET", place + "/secrets/public-key", "=read", s.publicKey},
			githubRoute{"secret", "GET", place + "/secrets/{name}", "=read", s.getSecret},
			githubRoute{"put", "PUT", place + "/secrets/{name}", "=write", s.putSecret},
			githubRoute{"try-delete", "DELETE", place + "/secrets/{name}", "=write", s.deleteSecret})
	}
	for _, route := range routes {
		for _, base := range []string{"", "/api/v3"} { // the latter as on GitHub Enterprise Server
			s.handle("github", route.method+" "+base+route.path, route.call, s.permitted(route))
		}
	}
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

// permitted answers a request if the token may make it, and refuses the others as
// GitHub does. Only the sandbox's own repository has more than secrets.
func (s *Server) permitted(route githubRoute) handler {
	return func(r *http.Request) answer {
		_, value, _ := strings.Cut(r.Header.Get("Authorization"), " ")
		t := s.github.tokens[value]
		if t == nil || !t.Expires.IsZero() && s.now().After(t.Expires) {
			return githubRefusal(401, "Bad credentials")
		}
		a := s.answerTo(route, t, r)
		a.header["X-RateLimit-Limit"] = "5000"
		a.header["X-RateLimit-Remaining"] = "4990"
		a.header["X-RateLimit-Reset"] = strconv.FormatInt(time.Now().Add(time.Hour).Unix(), 10)
		if !t.Expires.IsZero() {
			a.header["Github-Authentication-Token-Expiration"] = t.Expires.UTC().Format("2006-01-02 15:04:05 MST")
		}
		return a
	}
}

func (s *Server) answerTo(route githubRoute, t *GitHubToken, r *http.Request) answer {
	where := path.Join(r.PathValue("owner"), r.PathValue("repo"))
	if environment := r.PathValue("environment"); environment != "" {
		where += "@" + environment
	}
	p, name, permission := s.github.places[strings.ToLower(where)], strings.ToUpper(r.PathValue("name")), route.permission
	ofPlace := strings.HasPrefix(permission, "=")
	if p == nil || t.Blind || permission != "" && !ofPlace && p.name != Repository {
		return githubRefusal(404, "Not Found")
	}
	if ofPlace {
		permission = p.permission + permission
	}
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
	case r.Method == "POST" && strings.Contains(r.URL.Path, "/git/") && len(s.git.branches) == 0:
		return githubRefusal(409, "Git Repository is empty.")
	}
	return route.answer(call)
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
	return jsonAnswer(200, filled("run", values{
		"id": runID, "created_at": timestamp(s.knobs.Queued), "repository": shortRepository(RepositoryID),
	}))
}

// shortRepository returns the repository as other answers contain it.
func shortRepository(id int64) json.RawMessage {
	return filled("repository-short", values{"id": id, "full_name": Repository})
}

func timestamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }
