package sandbox

import (
	"cmp"
	"encoding/json"
	"fmt"
	"html"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// The scopes that the authorize page knows.
var stravaScopes = []string{
	"read", "read_all", "profile:read_all", "profile:write", "activity:read", "activity:read_all", "activity:write",
}

// authorize answers like Strava's: a raw fault for what the app got wrong, before anybody
// logs in, and a page for what the athlete has to do. Neither ever reaches the callback.
// Of the callback only the host has to match. A POST has what the athlete ticked; read is
// granted in any case.
func (s *Server) authorize(r *http.Request) answer {
	q, decided := r.URL.Query(), r.Method == http.MethodPost
	scopes := strings.Split(q.Get("scope"), ",")
	callback, err := url.Parse(strings.ToLower(q.Get("redirect_uri")))
	hosts := []string{"localhost", "127.0.0.1", cmp.Or(strings.ToLower(s.knobs.CallbackDomain), "localhost")}
	back := q.Get("redirect_uri") + "?state=" + url.QueryEscape(q.Get("state"))
	switch cookie, noCookie := r.Cookie("sandbox_session"); {
	case len(q.Get("client_id")) == 40:
		return stravaFault(403, "Authorization Error", "Application", "internal", "forbidden")
	case q.Get("client_id") != s.strava.app.ID:
		return stravaFault(400, "Bad Request", "Application", "client_id", "invalid")
	case err != nil || !slices.Contains(hosts, callback.Hostname()):
		return stravaFault(400, "Bad Request", "Application", "redirect_uri", "invalid")
	case !covers(stravaScopes, scopes):
		return stravaFault(400, "Bad Request", "Authorize", "scope", "invalid")
	case noCookie != nil || cookie.Value != s.strava.session:
		return redirect("/login?next=" + url.QueryEscape(r.URL.RequestURI()))
	case s.knobs.AthleteCap && s.strava.consented == nil:
		return page("full", r, nil)
	case decided && r.PostForm.Get("answer") != "accept":
		return redirect(back + "&error=access_denied")
	case decided:
		s.strava.consented = append([]string{"read"}, r.PostForm["granted"]...)
	case q.Get("approval_prompt") == "force" || !covers(s.strava.consented, scopes):
		return page("authorize", r, scopes)
	}
	// The parameters are in Strava's order.
	return redirect(back + "&code=" + url.QueryEscape(s.newCode(s.strava.consented)) + "&scope=" + strings.Join(s.strava.consented, ","))
}

func (s *Server) logIn(r *http.Request) answer {
	next := r.Form.Get("next")
	if !strings.HasPrefix(strings.TrimPrefix(next, "/api/v3"), "/oauth/authorize?") {
		return empty(http.StatusBadRequest)
	}
	a := redirect(next)
	a.header["Set-Cookie"] = "sandbox_session=" + s.strava.session + "; Path=/; HttpOnly; SameSite=Lax"
	return a
}

func redirect(to string) answer {
	return answer{status: http.StatusFound, header: map[string]string{"Location": to}}
}

// page returns a page about a request. Its boxes are for scopes.
func page(name string, r *http.Request, scopes []string) answer {
	boxes := ""
	for _, scope := range scopes {
		if scope != "read" { // always granted
			boxes += fmt.Sprintf(`<p><label><input type="checkbox" name="granted" value="%[1]s" id="%[1]s" checked> %[1]s</label></p>`+"\n", scope)
		}
	}
	text, _ := answers.ReadFile("answers/" + name + ".html")
	escape := html.EscapeString
	filled := strings.NewReplacer("{boxes}", boxes, "{next}", escape(r.Form.Get("next")), "{query}", escape(r.URL.RawQuery)).Replace(string(text))
	return answer{status: http.StatusOK, body: filled, header: map[string]string{"Content-Type": "text/html; charset=utf-8"}}
}

// token checks in Strava's order.
func (s *Server) token(r *http.Request) answer {
	if strings.HasPrefix(r.Header.Get("Content-Type"), "application/json") {
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
	none := &accessToken{grant: &grant{}}
	g := cmp.Or(s.strava.refresh[token], cmp.Or(s.strava.access[token], none).grant)
	delete(s.strava.refresh, g.refresh)
	maps.DeleteFunc(s.strava.access, func(_ string, a *accessToken) bool { return a.grant.athlete == g.athlete })
	delete(s.strava.current, g.athlete)
}
