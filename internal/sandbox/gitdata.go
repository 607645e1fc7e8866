package sandbox

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// gitURL is where GitHub keeps the repository's objects.
const gitURL = "https://api.github.com/repos/" + Repository + "/git"

func (s *Server) createBlob(r *request) answer {
	if len(s.git.branches) == 0 {
		return githubRefusal(409, "Git Repository is empty.")
	}
	sha := objectName("blob", r.sent.Content)
	return jsonAnswer(201, fmt.Sprintf(`{"url":%q,"sha":%q}`, gitURL+"/blobs/"+sha, sha))
}

func (s *Server) createTree(r *request) answer {
	if len(s.git.branches) == 0 {
		return githubRefusal(409, "Git Repository is empty.")
	}
	var tree []struct{ Path, Content string }
	if json.Unmarshal(r.sent.Tree, &tree) != nil || r.sent.BaseTree != "" || len(tree) == 0 {
		return githubRefusal(422, "Invalid tree info")
	}
	files, entries := map[string]string{}, []string{}
	for _, e := range tree {
		files[e.Path] = e.Content
		entries = append(entries, fmt.Sprintf(`{"path":%q,"mode":"100644","type":"blob","sha":%q}`, e.Path, objectName("blob", e.Content)))
	}
	sha := objectName("tree", strings.Join(entries, "\n"))
	s.git.objects[sha] = branch{files: files}
	return jsonAnswer(201, fmt.Sprintf(`{"sha":%q,"tree":[%s],"truncated":false}`, sha, strings.Join(entries, ",")))
}

func (s *Server) createCommit(r *request) answer {
	tree := strings.Trim(string(r.sent.Tree), `"`)
	files := s.git.objects[tree].files
	if files == nil || r.sent.Message == "" {
		return githubRefusal(422, "Tree SHA does not exist")
	}
	sha := objectName("commit", tree+r.sent.Message+s.newToken())
	s.git.objects[sha] = branch{head: sha, files: maps.Clone(files), commits: 1, orphan: len(r.sent.Parents) == 0, signed: r.signs(), updated: s.now()}
	return jsonAnswer(201, s.gitCommit(r, sha, tree))
}

// signs reports whether GitHub signs a commit: what the built-in token or an App
// commits in its own name.
func (r *request) signs() bool { return r.token.Kind == Integration && r.sent.Author == nil }

// gitCommit returns a commit as GitHub answers its creation.
func (s *Server) gitCommit(r *request, sha, tree string) json.RawMessage {
	return filled("commit", values{
		"sha": sha, "tree": tree, "message": r.sent.Message, "date": timestamp(s.now()),
		"verified": r.signs(), "reason": map[bool]string{true: "valid", false: "unsigned"}[r.signs()],
	})
}

func (s *Server) createRef(r *request) answer {
	b, known := s.git.objects[r.sent.SHA]
	name, isBranch := strings.CutPrefix(r.sent.Ref, "refs/heads/")
	_, exists := s.git.branches[name]
	switch {
	case !known || !isBranch:
		return githubRefusal(422, "Object does not exist")
	case exists:
		return githubRefusal(422, "Reference already exists")
	case s.forbidden(name, "creation", b.signed):
		return githubRefusal(422, "Repository rule violations found")
	}
	s.git.branches[name] = b
	a := jsonAnswer(201, fmt.Sprintf(`{"ref":%q,"node_id":"REF_kwDOKbsq6LE","url":%q,"object":{"type":"commit","sha":%q,"url":%q}}`,
		r.sent.Ref, gitURL+"/"+r.sent.Ref, r.sent.SHA, gitURL+"/commits/"+r.sent.SHA))
	for _, text := range b.files {
		a.sealed = text
	}
	return a
}

func (s *Server) deleteRef(r *request) answer {
	name, isBranch := strings.CutPrefix(r.PathValue("ref"), "heads/")
	if _, exists := s.git.branches[name]; !isBranch || !exists {
		return githubRefusal(422, "Reference does not exist")
	}
	delete(s.git.branches, name)
	return empty(http.StatusNoContent)
}

// Issues returns what was written: each issue as "title: body", and each comment
// as "comment: body".
func (s *Server) Issues() []string {
	return read(s, func() []string { return slices.Clone(s.git.written) })
}

func (s *Server) listCommits(*request) answer {
	date := s.now().Add(-s.knobs.CommitAge)
	return jsonAnswer(200, list([]json.RawMessage{listedCommit(objectName("commit", date.String()), date)}))
}

func (s *Server) listIssues(*request) answer {
	var all []json.RawMessage
	for i, title := range s.git.issues {
		issue, _ := json.Marshal(map[string]any{"number": i + 1, "title": title, "state": "open"})
		all = append(all, issue)
	}
	return jsonAnswer(200, list(all))
}

// writeIssue opens an issue, or adds a comment to one.
func (s *Server) writeIssue(r *request) answer {
	title := r.sent.Title
	if r.PathValue("number") != "" {
		title = "comment"
	}
	if title == "" || r.sent.Body == "" {
		return githubRefusal(422, "Validation Failed")
	}
	if title == r.sent.Title {
		s.git.issues = append(s.git.issues, title)
	}
	s.git.written = append(s.git.written, title+": "+r.sent.Body)
	return jsonAnswer(201, fmt.Sprintf(`{"number":%d}`, len(s.git.issues)))
}
