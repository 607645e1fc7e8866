package sandbox

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	lifetime = 6 * time.Hour
	// An access token with more than this left comes back unchanged.
	renewBelow = time.Hour
)

// AthleteID is who authorized the sandbox's app.
const AthleteID = 126651800

type stravaState struct {
	app     App
	access  map[string]*accessToken
	refresh map[string]*grant // the living refresh tokens
	codes   map[string][]string
	current map[int64]string // an athlete's newest access token
	issued  struct{ access, refresh int }
	// consented is what the athlete ticked in a browser; nil before that.
	consented []string
	// session is the cookie of an athlete who logged in.
	session string
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
		app:     App{ID: "48213", Secret: s.newToken()},
		access:  map[string]*accessToken{},
		refresh: map[string]*grant{},
		codes:   map[string][]string{},
		current: map[int64]string{},
	}
	s.journal.name(s.strava.app.Secret, "client-secret")
	s.newRefresh(&grant{athlete: AthleteID, scopes: s.granted()})
}

func (s *Server) granted() []string {
	if s.knobs.Scopes != nil {
		return s.knobs.Scopes
	}
	return []string{"read", "activity:read_all"}
}

// newRefresh gives a grant a new refresh token; the old one dies at once.
func (s *Server) newRefresh(g *grant) {
	delete(s.strava.refresh, g.refresh)
	s.strava.issued.refresh++
	g.refresh = s.newToken()
	s.strava.refresh[g.refresh] = g
	s.journal.name(g.refresh, fmt.Sprintf("refresh#%d", s.strava.issued.refresh))
}

func (s *Server) newAccess(g *grant) {
	s.strava.issued.access++
	token := s.newToken()
	s.strava.access[token] = &accessToken{expires: s.now().Add(lifetime), grant: g}
	s.strava.current[g.athlete] = token
	s.journal.name(token, fmt.Sprintf("access#%d", s.strava.issued.access))
}

// App returns the registered app.
func (s *Server) App() App { return s.strava.app }

// LiveRefreshToken returns the athlete's refresh token, or "" after it was
// revoked.
func (s *Server) LiveRefreshToken() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	for token, g := range s.strava.refresh {
		if g.athlete == AthleteID {
			return token
		}
	}
	return ""
}

// GrantedScopes returns what the athlete granted the app.
func (s *Server) GrantedScopes() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, g := range s.strava.refresh {
		if g.athlete == AthleteID {
			return g.scopes
		}
	}
	return nil
}

// Replace gives the athlete a new refresh token, as a refresh elsewhere does.
func (s *Server) Replace() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, g := range s.strava.refresh {
		if g.athlete == AthleteID {
			s.newRefresh(g)
			return
		}
	}
}

// Connect makes an athlete authorize the app, once more where it is the one who
// did already, and returns the refresh token. Whether that ends an earlier one is
// not known of the real Strava; here it does not.
func (s *Server) Connect(athlete int64) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	g := &grant{athlete: athlete, scopes: s.granted()}
	s.newRefresh(g)
	return g.refresh
}

// Lives reports whether Strava takes a refresh token.
func (s *Server) Lives(refresh string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.strava.refresh[refresh] != nil
}

// NewCode authorizes the app again and returns the code of the callback.
func (s *Server) NewCode() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.newCode(s.granted())
}

func (s *Server) newCode(scopes []string) string {
	code := s.newToken()
	s.strava.codes[code] = scopes
	s.journal.name(code, "code")
	return code
}

func (s *Server) routeStrava() {
	for _, path := range []string{"/oauth/token", "/api/v3/oauth/token"} {
		s.handle("strava", "POST "+path, named("token"), s.token)
		s.mux.HandleFunc("GET "+path, http.NotFound)
	}
	s.routeAuthorize()
	s.handle("strava", "POST /oauth/revoke", named("revoke"), s.revoke)
	s.handle("strava", "POST /oauth/deauthorize", named("deauthorize"), s.deauthorize)
	s.handle("strava", "GET /api/v3/athlete", named("athlete"), s.athlete)
	s.handle("strava", "GET /api/v3/athlete/activities", named("activities"), s.activities)
}

