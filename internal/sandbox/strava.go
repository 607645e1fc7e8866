package sandbox

import (
	"cmp"
	"net/http"
	"slices"
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
	current map[int64]string // an athlete's newest access token

	consented []string // what the athlete ticked in a browser; nil before that
	session   string   // the cookie of an athlete who logged in
}

type accessToken struct {
	expires time.Time
	grant   *grant
}

// grant is what one athlete allowed the app.
type grant struct {
	athlete int64
	scopes  []string
	refresh string
}

func (s *Server) initStrava() {
	s.strava = stravaState{
		app:     App{cmp.Or(s.knobs.App.ID, "48213"), cmp.Or(s.knobs.App.Secret, s.newToken())},
		access:  map[string]*accessToken{},
		refresh: map[string]*grant{},
		codes:   map[string][]string{},
		current: map[int64]string{},
	}
	s.journal.names[s.strava.app.Secret] = "client-secret"
	s.giveRefresh(&grant{athlete: AthleteID, scopes: s.knobs.Scopes}, cmp.Or(s.knobs.RefreshToken, s.newToken()))
}

// giveRefresh gives a grant a new refresh token; the old one dies at once.
func (s *Server) giveRefresh(g *grant, token string) {
	delete(s.strava.refresh, g.refresh)
	g.refresh = token
	s.strava.refresh[token] = g
	s.journal.number(token, "refresh")
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

// App returns the registered app.
func (s *Server) App() App { return s.strava.app }

// LiveRefreshToken returns the athlete's refresh token, or "" if it was revoked.
func (s *Server) LiveRefreshToken() string { return read(s, func() string { return s.own().refresh }) }

// GrantedScopes returns what the athlete granted the app.
func (s *Server) GrantedScopes() []string { return read(s, func() []string { return s.own().scopes }) }

// Replace gives the athlete a new refresh token, as a refresh elsewhere does.
func (s *Server) Replace() { s.edit(func() { s.giveRefresh(s.own(), s.newToken()) }) }

// Connect makes an athlete authorize the app, perhaps once more, and returns the
// refresh token. It isn't known whether that ends an earlier one at the real Strava;
// here it doesn't.
func (s *Server) Connect(athlete int64) string {
	return read(s, func() string {
		g := &grant{athlete: athlete, scopes: s.knobs.Scopes}
		s.giveRefresh(g, s.newToken())
		return g.refresh
	})
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

func (s *Server) routeStrava() {
	for _, base := range []string{"", "/api/v3"} {
		s.handle("strava", "POST "+base+"/oauth/token", "token", s.token)
		s.mux.HandleFunc("GET "+base+"/oauth/token", http.NotFound)
		s.handle("strava", "GET "+base+"/oauth/authorize", "authorize", s.authorizePage)
	}
	s.handle("strava", "GET /login", "login-page", loginPage)
	s.handle("strava", "POST /login", "login", s.logIn)
	s.handle("strava", "POST /oauth/accept_application", "accept", s.accept)
	s.handle("strava", "POST /oauth/revoke", "revoke", s.revoke)
	s.handle("strava", "POST /oauth/deauthorize", "deauthorize", s.deauthorize)
	s.handle("strava", "GET /api/v3/athlete", "athlete", s.withGrant(athlete))
	s.handle("strava", "GET /api/v3/athlete/activities", "activities", s.withGrant(s.activities))
}

// noPath returns the answer for an address that Strava doesn't have, as users report it.
func noPath() answer { return stravaFault(404, "Record Not Found", "resource", "path", "invalid") }

// stravaPath reports whether an address is one of Strava's API, and not one of a
// GitHub Enterprise Server, which has the same base.
func stravaPath(path string) bool {
	rest, ok := strings.CutPrefix(path, "/api/v3/")
	service, _, _ := strings.Cut(rest, "/")
	return ok && !slices.Contains([]string{"repos", "repositories", "orgs"}, service)
}
