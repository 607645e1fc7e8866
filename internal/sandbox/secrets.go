package sandbox

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// placeHandler answers a call to the secrets of a place.
type placeHandler func(*http.Request, *place) answer

func (s *Server) routeSecrets(base string) {
	s.routePlace(base+"/repos/{owner}/{repo}/actions/secrets", repositoryOf)
	s.routePlace(base+"/repos/{owner}/{repo}/environments/{environment}/secrets", func(r *http.Request) string {
		return repositoryOf(r) + "@" + r.PathValue("environment")
	})
	ofOrganization := func(r *http.Request) string { return "org:" + r.PathValue("org") }
	s.routePlace(base+"/orgs/{org}/actions/secrets", ofOrganization)
	s.handle("github", "GET "+base+"/orgs/{org}/actions/secrets/{name}/repositories", "selected",
		s.at(ofOrganization, Read, s.selectedRepositories))
}

func (s *Server) routePlace(path string, of func(*http.Request) string) {
	s.handle("github", "GET "+path+"/public-key", "public-key", s.at(of, Read, s.publicKey))
	s.handle("github", "GET "+path+"/{name}", "secret", s.at(of, Read, s.getSecret))
	s.handle("github", "PUT "+path+"/{name}", "put", s.at(of, Write, s.putSecret))
	s.handle("github", "DELETE "+path+"/{name}", "try-delete", s.at(of, Write, s.deleteSecret))
}

// at lets a request through to a place, or refuses as GitHub does.
func (s *Server) at(of func(*http.Request) string, level Access, h placeHandler) handler {
	return func(r *http.Request) answer {
		p, n := s.github.places[strings.ToLower(of(r))], need{}
		if p != nil {
			n = need{p.kind, level}
		}
		return s.permitted(r, p != nil, n, func(r *http.Request) answer { return h(r, p) })
	}
}

func (s *Server) publicKey(_ *http.Request, p *place) answer {
	key := p.public[:]
	if p.shortKey {
		key = key[:31]
	}
	return jsonAnswer(200, fmt.Sprintf(`{"key_id":%q,"key":%q}`, p.keyID, base64.StdEncoding.EncodeToString(key)))
}

func (s *Server) getSecret(r *http.Request, p *place) answer {
	name := strings.ToUpper(r.PathValue("name"))
	stored := p.secrets[name]
	if stored == nil {
		return githubRefusal(404, "Not Found")
	}
	visibility := ""
	if p.kind == "organization_secrets" {
		visibility = fmt.Sprintf(`,"visibility":%q`, stored.visibility)
	}
	return jsonAnswer(200, fmt.Sprintf(`{"name":%q,"created_at":%q,"updated_at":%q%s}`, name,
		stored.created.UTC().Format(time.RFC3339), stored.updated.UTC().Format(time.RFC3339), visibility))
}

func (s *Server) deleteSecret(r *http.Request, p *place) answer {
	name := strings.ToUpper(r.PathValue("name"))
	if p.secrets[name] == nil {
		return githubRefusal(404, "Not Found")
	}
	delete(p.secrets, name)
	return answer{status: http.StatusNoContent, header: map[string]string{}}
}

func (s *Server) selectedRepositories(r *http.Request, p *place) answer {
	stored := p.secrets[strings.ToUpper(r.PathValue("name"))]
	if stored == nil || stored.visibility != "selected" {
		return githubRefusal(404, "Not Found")
	}
	const perPage = 2 // small, so that clients must page
	page, _ := strconv.Atoi(r.Form.Get("page"))
	from := min(max(page-1, 0)*perPage, len(stored.selected))
	to := min(from+perPage, len(stored.selected))
	repos := make([]string, 0, perPage)
	for _, id := range stored.selected[from:to] {
		repos = append(repos, string(shortRepository(id)))
	}
	a := jsonAnswer(200, fmt.Sprintf(`{"total_count":%d,"repositories":[%s]}`, len(stored.selected), strings.Join(repos, ",")))
	if to < len(stored.selected) {
		a.header["Link"] = fmt.Sprintf(`<http://%s%s?page=%d>; rel="next"`, r.Host, r.URL.EscapedPath(), max(page, 1)+1)
	}
	return a
}
