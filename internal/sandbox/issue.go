package sandbox

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// issueState is as much of a repository's issues, and of the dates of its
// commits, as a workflow that watches over others asks for.
type issueState struct {
	titles []string
	texts  []string // what was written, in its order
	age    time.Duration
}

// Issues returns what was written: each issue as "title: body", and each comment
// as "comment: body".
func (s *Server) Issues() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.issues.texts)
}

// AgeCommits makes the newest commit of the repository this old.
func (s *Server) AgeCommits(age time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.issues.age = age
}

func (s *Server) routeIssues(repo string) {
	at := func(h handler) handler {
		return func(r *http.Request) answer {
			return s.inRepository(r, need{"contents", Read}, h)
		}
	}
	s.handle("github", "GET "+repo+"/commits", "commits", at(s.listCommits))
	s.handle("github", "GET "+repo+"/issues", "issues", at(s.listIssues))
	s.handle("github", "POST "+repo+"/issues", "issue", at(s.openIssue))
	s.handle("github", "POST "+repo+"/issues/{number}/comments", "comment", at(s.addComment))
}

func (s *Server) listCommits(*http.Request) answer {
	date := s.now().Add(-s.issues.age)
	return jsonAnswer(200, fmt.Sprintf(`[%s]`, listedCommit(objectName("commit", date.String()), date)))
}

func (s *Server) listIssues(*http.Request) answer {
	all := make([]string, len(s.issues.titles))
	for i, title := range s.issues.titles {
		quoted, _ := json.Marshal(title)
		all[i] = fmt.Sprintf(`{"number":%d,"title":%s,"state":"open"}`, i+1, quoted)
	}
	return jsonAnswer(200, "["+strings.Join(all, ",")+"]")
}

func (s *Server) openIssue(r *http.Request) answer {
	var w struct{ Title, Body string }
	if json.NewDecoder(r.Body).Decode(&w) != nil || w.Title == "" {
		return githubRefusal(422, "Validation Failed")
	}
	s.issues.titles = append(s.issues.titles, w.Title)
	s.issues.texts = append(s.issues.texts, w.Title+": "+w.Body)
	return jsonAnswer(201, fmt.Sprintf(`{"number":%d}`, len(s.issues.titles)))
}

func (s *Server) addComment(r *http.Request) answer {
	var w struct{ Body string }
	if json.NewDecoder(r.Body).Decode(&w) != nil || w.Body == "" {
		return githubRefusal(422, "Validation Failed")
	}
	s.issues.texts = append(s.issues.texts, "comment: "+w.Body)
	return jsonAnswer(201, `{"id":1}`)
}
