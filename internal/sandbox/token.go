package sandbox

import (
	"encoding/json"
	"fmt"
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
		expires.Unix(), int(expires.Sub(s.now()).Seconds()), g.refresh, access, filled("athlete", values{"id": g.athlete})))
	a.effect = s.journal.named(access, "access") + " " + s.journal.named(g.refresh, "refresh")
	return a
}
