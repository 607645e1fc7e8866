package sandbox

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/crypto/nacl/box"
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

// Repository is the sandbox's repository, Organization its owner, and
// RepositoryID its numeric id.
const (
	Organization = "octo"
	Repository   = Organization + "/running"
	RepositoryID = 700100200
)

type githubState struct {
	tokens map[string]*GitHubToken
	places map[string]*place   // by the path of their secrets
	runs   map[int64]time.Time // when they were queued
	writer string
	// builtIn is what a workflow gets by itself.
	builtIn string
}

// place holds secrets: a repository, an environment or an organization.
type place struct {
	kind     string // secrets, environments or organizations
	keyID    string
	public   *[32]byte
	private  *[32]byte
	shortKey bool
	secrets  map[string]*storedSecret
}

type storedSecret struct {
	value      string
	created    time.Time
	updated    time.Time
	visibility string
	selected   []int64
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
	s.addPlace("repos/"+Repository+"/actions", "secrets")
	s.addPlace("orgs/"+Organization+"/actions", "organizations")
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

func (s *Server) addPlace(path, kind string) *place {
	public, private, err := box.GenerateKey(rand.Reader)
	if err != nil {
		panic(err) // the system's random source is gone
	}
	p := &place{
		kind: kind, keyID: fmt.Sprintf("%d", 568250167242549000+len(s.github.places)),
		public: public, private: private, secrets: map[string]*storedSecret{},
	}
	s.github.places[path] = p
	return p
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

// AddEnvironment creates an environment of the repository.
func (s *Server) AddEnvironment(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.addPlace(environmentPath(name), "environments")
}

func environmentPath(name string) string {
	return fmt.Sprintf("repositories/%d/environments/%s", RepositoryID, name)
}

// AddRepository creates another repository of the same owner.
func (s *Server) AddRepository(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.addPlace("repos/"+Organization+"/"+name+"/actions", "secrets")
}

// QueueRun records when a workflow run was queued.
func (s *Server) QueueRun(id int64, at time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.github.runs[id] = at
}

// BreakPublicKey makes the repository's public key one byte too short.
func (s *Server) BreakPublicKey() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.github.places["repos/"+Repository+"/actions"].shortKey = true
}

// placeOf returns where a target's secret lives, and the secret's name.
func (s *Server) placeOf(target string) (*place, string) {
	if rest, ok := strings.CutPrefix(target, "org:"); ok {
		org, name, _ := strings.Cut(rest, "/")
		return s.github.places["orgs/"+org+"/actions"], name
	}
	target, environment, inEnvironment := strings.Cut(target, "@")
	repo, name := Repository, target
	if i := strings.LastIndex(target, "/"); i >= 0 {
		repo, name = target[:i], target[i+1:]
	}
	if inEnvironment {
		return s.github.places[environmentPath(environment)], name
	}
	return s.github.places["repos/"+repo+"/actions"], name
}

// SetSecret stores a secret, as its owner does in the settings. target is
// written as in rotate-to.
func (s *Server) SetSecret(target, value string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, name := s.placeOf(target)
	p.secrets[name] = &storedSecret{value: value, created: s.now(), updated: s.now(), visibility: "private"}
}

// SelectRepositories restricts an organization's secret to some repositories.
func (s *Server) SelectRepositories(target string, ids ...int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, name := s.placeOf(target)
	p.secrets[name].visibility, p.secrets[name].selected = "selected", ids
}

// Selected returns who may use an organization's secret.
func (s *Server) Selected(target string) (visibility string, ids []int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, name := s.placeOf(target)
	return p.secrets[name].visibility, p.secrets[name].selected
}

// Secret returns the value of a secret, which the real GitHub never does.
func (s *Server) Secret(target string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, name := s.placeOf(target)
	if p == nil || p.secrets[name] == nil {
		return ""
	}
	return p.secrets[name].value
}

func (s *Server) routeGitHub() {
	for _, base := range []string{"", "/api/v3"} { // the latter as on GitHub Enterprise Server
		s.handle("github", "GET "+base+"/repos/{owner}/{repo}", named("repository"), s.repository)
		s.handle("github", "GET "+base+"/repos/{owner}/{repo}/environments", named("environments"), s.listEnvironments)
		s.handle("github", "GET "+base+"/repos/{owner}/{repo}/actions/runs/{run}", named("run"), s.workflowRun)
		s.routeGit(base)
		s.routeIssues(base)
		s.routeSecrets(base+"/repos/{owner}/{repo}/actions/secrets", func(r *http.Request) string {
			return "repos/" + r.PathValue("owner") + "/" + r.PathValue("repo") + "/actions"
		})
		s.routeSecrets(base+"/repositories/{id}/environments/{environment}/secrets", func(r *http.Request) string {
			return "repositories/" + r.PathValue("id") + "/environments/" + r.PathValue("environment")
		})
		s.routeSecrets(base+"/orgs/{org}/actions/secrets", func(r *http.Request) string {
			return "orgs/" + r.PathValue("org") + "/actions"
		})
	}
}

func (s *Server) routeSecrets(path string, placePath func(*http.Request) string) {
	at := func(need Access, h func(*http.Request, *place) answer) handler {
		return func(r *http.Request) answer { return s.authorized(r, placePath(r), need, h) }
	}
	s.handle("github", "GET "+path+"/public-key", named("public-key"), at(Read, s.publicKey))
	s.handle("github", "GET "+path+"/{name}", named("secret"), at(Read, s.getSecret))
	s.handle("github", "GET "+path+"/{name}/repositories", named("selected"), at(Read, s.selectedRepositories))
	s.handle("github", "PUT "+path+"/{name}", s.putCall, at(Write, s.putSecret))
}

func githubRefusal(status int, message string) answer {
	body, _ := json.Marshal(struct {
		Message string `json:"message"`
		URL     string `json:"documentation_url"`
		Status  string `json:"status"`
	}{message, "https://docs.github.com/rest", strconv.Itoa(status)})
	return jsonAnswer(status, string(body))
}

// tokenOf returns the token of a request, or a refusal.
func (s *Server) tokenOf(r *http.Request) (*GitHubToken, *answer) {
	header := r.Header.Get("Authorization")
	_, value, _ := strings.Cut(header, " ")
	t := s.github.tokens[value]
	if t == nil || !t.Expires.IsZero() && s.now().After(t.Expires) {
		a := githubRefusal(401, "Bad credentials")
		return nil, &a
	}
	return t, nil
}

// authorized lets a request through to a place, or refuses as GitHub does.
func (s *Server) authorized(r *http.Request, path string, need Access, h func(*http.Request, *place) answer) answer {
	t, refused := s.tokenOf(r)
	if refused != nil {
		return *refused
	}
	p := s.github.places[path]
	if p == nil || t.Blind {
		return t.stamp(githubRefusal(404, "Not Found"))
	}
	has := map[string]Access{"secrets": t.Secrets, "environments": t.Environments, "organizations": t.Organizations}[p.kind]
	if has < need {
		return t.stamp(githubRefusal(403, "Resource not accessible by "+string(t.Kind)))
	}
	return t.stamp(h(r, p))
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
	t, refused := s.tokenOf(r)
	if refused != nil {
		return *refused
	}
	name := r.PathValue("owner") + "/" + r.PathValue("repo")
	if t.Blind || s.github.places["repos/"+name+"/actions"] == nil {
		return t.stamp(githubRefusal(404, "Not Found"))
	}
	return t.stamp(jsonAnswer(200, fmt.Sprintf(`{"id":%d,"full_name":%q,"private":false,"default_branch":"main"}`, RepositoryID, name)))
}

func (s *Server) listEnvironments(r *http.Request) answer {
	t, refused := s.tokenOf(r)
	if refused != nil {
		return *refused
	}
	if t.Blind || r.PathValue("owner")+"/"+r.PathValue("repo") != Repository {
		return t.stamp(githubRefusal(404, "Not Found"))
	}
	var names []string
	for path, p := range s.github.places {
		if p.kind == "environments" {
			name := strings.TrimPrefix(path, environmentPath(""))
			names = append(names, fmt.Sprintf(`{"id":1,"name":%q}`, name))
		}
	}
	slices.Sort(names)
	return t.stamp(jsonAnswer(200, fmt.Sprintf(`{"total_count":%d,"environments":[%s]}`, len(names), strings.Join(names, ","))))
}

func (s *Server) workflowRun(r *http.Request) answer {
	t, refused := s.tokenOf(r)
	if refused != nil {
		return *refused
	}
	if t.Actions < Read {
		return t.stamp(githubRefusal(403, "Resource not accessible by "+string(t.Kind)))
	}
	id, _ := strconv.ParseInt(r.PathValue("run"), 10, 64)
	queued, ok := s.github.runs[id]
	if !ok {
		return t.stamp(githubRefusal(404, "Not Found"))
	}
	return t.stamp(jsonAnswer(200, fmt.Sprintf(`{"id":%d,"created_at":%q}`, id, queued.UTC().Format(time.RFC3339))))
}

func (s *Server) publicKey(_ *http.Request, p *place) answer {
	key := p.public[:]
	if p.shortKey {
		key = key[:31]
	}
	return jsonAnswer(200, fmt.Sprintf(`{"key_id":%q,"key":%q}`, p.keyID, base64.StdEncoding.EncodeToString(key)))
}

func (s *Server) getSecret(r *http.Request, p *place) answer {
	name := r.PathValue("name")
	stored := p.secrets[name]
	if stored == nil {
		return githubRefusal(404, "Not Found")
	}
	visibility := ""
	if p.kind == "organizations" {
		visibility = fmt.Sprintf(`,"visibility":%q`, stored.visibility)
	}
	return jsonAnswer(200, fmt.Sprintf(`{"name":%q,"created_at":%q,"updated_at":%q%s}`, name,
		stored.created.UTC().Format(time.RFC3339), stored.updated.UTC().Format(time.RFC3339), visibility))
}

func (s *Server) selectedRepositories(r *http.Request, p *place) answer {
	stored := p.secrets[r.PathValue("name")]
	if stored == nil || stored.visibility != "selected" {
		return githubRefusal(404, "Not Found")
	}
	const perPage = 2 // small, so that clients must page
	page, _ := strconv.Atoi(r.Form.Get("page"))
	from := min(max(page-1, 0)*perPage, len(stored.selected))
	to := min(from+perPage, len(stored.selected))
	repos := make([]string, 0, perPage)
	for _, id := range stored.selected[from:to] {
		repos = append(repos, fmt.Sprintf(`{"id":%d}`, id))
	}
	a := jsonAnswer(200, fmt.Sprintf(`{"total_count":%d,"repositories":[%s]}`, len(stored.selected), strings.Join(repos, ",")))
	if to < len(stored.selected) {
		a.header["Link"] = fmt.Sprintf(`<http://%s%s?page=%d>; rel="next"`, r.Host, r.URL.EscapedPath(), max(page, 1)+1)
	}
	return a
}
