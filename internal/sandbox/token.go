package sandbox

import (
	"encoding/json"
	"fmt"
	"maps"
	"mime"
	"net/http"
	"strings"
	"time"
)

const (
	lifetime = 6 * time.Hour
	// An access token with more than this left comes back unchanged.
	renewBelow = time.Hour
)

// token checks in Strava's order: client id, secret present, secret right, then
// the grant.
func (s *Server) token(r *http.Request) answer {
	readTokenRequest(r)
	grantType := r.Form.Get("grant_type")
	exchange, known := map[string]struct {
		parameter, name string
		answer          func(string) answer
	}{
		"refresh_token":      {"refresh_token", "refresh", s.refreshGrant},
		"authorization_code": {"code", "code", s.codeGrant},
	}[grantType]
	value, detail := r.Form.Get(exchange.parameter), "grant="+grantType
	if known {
		detail += " " + s.journal.named(value, exchange.name)
	}
	var a answer
	switch {
	case r.Form.Get("client_id") != s.strava.app.ID:
		a = stravaFault(400, "Bad Request", "Application", "client_id", "invalid")
	case r.Form.Get("client_secret") == "":
		a = stravaFault(400, "Bad Request", "Application", "client_secret", "invalid")
	case r.Form.Get("client_secret") != s.strava.app.Secret:
		a = stravaFault(401, "Authorization Error", "Application", "", "invalid")
	case !known: // What Strava answers here is not known; nothing may rely on it.
		a = stravaFault(400, "Bad Request", "OAuth", "grant_type", "invalid")
	default:
		a = exchange.answer(value)
	}
	a.detail = detail
	return a
}

// readTokenRequest reads what isn't in a form: a token request may be
// multipart or JSON. (A query was read with the form.)
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
	s.strava.access[s.strava.current[g.athlete]].grant = g // the scopes of an older one change with it
	return s.tokens(g, `{"token_type":"Bearer","expires_at":%[2]d,"expires_in":%[3]d,"refresh_token":%[4]q,"access_token":%[1]q,"athlete":%[5]s}`,
		filled("athlete", values{"id": g.athlete}))
}

// renew mints an access token unless the current one has enough left.
func (s *Server) renew(g *grant) (minted bool) {
	current := s.strava.access[s.strava.current[g.athlete]]
	if current != nil && current.expires.Sub(s.now()) > renewBelow {
		return false
	}
	token := s.newToken()
	s.strava.access[token] = &accessToken{expires: s.now().Add(lifetime), grant: g}
	s.strava.current[g.athlete] = token
	s.journal.number(token, "access")
	return true
}

// tokens answers with the tokens of a grant. format has the keys in Strava's order;
// last follows them.
func (s *Server) tokens(g *grant, format, last string) answer {
	access := s.strava.current[g.athlete]
	expires := s.strava.access[access].expires
	a := jsonAnswer(200, fmt.Sprintf(format, access, expires.Unix(), int(expires.Sub(s.now()).Seconds()), g.refresh, last))
	a.effect = s.journal.named(access, "access") + " " + s.journal.named(g.refresh, "refresh")
	return a
}
