package sandbox

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
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

func apiAnswer(body json.RawMessage) answer {
	a := jsonAnswer(200, body)
	a.header["X-RateLimit-Limit"], a.header["X-RateLimit-Usage"] = "200,2000", "1,1"
	a.header["X-ReadRateLimit-Limit"], a.header["X-ReadRateLimit-Usage"] = "100,1000", "1,1"
	return a
}

func athlete(_ *http.Request, g *grant) answer {
	return apiAnswer(filled("athlete", values{"id": g.athlete}))
}

// activities lists 30 on a page unless asked for more, and at most 200.
func (s *Server) activities(r *http.Request, g *grant) answer {
	all := slices.Contains(g.scopes, "activity:read_all")
	if !all && !slices.Contains(g.scopes, "activity:read") {
		return stravaFault(401, "Authorization Error", "AccessToken", "activity:read_permission", "missing")
	}
	asked := map[string]int{"page": 1, "per_page": 30, "before": 0, "after": 0}
	for name := range asked {
		if text := r.Form.Get(name); text != "" {
			n, err := strconv.ParseUint(text, 10, 40)
			if err != nil {
				return stravaFault(400, "Bad Request", "Application", name, "invalid")
			}
			asked[name] = int(n)
		}
	}
	if asked["per_page"] > 200 {
		return stravaFault(400, "Bad Request", "Application", "per page", "limit exceeded")
	}
	found := s.findActivities(g.athlete, all, asked["after"], asked["before"])
	from := min(max(asked["page"]-1, 0)*asked["per_page"], len(found))
	to := min(from+asked["per_page"], len(found))
	return apiAnswer(list(found[from:to]))
}

// firstActivity is when the first one starts. Each after that starts 40 hours later, and
// every tenth is private.
var firstActivity = time.Date(2025, 1, 1, 6, 0, 0, 0, time.UTC)

// findActivities returns what an athlete's token may see, the newest first, or,
// with a time to begin with, the oldest first, as Strava does. Times are in
// seconds; 0 is none.
func (s *Server) findActivities(athlete int64, private bool, after, before int) (found []json.RawMessage) {
	for n := range s.knobs.Activities {
		start := firstActivity.Add(time.Duration(n) * 40 * time.Hour)
		begins, hidden := int(start.Unix()), n%10 == 9
		if hidden && !private || after != 0 && begins <= after || before != 0 && begins >= before {
			continue
		}
		found = append(found, s.activity(n, athlete, start, hidden))
	}
	if after == 0 {
		slices.Reverse(found)
	}
	return found
}

// activity returns the one with a number, which is the same for the same seed.
func (s *Server) activity(n int, athlete int64, start time.Time, hidden bool) json.RawMessage {
	id := 13210000000 + int64(n)
	random := rand.New(rand.NewPCG(uint64(s.knobs.Seed), uint64(n)))
	kind := []string{"Run", "Run", "Ride", "Walk"}[random.IntN(4)]
	speed := map[string]float64{"Run": 3, "Ride": 7, "Walk": 1.5}[kind] * (0.9 + random.Float64()/5)
	moving, beats := 1200+random.IntN(3600), 120+random.IntN(40)
	return filled("activity", values{
		"id": id, "map": fmt.Sprintf("a%d", id), "upload": fmt.Sprint(id), "athlete": athlete, "name": fmt.Sprintf("%s %d", kind, n+1),
		"type": kind, "private": hidden, "visibility": map[bool]string{true: "only_me", false: "everyone"}[hidden],
		"distance": round(speed * float64(moving)), "moving_time": moving, "elapsed_time": moving + random.IntN(300),
		"gain": random.IntN(300), "speed": round(speed), "max_speed": round(speed * 1.4), "heartrate": beats, "max_heartrate": beats + 25,
		"start_date": start.Format(time.RFC3339), "start_date_local": start.Add(8 * time.Hour).Format(time.RFC3339),
	})
}

func round(f float64) float64 { return math.Round(f*10) / 10 }

// revoke answers 200 and nothing else, even for a token that is unknown.
func (s *Server) revoke(r *http.Request) answer {
	if id, secret, _ := r.BasicAuth(); (App{id, secret}) != s.strava.app {
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
	return jsonAnswer(200, fmt.Sprintf(`{"access_token":%q}`, token))
}

// kill ends both tokens of a grant, whichever is named.
func (s *Server) kill(token string) {
	g := s.strava.refresh[token]
	if a := s.strava.access[token]; a != nil {
		g = a.grant
	} else if g == nil {
		return
	}
	delete(s.strava.refresh, g.refresh)
	maps.DeleteFunc(s.strava.access, func(_ string, a *accessToken) bool { return a.grant.athlete == g.athlete })
	delete(s.strava.current, g.athlete)
}
