package sandbox

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// Issues returns what was written: each issue as "title: body", and each comment
// as "comment: body".
func (s *Server) Issues() []string {
	return read(s, func() []string { return slices.Clone(s.git.written) })
}

func (s *Server) listCommits(*request) answer {
	date := s.now().Add(-s.knobs.CommitAge)
	return jsonAnswer(200, fmt.Sprintf(`[%s]`, listedCommit(objectName("commit", date.String()), date)))
}

func (s *Server) listIssues(*request) answer {
	all := make([]string, len(s.git.issues))
	for i, title := range s.git.issues {
		quoted, _ := json.Marshal(title)
		all[i] = fmt.Sprintf(`{"number":%d,"title":%s,"state":"open"}`, i+1, quoted)
	}
	return jsonAnswer(200, "["+strings.Join(all, ",")+"]")
}

func (s *Server) openIssue(r *request) answer {
	if r.sent.Title == "" {
		return githubRefusal(422, "Validation Failed")
	}
	s.git.issues = append(s.git.issues, r.sent.Title)
	s.git.written = append(s.git.written, r.sent.Title+": "+r.sent.Body)
	return jsonAnswer(201, fmt.Sprintf(`{"number":%d}`, len(s.git.issues)))
}

func (s *Server) addComment(r *request) answer {
	if r.sent.Body == "" {
		return githubRefusal(422, "Validation Failed")
	}
	s.git.written = append(s.git.written, "comment: "+r.sent.Body)
	return jsonAnswer(201, `{"id":1}`)
}
