package sandbox

import (
	"fmt"
	"html"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// The scopes that the authorize page knows.
var stravaScopes = []string{
	"read", "read_all", "profile:read_all", "profile:write", "activity:read", "activity:read_all", "activity:write",
}

// asked answers like Strava's: a raw fault for what the app got wrong, before anybody
// logs in, and a page for what the athlete has to do. Neither ever reaches the callback.
// Of the callback only the host has to match.
func (s *Server) asked(ask func(r *http.Request, q url.Values, scopes []string) answer) handler {
	return func(r *http.Request) answer {
		q := r.URL.Query()
		scopes := strings.Split(q.Get("scope"), ",")
		callback, err := url.Parse(strings.ToLower(q.Get("redirect_uri")))
		hosts := []string{"localhost", "127.0.0.1", strings.ToLower(s.knobs.CallbackDomain)}
		switch cookie, noCookie := r.Cookie("sandbox_session"); {
		case len(q.Get("client_id")) == 40:
			return stravaFault(403, "Authorization Error", "Application", "internal", "forbidden")
		case q.Get("client_id") != s.strava.app.ID:
			return stravaFault(400, "Bad Request", "Application", "client_id", "invalid")
		case err != nil || callback.Hostname() == "" || !slices.Contains(hosts, callback.Hostname()):
			return stravaFault(400, "Bad Request", "Application", "redirect_uri", "invalid")
		case !covers(stravaScopes, scopes):
			return stravaFault(400, "Bad Request", "Authorize", "scope", "invalid")
		case noCookie != nil || cookie.Value != s.strava.session:
			return redirect("/login?next=" + url.QueryEscape(r.URL.RequestURI()))
		case s.knobs.AthleteCap && s.strava.consented == nil:
			return page("Error", `<p id="cap">Limit of connected athletes exceeded.</p>`)
		}
		return ask(r, q, scopes)
	}
}

func (s *Server) authorizePage(r *http.Request, q url.Values, scopes []string) answer {
	if q.Get("approval_prompt") != "force" && s.strava.consented != nil && covers(s.strava.consented, scopes) {
		return s.callback(q, s.strava.consented)
	}
	boxes := ""
	for _, scope := range scopes {
		if scope != "read" { // which is always granted
			boxes += fmt.Sprintf(`<p><label><input type="checkbox" name="granted" value="%[1]s" id="%[1]s" checked> %[1]s</label></p>`, scope)
		}
	}
	return page("Authorize", `<form method="post" action="/oauth/accept_application?`+html.EscapeString(r.URL.RawQuery)+`">`+
		boxes+`<button id="authorize" name="answer" value="accept">Authorize</button> `+
		`<button id="deny" name="answer" value="deny">Cancel</button></form>`)
}

func loginPage(r *http.Request) answer {
	return page("Log in", `<form method="post" action="/login"><input type="hidden" name="next" value="`+
		html.EscapeString(r.Form.Get("next"))+`"><button id="login">Log in as Sandbox Athlete</button></form>`)
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

// accept takes what the athlete ticked; read is granted in any case.
func (s *Server) accept(r *http.Request, q url.Values, _ []string) answer {
	if r.PostForm.Get("answer") != "accept" {
		return redirect(q.Get("redirect_uri") + "?state=" + url.QueryEscape(q.Get("state")) + "&error=access_denied")
	}
	s.strava.consented = append([]string{"read"}, r.PostForm["granted"]...)
	return s.callback(q, s.strava.consented)
}

// callback sends the browser back, with the parameters in Strava's order.
func (s *Server) callback(q url.Values, scopes []string) answer {
	return redirect(q.Get("redirect_uri") + "?state=" + url.QueryEscape(q.Get("state")) +
		"&code=" + url.QueryEscape(s.newCode(scopes)) + "&scope=" + strings.Join(scopes, ","))
}

func redirect(to string) answer {
	return answer{status: http.StatusFound, header: map[string]string{"Location": to}}
}

func page(title, body string) answer {
	html := `<!doctype html><html lang="en"><meta charset="utf-8"><link rel="icon" href="data:,"><title>` + title +
		` | Strava sandbox</title><h1>` + title + `</h1>` + body
	return answer{status: http.StatusOK, body: html, header: map[string]string{"Content-Type": "text/html; charset=utf-8"}}
}
