package sandbox

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// AthleteID is the athlete who authorized the sandbox's app.
const AthleteID = 126651800

type stravaState struct {
	app     App
	access  map[string]*accessToken
	refresh map[string]*grant // the live refresh tokens
	codes   map[string][]string
	current map[int64]*accessToken // an athlete's newest

	consented []string // what the athlete ticked in a browser; nil before that
	session   string   // the cookie of an athlete who logs in
}

type accessToken struct {
	value   string
	expires time.Time
	grant   *grant
}

// grant is what one athlete allowed the app.
type grant struct {
	athlete int64
	scopes  []string
	refresh string
}

func (s *Server) addStrava() {
	s.strava = stravaState{
		app:     App{cmp.Or(s.knobs.App.ID, "48213"), cmp.Or(s.knobs.App.Secret, s.newToken())},
		session: s.newToken(), codes: map[string][]string{}, refresh: map[string]*grant{},
		access: map[string]*accessToken{}, current: map[int64]*accessToken{},
	}
	s.journal.names[s.strava.app.Secret] = "client-secret"
	s.giveRefresh(&grant{athlete: AthleteID, scopes: s.knobs.Scopes}, cmp.Or(s.knobs.RefreshToken, s.newToken()))
	for _, base := range []string{"", "/api/v3"} {
		s.handle("strava", "POST "+base+"/oauth/token", "token", s.token)
		s.mux.HandleFunc("GET "+base+"/oauth/token", http.NotFound)
		s.handle("strava", "GET "+base+"/oauth/authorize", "authorize", s.authorize)
	}
	s.handle("strava", "GET /login", "login-page", func(r *http.Request) answer { return page("log-in", r, nil) })
	s.handle("strava", "POST /login", "login", s.logIn)
	s.handle("strava", "POST /oauth/accept_application", "accept", s.authorize)
	s.handle("strava", "POST /oauth/revoke", "revoke", s.revoke)
	s.handle("strava", "POST /oauth/deauthorize", "deauthorize", s.deauthorize)
	s.handle("strava", "GET /api/v3/athlete", "athlete", s.withGrant(athlete))
	s.handle("strava", "GET /api/v3/athlete/activities", "activities", s.withGrant(s.activities))
}

// giveRefresh gives a grant a new refresh token; the old one dies at once.
func (s *Server) giveRefresh(g *grant, token string) string {
	delete(s.strava.refresh, g.refresh)
	g.refresh = token
	s.strava.refresh[token] = g
	s.journal.number(token, "refresh")
	return token
}

// own returns a grant of the sandbox's own athlete, or an empty one if all were revoked.
func (s *Server) own() *grant {
	for _, g := range s.strava.refresh {
		if g.athlete == AthleteID {
			return g
		}
	}
	return &grant{athlete: AthleteID}
}

func (s *Server) App() App { return s.strava.app }

// LiveRefreshToken returns the athlete's refresh token, or "" if it was revoked.
func (s *Server) LiveRefreshToken() string { return read(s, func() string { return s.own().refresh }) }

// GrantedScopes returns what the athlete granted the app.
func (s *Server) GrantedScopes() []string { return read(s, func() []string { return s.own().scopes }) }

// Replace gives the athlete a new refresh token, as a refresh elsewhere does.
func (s *Server) Replace() { s.edit(func() { s.giveRefresh(s.own(), s.newToken()) }) }

// Connect makes an athlete authorize the app, perhaps once more, and returns the refresh
// token. It isn't known whether that ends an earlier one; here it doesn't.
func (s *Server) Connect(athlete int64) string {
	return read(s, func() string { return s.giveRefresh(&grant{athlete: athlete, scopes: s.knobs.Scopes}, s.newToken()) })
}

// Lives reports whether Strava accepts a token, for a refresh or an API call.
func (s *Server) Lives(token string) bool {
	return read(s, func() bool { return s.strava.refresh[token] != nil || s.grantOf(token) != nil })
}

// NewCode authorizes the app again and returns the code of the callback.
func (s *Server) NewCode() string { return read(s, func() string { return s.newCode(s.knobs.Scopes) }) }

func (s *Server) newCode(scopes []string) string {
	code := s.newToken()
	s.strava.codes[code] = scopes
	s.journal.names[code] = "code"
	return code
}

// noPath returns the answer for an address that Strava doesn't have, as users report it.
func noPath() answer { return stravaFault(404, "Record Not Found", "resource", "path", "invalid") }

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
		a.header["X-RateLimit-Limit"], a.header["X-RateLimit-Usage"] = "200,2000", "1,1"
		a.header["X-ReadRateLimit-Limit"], a.header["X-ReadRateLimit-Usage"] = "100,1000", "1,1"
		return a
	}
}

func athlete(_ *http.Request, g *grant) answer {
	return jsonAnswer(200, filled("athlete", values{"id": g.athlete}))
}

// activities lists 30 on a page unless asked for more, and at most 200: what the token
// may see, the newest first, or, with a time to begin with, the oldest first, as Strava
// does. Times are in seconds; 0 is none.
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
	var found []json.RawMessage
	for n := range s.knobs.Activities {
		start := firstActivity.Add(time.Duration(n) * 40 * time.Hour)
		begins, hidden := int(start.Unix()), n%10 == 9
		if (all || !hidden) && begins > asked["after"] && begins < cmp.Or(asked["before"], math.MaxInt) {
			found = append(found, s.activity(n, g.athlete, start, hidden))
		}
	}
	if asked["after"] == 0 {
		slices.Reverse(found)
	}
	from := min(max(asked["page"]-1, 0)*asked["per_page"], len(found))
	to := min(from+asked["per_page"], len(found))
	return jsonAnswer(200, list(found[from:to]))
}

// firstActivity is when the first one starts. Each after that starts 40 hours later, and
// every tenth is private.
var firstActivity = time.Date(2025, 1, 1, 6, 0, 0, 0, time.UTC)

// activity returns the one with a number, which is the same for the same seed.
func (s *Server) activity(n int, athlete int64, start time.Time, hidden bool) json.RawMessage {
	id := 13210000000 + int64(n)
	random := rand.New(rand.NewPCG(uint64(s.knobs.Seed), uint64(n)))
	kind := []string{"Run", "Run", "Ride", "Walk"}[random.IntN(4)]
	speed := map[string]float64{"Run": 3, "Ride": 7, "Walk": 1.5}[kind] * (0.9 + random.Float64()/5)
	moving, beats := 1200+random.IntN(3600), 120+random.IntN(40)
	return filled("activity", values{
		"id": id, "upload": fmt.Sprint(id), "athlete": athlete, "name": fmt.Sprintf("%s %d", kind, n+1),
		"type": kind, "private": hidden, "visibility": map[bool]string{true: "only_me", false: "everyone"}[hidden],
		"distance": round(speed * float64(moving)), "moving_time": moving, "elapsed_time": moving + random.IntN(300),
		"gain": random.IntN(300), "speed": round(speed), "max_speed": round(speed * 1.4), "heartrate": beats, "max_heartrate": beats + 25,
		"start_date": start.Format(time.RFC3339), "start_date_local": start.Add(8 * time.Hour).Format(time.RFC3339),
	})
}

func round(f float64) float64 { return math.Round(f*10) / 10 }
