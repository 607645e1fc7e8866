package sandbox

import (
	"cmp"
	"crypto/sha1" // git names its objects with it
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
// git database API show. A repository with no branch is empty.
type gitState struct {
	branches map[string]branch
	objects  map[string]branch   // the branch that each tree and commit would make
	rules    map[string][]string // by branch
	issues   []string            // their titles
	written  []string            // what issues and comments said, in its order
}

// branch is the state of a branch. History is never rewritten.
type branch struct {
	head    string
	files   map[string]string // path to text
	commits int
	orphan  bool // its first commit has no parent
	signed  bool // its first commit is signed
	updated time.Time
}

func objectName(kind, content string) string {
	sum := sha1.Sum([]byte(fmt.Sprintf("%s %d\x00%s", kind, len(content), content)))
	return hex.EncodeToString(sum[:])
}

// SetRules applies rules to a branch, even to one that doesn't exist yet. A rule is its
// type, optionally with a blank and its parameters as JSON.
func (s *Server) SetRules(branch string, types ...string) {
	s.edit(func() { s.git.rules[branch] = types })
}

// SetFile commits a file to a branch, as its owner does; the branch is created
// if it does not exist.
func (s *Server) SetFile(name, path, text string) { s.edit(func() { s.commit(name, path, text) }) }

// DeleteBranch deletes a branch, as its owner does.
func (s *Server) DeleteBranch(name string) { s.edit(func() { delete(s.git.branches, name) }) }

// Branches returns the names of all branches, sorted.
func (s *Server) Branches() []string {
	return read(s, func() []string { return slices.Sorted(maps.Keys(s.git.branches)) })
}

// File returns a file of a branch, or "".
func (s *Server) File(name, path string) string {
	return read(s, func() string { return s.git.branches[name].files[path] })
}

// Commits returns how many commits a branch has, and whether it began without
// the history of another one.
func (s *Server) Commits(name string) (n int, orphan bool) {
	b := read(s, func() branch { return s.git.branches[name] })
	return b.commits, b.orphan
}

func (s *Server) commit(name, path, text string) branch {
	b := s.git.branches[name]
	if b.files == nil {
		b.files = map[string]string{}
	}
	b.files[path] = text
	b.commits++
	b.head = objectName("commit", fmt.Sprint(b.head, path, objectName("blob", text), b.commits))
	b.updated = s.now()
	s.git.branches[name] = b
	return b
}

func (s *Server) getBranch(r *request) answer {
	name := r.PathValue("branch")
	b, ok := s.git.branches[name]
	if !ok {
		return githubRefusal(404, "Branch not found")
	}
	return jsonAnswer(200, filled("branch", values{
		"name": name, "protected": s.knobs.Protected == name, "commit": listedCommit(b.head, b.updated),
	}))
}

// listedCommit returns a commit as lists and branches show it.
func listedCommit(sha string, date time.Time) json.RawMessage {
	return filled("commit-listed", values{"sha": sha, "date": timestamp(date)})
}

func (s *Server) branchRules(r *request) answer {
	var rules []string
	for _, rule := range s.git.rules[r.PathValue("branch")] {
		kind, parameters, given := strings.Cut(rule, " ")
		if given {
			parameters = `"parameters":` + parameters + ","
		}
		rules = append(rules, fmt.Sprintf(`{"type":%q,%s"ruleset_source_type":"Repository","ruleset_source":%q,"ruleset_id":42}`,
			kind, parameters, Repository))
	}
	return jsonAnswer(200, "["+strings.Join(rules, ",")+"]")
}

func (s *Server) getContent(r *request) answer {
	name, file := cmp.Or(r.Form.Get("ref"), "main"), r.PathValue("path")
	b, known := s.git.branches[name]
	text, ok := b.files[file]
	switch {
	case len(s.git.branches) == 0:
		return githubRefusal(404, "This repository is empty.")
	case !known:
		return githubRefusal(404, "No commit found for the ref "+name)
	case !ok:
		return githubRefusal(404, "Not Found")
	}
	content, encoding := base64.StdEncoding.EncodeToString([]byte(text)), "base64"
	if len(text) > 1<<20 {
		content, encoding = "", "none"
	}
	return jsonAnswer(200, filled("file", values{
		"name": path.Base(file), "path": file, "branch": name, "sha": objectName("blob", text), "size": len(text), "content": content, "encoding": encoding,
	}))
}

// putContent replaces a file if the sha is that of the current file.
func (s *Server) putContent(r *request) answer {
	w, file := r.sent, r.PathValue("path")
	b, known := s.git.branches[w.Branch]
	old, exists := b.files[file]
	text, err := base64.StdEncoding.DecodeString(w.Content)
	switch {
	case !known:
		return githubRefusal(404, "Branch "+w.Branch+" not found")
	case s.forbidden(w.Branch, "update", r.signs()):
		return githubRefusal(409, "Repository rule violations found\n\nCannot update this protected ref.\n\n")
	case exists && w.SHA == "":
		return notSupplied("sha")
	case exists && w.SHA != objectName("blob", old): // a sha for a missing path is ignored
		return githubRefusal(409, file+" does not match "+w.SHA)
	case err != nil || w.Message == "":
		return githubRefusal(422, "content is not valid Base64")
	}
	b = s.commit(w.Branch, file, string(text))
	status := map[bool]int{true: http.StatusOK, false: http.StatusCreated}[exists]
	a := jsonAnswer(status, filled("file-written", values{
		"name": path.Base(file), "path": file, "branch": w.Branch, "sha": objectName("blob", string(text)), "size": len(text),
		"commit": s.gitCommit(r, b.head, objectName("tree", b.head)),
	}))
	a.sealed = string(text)
	return a
}

func (s *Server) forbidden(branch, rule string, signed bool) bool {
	return s.knobs.Protected == branch || slices.ContainsFunc(s.git.rules[branch], func(kind string) bool {
		return kind == rule || kind == "pull_request" || kind == "required_signatures" && !signed
	})
}