// token checks in Strava's order: client id, secret present, secret right, then
// the grant.
func (s *Server) token(r *http.Request) answer {
	readTokenRequest(r)
	grantType := r.Form.Get("grant_type")
	detail := "grant=" + grantType
	switch grantType {
	case "refresh_token":
		detail += " " + s.journal.named(r.Form.Get("refresh_token"), "refresh")
	case "authorization_code":
		detail += " " + s.journal.named(r.Form.Get("code"), "code")
	}
	a := s.grantToken(r, grantType)
	a.detail = detail
	return a
}

// readTokenRequest takes what a form does not hold: a token request may be
// multipart or JSON, too. (A query was read with the form.)
func readTokenRequest(r *http.Request) {
	switch kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); kind {
	case "multipart/form-data":
		_ = r.ParseMultipartForm(maxRequest)
	case "application/json":
		var fields map[string]any
		decoder := json.NewDecoder(r.Body)
		decoder.UseNumber()
		_ = decoder.Decode(&fields)
		for name, value := range fields {
			r.Form.Set(name, fmt.Sprint(value))
		}
	}
}

func (s *Server) grantToken(r *http.Request, grantType string) answer {
	switch {
	case r.Form.Get("client_id") != s.strava.app.ID:
		return stravaFault(400, "Bad Request", "Application", "client_id", "invalid")
	case r.Form.Get("client_secret") == "":
		return stravaFault(400, "Bad Request", "Application", "client_secret", "invalid")
	case r.Form.Get("client_secret") != s.strava.app.Secret:
		return stravaFault(401, "Authorization Error", "Application", "", "invalid")
	}
	switch grantType {
	case "refresh_token":
		return s.refreshGrant(r.Form.Get("refresh_token"))
	case "authorization_code":
		return s.codeGrant(r.Form.Get("code"))
	}
	// What Strava answers here is not known; nothing may rely on it.
	return stravaFault(400, "Bad Request", "OAuth", "grant_type", "invalid")
}

func (s *Server) refreshGrant(refresh string) answer {
	g := s.strava.refresh[refresh]
	if g == nil {
		return stravaFault(400, "Bad Request", "RefreshToken", "refresh_token", "invalid")
	}
	minted := s.renew(g)
	if s.knobs.Rotation == RotateAlways || minted && s.knobs.Rotation == RotateOnExpiry {
		s.newRefresh(g)
	}
	access := s.strava.current[g.athlete]
	expires := s.strava.access[access].expires
	scope := ""
	if !s.knobs.HideScope {
		scope = fmt.Sprintf(`,"scope":%q`, strings.Join(g.scopes, " "))
	}
	a := jsonAnswer(200, fmt.Sprintf(
		`{"token_type":"Bearer","access_token":%q,"expires_at":%d,"expires_in":%d,"refresh_token":%q%s}`,
		access, expires.Unix(), int(expires.Sub(s.now()).Seconds()), g.refresh, scope))
	a.effect = s.journal.named(access, "access") + " " + s.journal.named(g.refresh, "refresh")
	return a
}

// renew mints an access token unless the current one has enough left.
func (s *Server) renew(g *grant) (minted bool) {
	current := s.strava.access[s.strava.current[g.athlete]]
	if current != nil && current.expires.Sub(s.now()) > renewBelow {
		return false
	}
	s.newAccess(g)
	return true
}

func (s *Server) codeGrant(code string) answer {
	scopes, ok := s.strava.codes[code]
	if !ok {
		return stravaFault(400, "Bad Request", "AuthorizationCode", "code", "invalid")
	}
	if s.knobs.EarlyCodes > 0 {
		s.knobs.EarlyCodes--
		return stravaFault(400, "Bad Request", "AuthorizationCode", "code", "invalid")
	}
	delete(s.strava.codes, code)
	// Authorizing again may kill the refresh token that CI holds: assume it does.
	for token, g := range s.strava.refresh {
		if g.athlete == AthleteID {
			delete(s.strava.refresh, token)
		}
	}
	g := &grant{athlete: AthleteID, scopes: scopes}
	s.newRefresh(g)
	s.renew(g)
	access := s.strava.current[g.athlete]
	s.strava.access[access].grant = g
	expires := s.strava.access[access].expires
	a := jsonAnswer(200, fmt.Sprintf(
		`{"token_type":"Bearer","expires_at":%d,"expires_in":%d,"refresh_token":%q,"access_token":%q,"athlete":%s}`,
		expires.Unix(), int(expires.Sub(s.now()).Seconds()), g.refresh, access, athleteJSON(g.athlete)))
	a.effect = s.journal.named(access, "access") + " " + s.journal.named(g.refresh, "refresh")
	return a
}

