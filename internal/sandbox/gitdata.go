package sandbox

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

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
	return jsonAnswer(201, fmt.Sprintf(`{"sha":%q}`, s.git.addBlob(w.Content)))
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
	}
	if json.NewDecoder(r.Body).Decode(&w) != nil || s.git.trees[w.Tree] == nil || w.Message == "" {
		return githubRefusal(422, "Tree SHA does not exist")
	}
	sha := objectName("commit", w.Tree+w.Message+s.newToken())
	s.git.commits[sha] = commit{tree: w.Tree, parents: len(w.Parents)}
	return jsonAnswer(201, fmt.Sprintf(`{"sha":%q,"tree":{"sha":%q},"message":%q,"parents":[]}`, sha, w.Tree, w.Message))
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
	case s.forbidden(name, "creation"):
		return githubRefusal(422, "Repository rule violations found")
	}
	b := &branch{head: w.SHA, files: map[string]string{}, commits: 1, orphan: c.parents == 0, updated: s.now()}
	for path, blob := range s.git.trees[c.tree] {
		b.files[path] = blob
	}
	s.git.branches[name] = b
	a := jsonAnswer(201, fmt.Sprintf(`{"ref":%q,"object":{"type":"commit","sha":%q}}`, w.Ref, w.SHA))
	for _, blob := range b.files {
		a.sealed = s.git.blobs[blob]
	}
	return a
}
