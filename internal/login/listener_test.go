package login_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"strava-token/internal/check"
	"strava-token/internal/login"
	"strava-token/internal/strava"
)

const (
	// strangers is what the tests call Strava: an address that nothing is at.
	strangers = "http://127.0.0.1:9/oauth/authorize?state="
	code      = "89abcdef0123456789abcdef0123456789abcdef"
)

func authorize(state string) string { return strangers + state }

func stateOf(t *testing.T, address string) string {
	t.Helper()
	state, ok := strings.CutPrefix(address, strangers)
	check.Need(t, ok && state != "", "no state in %q", address)
	return state
}

func callback(state string) string { return "/token?state=" + state + "&code=" + code + "&scope=read" }

// here is a listener with an attempt, and a browser beside it that goes nowhere by
// itself.
type here struct {
	t        *testing.T
	listener *login.Listener
	*login.Attempt
	browser *http.Client
}

func listen(t *testing.T) *here {
	t.Helper()
	t.Parallel()
	l := check.Must(login.Listen(0))(t)
	jar := check.Must(cookiejar.New(nil))(t)
	stay := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	browser := &http.Client{Jar: jar, Timeout: 10 * time.Second, CheckRedirect: stay}
	t.Cleanup(func() { browser.CloseIdleConnections(); l.Close() })
	return &here{t, l, l.Begin(authorize), browser}
}

// ask asserts how a question is answered, and returns where the answer leads, and what it
// says. host is another name of the machine, or empty.
func (h *here) ask(method, host, address string, want int) (location, body string) {
	h.t.Helper()
	if strings.HasPrefix(address, "/") {
		address = strings.TrimSuffix(h.listener.Redirect(), "/token") + address
	}
	req := check.Must(http.NewRequest(method, address, nil))(h.t)
	req.Host = host
	resp := check.Must(h.browser.Do(req))(h.t)
	defer resp.Body.Close()
	content := check.Must(io.ReadAll(resp.Body))(h.t)
	check.Equal(h.t, resp.StatusCode, want, "status of %s %s\n%s", method, address, content)
	return resp.Header.Get("Location"), string(content)
}

func (h *here) get(address string, want int) (location, body string) {
	h.t.Helper()
	return h.ask(http.MethodGet, "", address, want)
}

// assertWaits asserts that nothing ended the attempt.
func (h *here) assertWaits() {
	h.t.Helper()
	_, err := h.result()
	check.That(h.t, errors.Is(err, context.DeadlineExceeded), "the login ended: %v", err)
}

// result is how the attempt ended, or context.DeadlineExceeded if it still waits.
func (h *here) result() (strava.Grant, error) {
	ctx, cancel := context.WithTimeout(h.t.Context(), 50*time.Millisecond)
	defer cancel()
	return h.Wait(ctx, nil, func(error) {})
}

// TestTheLocalPage: its address says nothing, it leads to Strava once, and its state
// counts in that browser alone.
func TestTheLocalPage(t *testing.T) {
	h := listen(t)
	link := stateOf(t, h.Link)
	location, _ := h.get(h.Local, http.StatusSeeOther)
	state := stateOf(t, location)
	givesAway := state == link || strings.Contains(h.Local, state) || strings.Contains(h.Local, link)
	check.That(t, !givesAway, "the address of the local page gives a state away: %s", h.Local)
	jar := h.browser.Jar
	made := check.Must(cookiejar.New(nil))(t)
	made.SetCookies(check.Must(url.Parse(h.listener.Redirect()))(t), []*http.Cookie{{Name: "strava-token", Value: state}})
	for _, others := range []http.CookieJar{nil, made} {
		h.browser.Jar = others
		h.get(callback(state), http.StatusBadRequest)
	}
	h.assertWaits()
	h.browser.Jar = jar
	location, _ = h.get(callback(state), http.StatusSeeOther)
	check.That(t, !strings.ContainsAny(location, "?#"), "with the cookie it leads to %q, which has something in it", location)
	grant, err := h.result()
	check.That(t, err == nil && grant.Code.Reveal() == code, "with the cookie: %v", err)
	h.Tell(login.Page{Status: http.StatusOK})
	h.get(location, http.StatusOK)
}

// TestTheLocalPageOpenedTwice: somebody saw its address and was there as well.
func TestTheLocalPageOpenedTwice(t *testing.T) {
	h := listen(t)
	location, _ := h.get(h.Local, http.StatusSeeOther)
	last, _ := h.get(h.Local, http.StatusSeeOther)
	h.get(callback(stateOf(t, location)), http.StatusSeeOther)
	_, err := h.result()
	check.Equal(t, fmt.Sprint(err), "login-opened-twice", "the login ended")
	h.Tell(login.Page{Status: http.StatusForbidden})
	h.get(last, http.StatusForbidden)
}

