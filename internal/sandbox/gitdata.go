package sandbox

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// gitURL is where GitHub keeps the repository's objects.
const gitURL = "https://api.github.com/repos/" + Repository + "/git"

func (s *Server) createBlob(r *http.Request) answer {
	if s.git.empty {
		return githubRefusal(409, "Git Repository is empty.")
	}
	var w struct {
		Content string `json:"content"`
	}
	if json.NewDecoder(r.Body).Decode(&w) != nil {
		return githubRefusal(400, "Problems parsing JSON")
	}
	sha := s.git.addBlob(w.Content)
	return jsonAnswer(201, fmt.Sprintf(`{"url":%q,"sha":%q}`, gitURL+"/blobs/"+sha, sha))
}

func (s *Server) createTree(r *http.Request) answer {
	if s.git.empty {
		return githubRefusal(409, "Git Repository is empty.")
	}
	var w struct {
		BaseTree string `json:"base_tree"`
		Tree     []struct {
			Path    string `json:"path"`
			Content string `json:"content"`
		} `json:"tree"`
	}
	if json.NewDecoder(r.Body).Decode(&w) != nil || w.BaseTree != "" || len(w.Tree) == 0 {
		return githubRefusal(422, "Invalid tree info")
	}
	files, entries := map[string]string{}, []string{}
	for _, e := range w.Tree {
		files[e.Path] = s.git.addBlob(e.Content)
		entries = append(entries, fmt.Sprintf(`{"path":%q,"mode":"100644","type":"blob","sha":%q}`, e.Path, files[e.Path]))
	}
	sha := objectName("tree", strings.Join(entries, "\n"))
	s.git.trees[sha] = files
	return jsonAnswer(201, fmt.Sprintf(`{"sha":%q,"tree":[%s],"truncated":false}`, sha, strings.Join(entries, ",")))
}

func (s *Server) createCommit(r *http.Request) answer {
	var w struct {
		Message string   `json:"message"`
		Tree    string   `json:"tree"`
		Parents []string `json:"parents"`
		Author  any      `json:"author"`
	}
	if json.NewDecoder(r.Body).Decode(&w) != nil || s.git.trees[w.Tree] == nil || w.Message == "" {
		return githubRefusal(422, "Tree SHA does not exist")
	}
	sha := objectName("commit", w.Tree+w.Message+s.newToken())
	s.git.commits[sha] = commit{tree: w.Tree, parents: len(w.Parents), signed: s.signs(r, w.Author != nil)}
	return jsonAnswer(201, string(s.gitCommit(r, sha, w.Tree, w.Message, w.Author != nil)))
}

// signs reports whether GitHub signs a commit: what the built-in token or an App
// commits in its own name.
func (s *Server) signs(r *http.Request, authored bool) bool {
	return s.tokenOf(r).Kind == Integration && !authored
}

// gitCommit is a commit in the answer to its making.
func (s *Server) gitCommit(r *http.Request, sha, tree, message string, authored bool) json.RawMessage {
	reason, signed := "unsigned", s.signs(r, authored)
	if signed {
		reason = "valid"
	}
	return json.RawMessage(filled("commit", values{
		"sha": sha, "tree": tree, "message": message, "date": s.now().UTC().Format(time.RFC3339),
		"verified": signed, "reason": reason,
	}))
}

func (s *Server) createRef(r *http.Request) answer {
	var w struct {
		Ref string `json:"ref"`
		SHA string `json:"sha"`
	}
	if json.NewDecoder(r.Body).Decode(&w) != nil {
		return githubRefusal(400, "Problems parsing JSON")
	}
	c, known := s.git.commits[w.SHA]
	name, isBranch := strings.CutPrefix(w.Ref, "refs/heads/")
	switch {
	case !known || !isBranch:
		return githubRefusal(422, "Object does not exist")
	case s.git.branches[name] != nil:
		return githubRefusal(422, "Reference already exists")
	case s.forbidden(name, "creation", c.signed):
		return githubRefusal(422, "Repository rule violations found")
	}
	b := &branch{head: w.SHA, files: map[string]string{}, commits: 1, orphan: c.parents == 0, updated: s.now()}
	for path, blob := range s.git.trees[c.tree] {
		b.files[path] = blob
	}
	s.git.branches[name] = b
	a := jsonAnswer(201, fmt.Sprintf(`{"ref":%q,"node_id":"REF_kwDOKbsq6LE","url":%q,"object":{"type":"commit","sha":%q,"url":%q}}`,
		w.Ref, gitURL+"/"+w.Ref, w.SHA, gitURL+"/commits/"+w.SHA))
	for _, blob := range b.files {
		a.sealed = s.git.blobs[blob]
	}
	return a
}

// deleteRef deletes a branch.
func (s *Server) deleteRef(r *http.Request) answer {
	name, isBranch := strings.CutPrefix(r.PathValue("ref"), "heads/")
	if !isBranch || s.git.branches[name] == nil {
		return githubRefusal(422, "Reference does not exist")
	}
	delete(s.git.branches, name)
	return answer{status: http.StatusNoContent}
}
