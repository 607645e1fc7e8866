package sandbox

import (
	"cmp"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"maps"
	"mime"
	"net/http"
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

func (s *Server) initStrava() {
	s.strava = stravaState{
		app:     App{cmp.Or(s.knobs.App.ID, "48213"), cmp.Or(s.knobs.App.Secret, s.newToken())},
		access:  map[string]*accessToken{},
		refresh: map[string]*grant{},
		codes:   map[string][]string{},
		current: map[int64]*accessToken{},
		session: rand.Text(),
	}
	s.journal.names[s.strava.app.Secret] = "client-secret"
	s.giveRefresh(&grant{athlete: AthleteID, scopes: s.knobs.Scopes}, cmp.Or(s.knobs.RefreshToken, s.newToken()))
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

// App returns the registered app.
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

func (s *Server) routeStrava() {
	for _, base := range []string{"", "/api/v3"} {
		s.handle("strava", "POST "+base+"/oauth/token", "token", s.token)
		s.mux.HandleFunc("GET "+base+"/oauth/token", http.NotFound)
		s.handle("strava", "GET "+base+"/oauth/authorize", "authorize", s.asked(s.authorizePage))
	}
	s.handle("strava", "GET /login", "login-page", loginPage)
	s.handle("strava", "POST /login", "login", s.logIn)
	s.handle("strava", "POST /oauth/accept_application", "accept", s.asked(s.accept))
	s.handle("strava", "POST /oauth/revoke", "revoke", s.revoke)
	s.handle("strava", "POST /oauth/deauthorize", "deauthorize", s.deauthorize)
	s.handle("strava", "GET /api/v3/athlete", "athlete", s.withGrant(athlete))
	s.handle("strava", "GET /api/v3/athlete/activities", "activities", s.withGrant(s.activities))
}

// noPath returns the answer for an address that Strava doesn't have, as users report it.
func noPath() answer { return stravaFault(404, "Record Not Found", "resource", "path", "invalid") }

// token checks in Strava's order.
func (s *Server) token(r *http.Request) answer {
	if kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); kind == "application/json" {
		var fields map[string]json.RawMessage
		_ = json.NewDecoder(r.Body).Decode(&fields)
		for name, value := range fields {
			r.Form.Set(name, strings.Trim(string(value), `"`))
		}
	}
	grantType, refresh, code := r.Form.Get("grant_type"), r.Form.Get("refresh_token"), r.Form.Get("code")
	detail := map[string]string{
		"refresh_token": s.journal.named(refresh, "refresh"), "authorization_code": s.journal.named(code, "code"),
	}[grantType]
	var a answer
	switch {
	case r.Form.Get("client_id") != s.strava.app.ID:
		a = stravaFault(400, "Bad Request", "Application", "client_id", "invalid")
	case r.Form.Get("client_secret") == "":
		a = stravaFault(400, "Bad Request", "Application", "client_secret", "invalid")
	case r.Form.Get("client_secret") != s.strava.app.Secret:
		a = stravaFault(401, "Authorization Error", "Application", "", "invalid")
	case grantType == "refresh_token":
		a = s.refreshGrant(refresh)
	case grantType == "authorization_code":
		a = s.codeGrant(code)
	default: // What Strava answers here is not known; nothing may rely on it.
		a = stravaFault(400, "Bad Request", "OAuth", "grant_type", "invalid")
	}
	a.detail = "grant=" + grantType + " " + detail
	return a
}

func (s *Server) refreshGrant(refresh string) answer {
	g := s.strava.refresh[refresh]
	if g == nil {
		return stravaFault(400, "Bad Request", "RefreshToken", "refresh_token", "invalid")
	}
	minted := s.renew(g)
	if s.knobs.Rotation == RotateAlways || minted && s.knobs.Rotation == RotateOnExpiry {
		s.giveRefresh(g, s.newToken())
	}
	scope := ""
	if !s.knobs.HideScope {
		scope = fmt.Sprintf(`,"scope":%q`, strings.Join(g.scopes, " "))
	}
	return s.tokens(g, `{"token_type":"Bearer","access_token":%[1]q,"expires_at":%[2]d,"expires_in":%[3]d,"refresh_token":%[4]q%[5]s}`, scope)
}

func (s *Server) codeGrant(code string) answer {
	scopes, ok := s.strava.codes[code]
	if !ok || s.knobs.EarlyCodes > 0 {
		s.knobs.EarlyCodes = max(s.knobs.EarlyCodes-1, 0)
		return stravaFault(400, "Bad Request", "AuthorizationCode", "code", "invalid")
	}
	delete(s.strava.codes, code)
	// Authorizing again may kill the refresh token that CI has: assume it does.
	maps.DeleteFunc(s.strava.refresh, func(_ string, g *grant) bool { return g.athlete == AthleteID })
	g := &grant{athlete: AthleteID, scopes: scopes}
	s.giveRefresh(g, s.newToken())
	s.renew(g)
	s.strava.current[g.athlete].grant = g // the scopes of an older one change with it
	return s.tokens(g, `{"token_type":"Bearer","expires_at":%[2]d,"expires_in":%[3]d,"refresh_token":%[4]q,"access_token":%[1]q,"athlete":%[5]s}`,
		string(filled("athlete", values{"id": g.athlete})))
}

// renew mints an access token, of six hours, unless the current one has more than one left.
func (s *Server) renew(g *grant) (minted bool) {
	if current := s.strava.current[g.athlete]; current != nil && current.expires.Sub(s.now()) > time.Hour {
		return false
	}
	token := &accessToken{s.newToken(), s.now().Add(6 * time.Hour), g}
	s.strava.access[token.value], s.strava.current[g.athlete] = token, token
	s.journal.number(token.value, "access")
	return true
}

// tokens answers with the tokens of a grant. format has the keys in Strava's order.
func (s *Server) tokens(g *grant, format, last string) answer {
	access := s.strava.current[g.athlete]
	a := jsonAnswer(200, fmt.Sprintf(format, access.value, access.expires.Unix(), int(access.expires.Sub(s.now()).Seconds()), g.refresh, last))
	a.effect = s.journal.named(access.value, "access") + " " + s.journal.named(g.refresh, "refresh")
	return a
}