// TestNothingElseIsTaken, and nothing gives a state away. Browsers, and others, ask with
// HEAD for pages that nobody opens.
func TestNothingElseIsTaken(t *testing.T) {
	h := listen(t)
	state := stateOf(t, h.Link)
	for path, want := range map[string]int{
		"/": 404, "/favicon.ico": 404, "/done": 404, "/done/0": 404, "/done/1": 404, "/done/-1": 404,
		"/start": 404, "/start/": 404, "/start/" + state: 404,
		"/token": 400, callback(strings.Repeat("0", 32)): 400, "/token?state=&error=access_denied": 400,
		"/token?state=" + state: 400, "/token?state=" + state + "&code=null": 400,
	} {
		_, body := h.get(path, want)
		check.That(t, !strings.Contains(body, state), "%s gives the state away: %s", path, body)
	}
	for _, address := range []string{h.Local, callback(state)} {
		for _, method := range []string{http.MethodHead, http.MethodPost, http.MethodOptions, http.MethodPut} {
			h.ask(method, "", address, http.StatusMethodNotAllowed)
		}
		here := check.Must(url.Parse(h.listener.Redirect()))(t)
		h.ask(http.MethodGet, "evil.example:"+here.Port(), address, http.StatusMisdirectedRequest)
	}
	h.assertWaits()
	h.get(h.Local, http.StatusSeeOther) // is the first time
}

// TestEachAttemptKeepsItsPage lets the browser ask for the page of the first
// attempt only after the terminal began a second one.
func TestEachAttemptKeepsItsPage(t *testing.T) {
	h := listen(t)
	first := h.Attempt
	location, _ := h.get(callback(stateOf(t, first.Link)), http.StatusSeeOther)
	first.Tell(login.Page{Status: http.StatusConflict, Title: "The first page"})
	second := h.listener.Begin(authorize)
	h.get(callback(stateOf(t, first.Link)), http.StatusBadRequest)
	_, body := h.get(location, http.StatusConflict)
	check.Contains(t, body, "The first page")
	location, _ = h.get(callback(stateOf(t, second.Link)), http.StatusSeeOther)
	second.Tell(login.Page{Status: http.StatusOK, Title: "The second page"})
	_, body = h.get(location, http.StatusOK)
	check.Contains(t, body, "The second page")
}

func TestWaitEndsAfterFiveMinutes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		pasted := make(chan string)
		close(pasted) // nobody is at the terminal
		began := time.Now()
		_, err := new(login.Listener).Begin(authorize).Wait(t.Context(), pasted, func(error) {})
		check.Equal(t, fmt.Sprint(err), "login-nobody-came", "the login ended")
		check.Equal(t, time.Since(began), 5*time.Minute, "waited")
	})
}

// TestPasted: what's wrong is said, and the waiting goes on.
func TestPasted(t *testing.T) {
	t.Parallel()
	for _, tt := range [][2]string{ // STATE is the right one; and what is complained of, if the code isn't taken
		{"http://127.0.0.1:8000/token?state=STATE&code=" + code + "&scope=read", ""},
		{`  "http://127.0.0.1:8000/token?state=STATE&code=` + code + `"  `, ""},
		{"state=STATE&code=" + code, ""},
		{code, "login-code-alone"},
		{"code=" + code, "login-code-alone"},
		{code + "&scope=read", "login-code-alone"},
		{"http://127.0.0.1:8000/token?code=" + code + "&scope=read", "login-code-alone"},
		{"http://127.0.0.1:8000/token?state=&code=" + code, "login-code-alone"},
		{"http://127.0.0.1:8000/token?state=0123&code=" + code, "login-wrong-state"},
		{"hello", "login-no-code"},
		{"http://127.0.0.1:8000/token?state=STATE", "login-no-code"},
		{"https://www.strava.com/dashboard", "login-no-code"},
		{"error=access_denied", "login-no-code"},
	} {
		a := new(login.Listener).Begin(authorize)
		state := stateOf(t, a.Link)
		pasted := make(chan string, 3)
		pasted <- "" // Enter alone is nothing
		pasted <- strings.ReplaceAll(tt[0], "STATE", state)
		pasted <- "?state=" + state + "&code=" + code
		complained := ""
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		grant, err := a.Wait(ctx, pasted, func(err error) { complained = err.Error() })
		cancel()
		check.That(t, err == nil && grant.Code.Reveal() == code && complained == tt[1], "%q: got %v, complained of %q", tt[0], err, complained)
	}
}
