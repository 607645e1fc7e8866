package sandbox

import (
	"cmp"
	"crypto/sha1" // git names its objects by it
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"path"
	"slices"
	"strings"
	"time"
)

// gitState is a repository's git side: as much of it as the contents API and the
// git database API show.
type gitState struct {
	empty     bool // no commit was ever made
	blobs     map[string]string
	trees     map[string]map[string]string // path to blob
	commits   map[string]commit
	branches  map[string]*branch
	rules     map[string][]string // by branch
	protected map[string]bool
}

type commit struct {
	tree    string
	parents int
	signed  bool
}

// branch is where a branch stands. History is never rewritten.
type branch struct {
	head    string
	files   map[string]string // path to blob
	commits int
	orphan  bool // its first commit has no parent
	updated time.Time
}

func (s *Server) initGit() {
	s.git = gitState{
		blobs: map[string]string{}, trees: map[string]map[string]string{}, commits: map[string]commit{},
		branches: map[string]*branch{}, rules: map[string][]string{}, protected: map[string]bool{},
	}
	s.git.branches["main"] = &branch{head: objectName("commit", "main"), files: map[string]string{}, commits: 1, updated: s.now()}
}

func objectName(kind, content string) string {
	sum := sha1.Sum([]byte(fmt.Sprintf("%s %d\x00%s", kind, len(content), content)))
	return hex.EncodeToString(sum[:])
}

func (g *gitState) addBlob(text string) string {
	sha := objectName("blob", text)
	g.blobs[sha] = text
	return sha
}

// EmptyRepository takes every commit out of the repository.
func (s *Server) EmptyRepository() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.git.empty, s.git.branches = true, map[string]*branch{}
}

// SetRules makes rules of these types apply to a branch, which need not exist. The
// parameters of a rule, as JSON, follow its type and a blank.
func (s *Server) SetRules(branch string, types ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.git.rules[branch] = types
}

// Protect protects a branch.
func (s *Server) Protect(branch string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.git.protected[branch] = true
}

// SetFile commits a file to a branch, as its owner does; the branch is created
// if it does not exist.
func (s *Server) SetFile(name, path, text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.git.branches[name]
	if b == nil {
		b = &branch{files: map[string]string{}}
		s.git.branches[name] = b
	}
	s.commit(b, path, text)
}

// DeleteBranch takes a branch away, as its owner does.
func (s *Server) DeleteBranch(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.git.branches, name)
}

// Branches returns the names of all branches, sorted.
func (s *Server) Branches() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Sorted(maps.Keys(s.git.branches))
}

// File returns a file of a branch, or "".
func (s *Server) File(name, path string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.git.branches[name]
	if b == nil {
		return ""
	}
	return s.git.blobs[b.files[path]]
}

// Commits returns how many commits a branch has, and whether it began without
// the history of another one.
func (s *Server) Commits(name string) (n int, orphan bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.git.branches[name]
	if b == nil {
		return 0, false
	}
	return b.commits, b.orphan
}

func (s *Server) commit(b *branch, path, text string) {
	b.files[path] = s.git.addBlob(text)
	b.commits++
	b.head = objectName("commit", fmt.Sprint(b.head, path, b.files[path], b.commits))
	b.updated = s.now()
}

func (s *Server) routeGit(repo string) {
	at := func(level Access, h handler) handler {
		return func(r *http.Request) answer {
			return s.inRepository(r, need{"contents", level}, h)
		}
	}
	s.handle("github", "GET "+repo+"/branches/{branch}", "branch", at(Read, s.getBranch))
	s.handle("github", "GET "+repo+"/rules/branches/{branch}", "rules", at(Read, s.branchRules))
	s.handle("github", "GET "+repo+"/contents/{path...}", "content", at(Read, s.getContent))
	s.handle("github", "PUT "+repo+"/contents/{path...}", "put-content", at(Write, s.putContent))
	s.handle("github", "POST "+repo+"/git/blobs", "blob", at(Write, s.createBlob))
	s.handle("github", "POST "+repo+"/git/trees", "tree", at(Write, s.createTree))
	s.handle("github", "POST "+repo+"/git/commits", "commit", at(Write, s.createCommit))
	s.handle("github", "POST "+repo+"/git/refs", "ref", at(Write, s.createRef))
	s.handle("github", "DELETE "+repo+"/git/refs/{ref...}", "delete-ref", at(Write, s.deleteRef))
}

