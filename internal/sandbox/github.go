package sandbox

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Access is what a GitHub token may do with one kind of thing.
type Access int

// The levels.
const (
	NoAccess Access = iota
	Read
	Write
)

// TokenKind tells GitHub's tokens apart, since their refusals differ.
type TokenKind string

// The kinds.
const (
	Personal    TokenKind = "personal access token"
	Integration TokenKind = "integration" // GITHUB_TOKEN and Apps
)

// GitHubToken is a token and its permissions.
type GitHubToken struct {
	Kind          TokenKind
	Secrets       Access
	Environments  Access
	Organizations Access
	Actions       Access
	Contents      Access
	Blind         bool      // sees no repository at all
	Expires       time.Time // zero: never
}

// need is what a call takes: a permission, by its name in GitHub's API. The zero need
// is none.
type need struct {
	permission string
	level      Access
}

func (n need) String() string {
	return n.permission + "=" + map[Access]string{Read: "read", Write: "write"}[n.level]
}

func (t *GitHubToken) has(n need) bool {
	return map[string]Access{
		"secrets": t.Secrets, "environments": t.Environments, "organization_secrets": t.Organizations,
		"actions": t.Actions, "contents": t.Contents,
	}[n.permission] >= n.level
}

// Repository is the sandbox's repository, Organization its owner, and
// RepositoryID its numeric id.
const (
	Organization = "octo"
	Repository   = Organization + "/running"
	RepositoryID = 700100200
)

type githubState struct {
	tokens map[string]*GitHubToken
	places map[string]*place   // by their names in lower case
	runs   map[int64]time.Time // when they were queued
	writer string
	// builtIn is what a workflow gets by itself.
	builtIn string
}

func (s *Server) initGitHub() {
	s.github = githubState{
		tokens: map[string]*GitHubToken{},
		places: map[string]*place{},
		runs:   map[int64]time.Time{},
	}
	s.github.writer = s.addToken("github-token", GitHubToken{
		Kind: Personal, Secrets: Write, Environments: Write, Organizations: Write, Actions: Read, Contents: Write,
	})
	s.github.builtIn = s.addToken("built-in-token", GitHubToken{Kind: Integration, Contents: Write})
	s.addPlace(Repository, "secrets")
	s.addPlace("org:"+Organization, "organization_secrets")
}

func (s *Server) addToken(name string, t GitHubToken) string {
	value := "github_pat_" + s.newToken()
	if t.Kind == Integration {
		value = "ghs_" + s.newToken()
	}
	s.github.tokens[value] = &t
	s.journal.name(value, name)
	return value
}

// GitHubToken returns the token that may write every secret.
func (s *Server) GitHubToken() string { return s.github.writer }

// BuiltInToken returns a token as a workflow gets it with contents: write: it
// may write branches, and no secret.
func (s *Server) BuiltInToken() string { return s.github.builtIn }

// NewGitHubToken returns a token with other permissions; the journal shows it
// under name.
func (s *Server) NewGitHubToken(name string, t GitHubToken) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.addToken(name, t)
}

// QueueRun records when a workflow run was queued.
func (s *Server) QueueRun(id int64, at time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.github.runs[id] = at
}

func (s *Server) routeGitHub() {
	for _, base := range []string{"", "/api/v3"} { // the latter as on GitHub Enterprise Server
		repo := base + "/repos/{owner}/{repo}"
		s.handle("github", "GET "+repo, "repository", s.repository)
		s.handle("github", "GET "+repo+"/environments", "environments", s.listEnvironments)
		s.handle("github", "GET "+repo+"/actions/runs/{run}", "run", s.workflowRun)
		s.routeGit(repo)
		s.routeIssues(repo)
		s.routeSecrets(base)
	}
}

func githubRefusal(status int, message string) answer {
	body, _ := json.Marshal(struct {
		Message string `json:"message"`
		URL     string `json:"documentation_url"`
		Status  string `json:"status"`
	}{message, "https://docs.github.com/rest", strconv.Itoa(status)})
	return jsonAnswer(status, string(body))
}

// tokenOf is the token of a request, or nil.
func (s *Server) tokenOf(r *http.Request) *GitHubToken {
	_, value, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	return s.github.tokens[value]
}

// permitted answers a request for something that exists, if the token may do it,
// and refuses the others as GitHub does, which names the permission in a header.
func (s *Server) permitted(r *http.Request, exists bool, n need, h handler) answer {
	t := s.tokenOf(r)
	switch {
	case t == nil || !t.Expires.IsZero() && s.now().After(t.Expires):
		return githubRefusal(401, "Bad credentials")
	case !exists || t.Blind:
		return t.stamp(githubRefusal(404, "Not Found"))
	case !t.has(n):
		a := t.stamp(githubRefusal(403, "Resource not accessible by "+string(t.Kind)))
		a.header["X-Accepted-GitHub-Permissions"] = n.String()
		return a
	}
	return t.stamp(h(r))
}

// repositoryOf is the repository that an address names.
func repositoryOf(r *http.Request) string { return r.PathValue("owner") + "/" + r.PathValue("repo") }

// inRepository is permitted for the sandbox's repository, the only one that has
// more than secrets.
func (s *Server) inRepository(r *http.Request, n need, h handler) answer {
	return s.permitted(r, strings.EqualFold(repositoryOf(r), Repository), n, h)
}

// stamp adds the headers that come with every answer.
func (t *GitHubToken) stamp(a answer) answer {
	if a.header == nil {
		a.header = map[string]string{}
	}
	a.header["X-RateLimit-Limit"] = "5000"
	a.header["X-RateLimit-Remaining"] = "4990"
	a.header["X-RateLimit-Reset"] = strconv.FormatInt(time.Now().Add(time.Hour).Unix(), 10)
	if !t.Expires.IsZero() {
		a.header["Github-Authentication-Token-Expiration"] = t.Expires.UTC().Format("2006-01-02 15:04:05 MST")
	}
	return a
}

func (s *Server) repository(r *http.Request) answer {
	p := s.github.places[strings.ToLower(repositoryOf(r))]
	return s.permitted(r, p != nil, need{}, func(*http.Request) answer {
		return jsonAnswer(200, filled("repository", values{"id": RepositoryID, "full_name": p.name}))
	})
}

var readsActions = need{"actions", Read}

func (s *Server) listEnvironments(r *http.Request) answer {
	return s.inRepository(r, readsActions, func(*http.Request) answer {
		var all []string
		for _, p := range s.github.places {
			if _, name, ok := strings.Cut(p.name, "@"); ok {
				all = append(all, filled("environment", values{"name": name, "date": s.now().UTC().Format(time.RFC3339)}))
			}
		}
		slices.Sort(all)
		return jsonAnswer(200, fmt.Sprintf(`{"total_count":%d,"environments":[%s]}`, len(all), strings.Join(all, ",")))
	})
}

func (s *Server) workflowRun(r *http.Request) answer {
	return s.inRepository(r, readsActions, func(r *http.Request) answer {
		id, _ := strconv.ParseInt(r.PathValue("run"), 10, 64)
		queued, ok := s.github.runs[id]
		if !ok {
			return githubRefusal(404, "Not Found")
		}
		return jsonAnswer(200, filled("run", values{
			"id": id, "created_at": queued.UTC().Format(time.RFC3339), "repository": shortRepository(RepositoryID),
		}))
	})
}

// shortRepository is the repository as other answers hold it.
func shortRepository(id int64) json.RawMessage {
	return json.RawMessage(filled("repository-short", values{"id": id, "full_name": Repository}))
}
