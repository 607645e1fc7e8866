package sandbox

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// bearerValue returns the access token of a request. One in the query is accepted
// until June 2027.
func (s *Server) bearerValue(r *http.Request) string {
	if value, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok || s.knobs.Year2027 {
		return value
	}
	return r.Form.Get("access_token")
}

// grantOf returns the grant of a live access token, or nil.
func (s *Server) grantOf(access string) *grant {
	if token := s.strava.access[access]; token != nil && token.expires.After(s.now()) {
		return token.grant
	}
	return nil
}

// withGrant refuses a request without a live access token.
func (s *Server) withGrant(h func(*http.Request, *grant) answer) handler {
	return func(r *http.Request) answer {
		value := s.bearerValue(r)
		g := s.grantOf(value)
		var a answer
		switch {
		case g == nil:
			a = stravaFault(401, "Authorization Error", "Athlete", "access_token", "invalid")
		case s.knobs.Inactive:
			a = stravaFault(403, "Forbidden", "Application", "Status", "Inactive")
		default:
			a = h(r, g)
		}
		a.detail = s.journal.named(value, "access")
		return a
	}
}

func apiAnswer(body string) answer {
	a := jsonAnswer(200, body)
	a.header["X-RateLimit-Limit"], a.header["X-RateLimit-Usage"] = "200,2000", "1,1"
	a.header["X-ReadRateLimit-Limit"], a.header["X-ReadRateLimit-Usage"] = "100,1000", "1,1"
	return a
}

func athlete(_ *http.Request, g *grant) answer {
	return apiAnswer(filled("athlete", values{"id": g.athlete}))
}

const (
	perPage    = 30  // of Strava's lists
	maxPerPage = 200 // more is refused
)

func (s *Server) activities(r *http.Request, g *grant) answer {
	all := slices.Contains(g.scopes, "activity:read_all")
	if !all && !slices.Contains(g.scopes, "activity:read") {
		return stravaFault(401, "Authorization Error", "AccessToken", "activity:read_permission", "missing")
	}
	asked := map[string]int{"page": 1, "per_page": perPage, "before": 0, "after": 0}
	for name := range asked {
		if text := r.Form.Get(name); text != "" {
			n, err := strconv.Atoi(text)
			if err != nil || n < 0 || int64(n) > 1<<40 {
				return stravaFault(400, "Bad Request", "Application", name, "invalid")
			}
			asked[name] = n
		}
	}
	if asked["per_page"] > maxPerPage {
		return stravaFault(400, "Bad Request", "Application", "per page", "limit exceeded")
	}
	found := s.findActivities(g.athlete, all, asked["after"], asked["before"])
	from := min(max(asked["page"]-1, 0)*asked["per_page"], len(found))
	to := min(from+asked["per_page"], len(found))
	return apiAnswer("[" + strings.Join(found[from:to], ",") + "]")
}

// revoke answers 200 and nothing else, even for a token that is unknown.
func (s *Server) revoke(r *http.Request) answer {
	id, secret, ok := r.BasicAuth()
	if !ok || id != s.strava.app.ID || secret != s.strava.app.Secret {
		return stravaFault(401, "Authorization Error", "Application", "", "invalid")
	}
	token, a := r.Form.Get("token"), empty(200)
	a.detail = s.journal.named(token, "token")
	s.kill(token)
	return a
}

// deauthorize is retired on 1 June 2027.
func (s *Server) deauthorize(r *http.Request) answer {
	token := s.bearerValue(r)
	switch {
	case s.knobs.Year2027:
		return noPath()
	case s.strava.access[token] == nil:
		return stravaFault(401, "Authorization Error", "Athlete", "access_token", "invalid")
	}
	s.kill(token)
	body, _ := json.Marshal(map[string]string{"access_token": token})
	return jsonAnswer(200, string(body))
}

// kill ends both tokens of a grant, whichever is named.
func (s *Server) kill(token string) {
	g := s.strava.refresh[token]
	if a := s.strava.access[token]; a != nil {
		g = a.grant
	}
	if g == nil {
		return
	}
	delete(s.strava.refresh, g.refresh)
	maps.DeleteFunc(s.strava.access, func(_ string, a *accessToken) bool { return a.grant.athlete == g.athlete })
	delete(s.strava.current, g.athlete)
}