func (s *Server) getBranch(r *http.Request) answer {
	name := r.PathValue("branch")
	b := s.git.branches[name]
	if b == nil {
		return githubRefusal(404, "Branch not found")
	}
	return jsonAnswer(200, filled("branch", values{
		"name": name, "protected": s.git.protected[name], "commit": listedCommit(b.head, b.updated),
	}))
}

// listedCommit is a commit as lists and branches show it.
func listedCommit(sha string, date time.Time) json.RawMessage {
	return json.RawMessage(filled("commit-listed", values{"sha": sha, "date": date.UTC().Format(time.RFC3339)}))
}

func (s *Server) branchRules(r *http.Request) answer {
	var rules []string
	for _, rule := range s.git.rules[r.PathValue("branch")] {
		kind, parameters, given := strings.Cut(rule, " ")
		if given {
			parameters = `"parameters":` + parameters + ","
		}
		rules = append(rules, fmt.Sprintf(`{"type":%q,%s"ruleset_source_type":"Repository","ruleset_source":%q,"ruleset_id":42}`, kind, parameters, Repository))
	}
	return jsonAnswer(200, "["+strings.Join(rules, ",")+"]")
}

func (s *Server) getContent(r *http.Request) answer {
	if s.git.empty {
		return githubRefusal(404, "This repository is empty.")
	}
	name, file := cmp.Or(r.Form.Get("ref"), "main"), r.PathValue("path")
	b := s.git.branches[name]
	if b == nil {
		return githubRefusal(404, "No commit found for the ref "+name)
	}
	sha, ok := b.files[file]
	if !ok {
		return githubRefusal(404, "Not Found")
	}
	text := s.git.blobs[sha]
	content, encoding := base64.StdEncoding.EncodeToString([]byte(text)), "base64"
	if len(text) > 1<<20 {
		content, encoding = "", "none"
	}
	return jsonAnswer(200, filled("file", values{
		"name": path.Base(file), "path": file, "branch": name, "sha": sha, "size": len(text), "content": content, "encoding": encoding,
	}))
}

// putContent replaces a file if the sha is that of the file as it is.
func (s *Server) putContent(r *http.Request) answer {
	var w struct {
		Message string  `json:"message"`
		Content string  `json:"content"`
		SHA     *string `json:"sha"`
		Branch  string  `json:"branch"`
		Author  any     `json:"author"`
	}
	if json.NewDecoder(r.Body).Decode(&w) != nil {
		return githubRefusal(400, "Problems parsing JSON")
	}
	b := s.git.branches[w.Branch]
	if b == nil {
		return githubRefusal(404, "Branch "+w.Branch+" not found")
	}
	if s.forbidden(w.Branch, "update", s.signs(r, w.Author != nil)) {
		return githubRefusal(409, "Repository rule violations found\n\nCannot update this protected ref.\n\n")
	}
	file := r.PathValue("path")
	sha, exists := b.files[file]
	switch {
	case exists && w.SHA == nil:
		return githubRefusal(422, "Invalid request.\n\n\"sha\" wasn't supplied.")
	case exists && *w.SHA != sha: // a sha for a missing path is ignored
		return githubRefusal(409, file+" does not match "+*w.SHA)
	}
	text, err := base64.StdEncoding.DecodeString(w.Content)
	if err != nil || w.Message == "" {
		return githubRefusal(422, "content is not valid Base64")
	}
	s.commit(b, file, string(text))
	status := http.StatusOK
	if !exists {
		status = http.StatusCreated
	}
	a := jsonAnswer(status, filled("file-written", values{
		"name": path.Base(file), "path": file, "branch": w.Branch, "sha": b.files[file], "size": len(text),
		"commit": s.gitCommit(r, b.head, objectName("tree", b.head), w.Message, w.Author != nil),
	}))
	a.sealed = string(text)
	return a
}

func (s *Server) forbidden(branch, rule string, signed bool) bool {
	for _, kind := range s.git.rules[branch] {
		if kind == rule || kind == "pull_request" || kind == "required_signatures" && !signed {
			return true
		}
	}
	return s.git.protected[branch]
}