// athleteJSON is an athlete as Strava shows one.
func athleteJSON(id int64) string {
	return `{"id":` + strconv.FormatInt(id, 10) + `,"username":null,"resource_state":2,"firstname":"Sandbox","lastname":"Athlete","bio":null,"city":"Singapore","state":null,"country":"Singapore","sex":"M","premium":false,"summit":false,"created_at":"2023-10-28T05:29:16Z","updated_at":"2023-12-20T05:56:44Z","badge_type_id":0,"weight":null,"profile_medium":"avatar/athlete/medium.png","profile":"avatar/athlete/large.png","friend":null,"follower":null}`
}

// bearer returns the grant behind the Authorization header, or a refusal.
func (s *Server) bearer(r *http.Request) (*accessToken, *answer) {
	value, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	token := s.strava.access[value]
	if !ok || token == nil || !token.expires.After(s.now()) {
		a := stravaFault(401, "Authorization Error", "Athlete", "access_token", "invalid")
		a.detail = s.journal.named(value, "access")
		return nil, &a
	}
	if s.knobs.Inactive {
		a := stravaFault(403, "Forbidden", "Application", "Status", "Inactive")
		a.detail = s.journal.named(value, "access")
		return nil, &a
	}
	return token, nil
}

var rateHeaders = map[string]string{
	"X-RateLimit-Limit": "200,2000", "X-RateLimit-Usage": "1,1",
	"X-ReadRateLimit-Limit": "100,1000", "X-ReadRateLimit-Usage": "1,1",
}

func apiAnswer(r *http.Request, j *journal, body string) answer {
	a := jsonAnswer(200, body)
	for k, v := range rateHeaders {
		a.header[k] = v
	}
	a.detail = j.named(strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "), "access")
	return a
}

func (s *Server) athlete(r *http.Request) answer {
	token, refused := s.bearer(r)
	if refused != nil {
		return *refused
	}
	return apiAnswer(r, &s.journal, athleteJSON(token.grant.athlete))
}

func (s *Server) activities(r *http.Request) answer {
	token, refused := s.bearer(r)
	if refused != nil {
		return *refused
	}
	if !slices.Contains(token.grant.scopes, "activity:read") && !slices.Contains(token.grant.scopes, "activity:read_all") {
		a := stravaFault(401, "Authorization Error", "AccessToken", "activity:read_permission", "missing")
		a.detail = s.journal.named(strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "), "access")
		return a
	}
	return apiAnswer(r, &s.journal, `[{"resource_state":2,"athlete":{"id":`+strconv.Itoa(AthleteID)+`,"resource_state":1},"name":"Morning Run","distance":5012.3,"moving_time":1503,"type":"Run","id":9876543210}]`)
}

// revoke answers 200 and nothing else, even for a token that is unknown.
func (s *Server) revoke(r *http.Request) answer {
	id, secret, ok := basicAuth(r)
	if !ok || id != s.strava.app.ID || secret != s.strava.app.Secret {
		return stravaFault(401, "Authorization Error", "Application", "", "invalid")
	}
	token := r.Form.Get("token")
	detail := s.journal.named(token, "token")
	s.kill(token)
	return answer{status: 200, detail: detail}
}

// deauthorize is retired on 1 June 2027.
func (s *Server) deauthorize(r *http.Request) answer {
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok {
		token = r.Form.Get("access_token")
	}
	if s.strava.access[token] == nil {
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
	for value, a := range s.strava.access {
		if a.grant.athlete == g.athlete {
			delete(s.strava.access, value)
		}
	}
	delete(s.strava.current, g.athlete)
}

func basicAuth(r *http.Request) (id, secret string, ok bool) {
	encoded, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Basic ")
	if !ok {
		return "", "", false
	}
	raw, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return "", "", false
	}
	return strings.Cut(string(raw), ":")
}

// Works reports whether the API takes an access token.
func (s *Server) Works(access string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.strava.access[access]
	return t != nil && s.now().Before(t.expires)
}
