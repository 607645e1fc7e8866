package sandbox

import (
	"cmp"
	"crypto/sha1" // git names its objects with it
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"path"
	"slices"
	"strings"
	"time"
)

// branch is the state of a branch. History is never rewritten.
type branch struct {
	head    string
	files   map[string]string // path to text
	commits int
	signed  bool // its first commit is signed
	updated time.Time
}

// text returns the text of a branch's only file.
func (b branch) text() string { return strings.Join(slices.Collect(maps.Values(b.files)), "") }

func objectName(kind, content string) string {
	return fmt.Sprintf("%x", sha1.Sum(fmt.Appendf(nil, "%s %d\x00%s", kind, len(content), content)))
}

// SetRules applies rules to a branch, even to one that doesn't exist yet. A rule is its
// type, optionally with a blank and its parameters as JSON.
func (s *Server) SetRules(branch string, types ...string) {
	s.edit(func() { s.github.rules[branch] = types })
}

// SetFile commits a file to a branch, or to a new one, and DeleteBranch deletes one, as its owner does.
func (s *Server) SetFile(name, path, text string) { s.edit(func() { s.commit(name, path, text) }) }
func (s *Server) DeleteBranch(name string)        { s.edit(func() { delete(s.github.branches, name) }) }

// File returns a file of a branch, or "".
func (s *Server) File(name, path string) string {
	return read(s, func() string { return s.github.branches[name].files[path] })
}

// Commits returns how many commits a branch has: 0 if there is none.
func (s *Server) Commits(name string) int {
	return read(s, func() int { return s.github.branches[name].commits })
}

func (s *Server) commit(name, path, text string) branch {
	b := s.github.branches[name]
	if b.files == nil {
		b.files = map[string]string{}
	}
	b.files[path] = text
	b.commits++
	b.head = objectName("commit", fmt.Sprint(b.head, path, objectName("blob", text), b.commits))
	b.updated = s.now()
	s.github.branches[name] = b
	return b
}

func (s *Server) getBranch(r *request) answer {
	name := r.PathValue("branch")
	b, ok := s.github.branches[name]
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
	var rules []json.RawMessage
	for _, rule := range s.github.rules[r.PathValue("branch")] {
		kind, parameters, given := strings.Cut(rule, " ")
		if given {
			parameters = `"parameters":` + parameters + ","
		}
		rules = append(rules, fmt.Appendf(nil, `{"type":%q,%s"ruleset_source_type":"Repository","ruleset_source":%q,"ruleset_id":42}`,
			kind, parameters, Repository))
	}
	return jsonAnswer(200, list(rules))
}

func (s *Server) getContent(r *request) answer {
	name, file := cmp.Or(r.Form.Get("ref"), "main"), r.PathValue("path")
	b, known := s.github.branches[name]
	text, ok := b.files[file]
	switch {
	case len(s.github.branches) == 0:
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
	b, known := s.github.branches[w.Branch]
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
	return s.knobs.Protected == branch || slices.ContainsFunc(s.github.rules[branch], func(kind string) bool {
		return kind == rule || kind == "pull_request" || kind == "required_signatures" && !signed
	})
}

const gitURL = "https://api.github.com/repos/" + Repository + "/git"

func (s *Server) createBlob(r *request) answer {
	sha := objectName("blob", r.sent.Content)
	return jsonAnswer(201, fmt.Sprintf(`{"url":%q,"sha":%q}`, gitURL+"/blobs/"+sha, sha))
}

func (s *Server) createTree(r *request) answer {
	var tree []struct{ Path, Content string }
	if json.Unmarshal(r.sent.Tree, &tree) != nil || r.sent.BaseTree != "" || len(tree) == 0 {
		return githubRefusal(422, "Invalid tree info")
	}
	files, entries := map[string]string{}, []json.RawMessage{}
	for _, e := range tree {
		files[e.Path] = e.Content
		entries = append(entries, fmt.Appendf(nil, `{"path":%q,"mode":"100644","type":"blob","sha":%q}`, e.Path, objectName("blob", e.Content)))
	}
	sha := objectName("tree", string(list(entries)))
	s.github.objects[sha] = branch{files: files}
	return jsonAnswer(201, fmt.Sprintf(`{"sha":%q,"tree":%s,"truncated":false}`, sha, list(entries)))
}

func (s *Server) createCommit(r *request) answer {
	tree := strings.Trim(string(r.sent.Tree), `"`)
	files := s.github.objects[tree].files
	if files == nil || r.sent.Message == "" {
		return githubRefusal(422, "Tree SHA does not exist")
	}
	sha := objectName("commit", tree+r.sent.Message+s.newToken())
	s.github.objects[sha] = branch{head: sha, files: maps.Clone(files), commits: 1 + len(r.sent.Parents), signed: r.signs(), updated: s.now()}
	return jsonAnswer(201, s.gitCommit(r, sha, tree))
}

// signs reports whether GitHub signs a commit: the built-in token's or an App's own.
func (r *request) signs() bool { return r.token.Kind == Integration && r.sent.Author == nil }

func (s *Server) gitCommit(r *request, sha, tree string) json.RawMessage {
	return filled("commit", values{
		"sha": sha, "tree": tree, "message": r.sent.Message, "date": timestamp(s.now()),
		"verified": r.signs(), "reason": map[bool]string{true: "valid", false: "unsigned"}[r.signs()],
	})
}

func (s *Server) createRef(r *request) answer {
	b, known := s.github.objects[r.sent.SHA]
	name, isBranch := strings.CutPrefix(r.sent.Ref, "refs/heads/")
	_, exists := s.github.branches[name]
	switch {
	case !known || !isBranch:
		return githubRefusal(422, "Object does not exist")
	case exists:
		return githubRefusal(422, "Reference already exists")
	case s.forbidden(name, "creation", b.signed):
		return githubRefusal(422, "Repository rule violations found")
	}
	s.github.branches[name] = b
	a := jsonAnswer(201, fmt.Sprintf(`{"ref":%q,"node_id":"REF_kwDOKbsq6LE","url":%q,"object":{"type":"commit","sha":%q,"url":%q}}`,
		r.sent.Ref, gitURL+"/"+r.sent.Ref, r.sent.SHA, gitURL+"/commits/"+r.sent.SHA))
	a.sealed = b.text()
	return a
}

func (s *Server) deleteRef(r *request) answer {
	name, isBranch := strings.CutPrefix(r.PathValue("ref"), "heads/")
	if _, exists := s.github.branches[name]; !isBranch || !exists {
		return githubRefusal(422, "Reference does not exist")
	}
	delete(s.github.branches, name)
	return empty(http.StatusNoContent)
}

// Issues returns each issue, "title: body", and each comment, "comment: body", in their order.
func (s *Server) Issues() []string {
	return read(s, func() []string { return slices.Clone(s.github.written) })
}

func (s *Server) listCommits(*request) answer {
	date := s.now().Add(-s.knobs.CommitAge)
	return jsonAnswer(200, list([]json.RawMessage{listedCommit(objectName("commit", date.String()), date)}))
}

func (s *Server) listIssues(*request) answer {
	var all []json.RawMessage
	for i, text := range s.github.written {
		if title, _, _ := strings.Cut(text, ": "); title != "comment" {
			all = append(all, fmt.Appendf(nil, `{"number":%d,"title":%q,"state":"open"}`, i+1, title))
		}
	}
	return jsonAnswer(200, list(all))
}

// writeIssue opens an issue, or adds a comment to one.
func (s *Server) writeIssue(r *request) answer {
	title := map[bool]string{true: r.sent.Title, false: "comment"}[r.PathValue("number") == ""]
	if title == "" || r.sent.Body == "" {
		return githubRefusal(422, "Validation Failed")
	}
	s.github.written = append(s.github.written, title+": "+r.sent.Body)
	return jsonAnswer(201, fmt.Sprintf(`{"number":%d}`, len(s.github.written)))
}
