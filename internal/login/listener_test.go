package login_test

import (
	"context"
	"errors"
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

// strangers is what the tests call Strava: an address that nothing is at.
const strangers = "http://127.0.0.1:9/oauth/authorize?state="

func authorize(state string) string { return strangers + state }

// here is a listener and a browser beside it that goes nowhere by itself.
type here struct {
	t        *testing.T
	listener *login.Listener
	browser  *http.Client
}

func listen(t *testing.T) *here {
	t.Helper()
	l := check.Must(login.Listen(t.Context(), 0))(t)
	jar := check.Must(cookiejar.New(nil))(t)
	browser := &http.Client{Jar: jar, Timeout: 10 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	t.Cleanup(func() { browser.CloseIdleConnections(); l.Close() })
	return &here{t, l, browser}
}

// do asks, and returns the status, where the answer leads, and what it says.
func (h *here) do(method, address string) (status int, location, body string) {
	h.t.Helper()
	if strings.HasPrefix(address, "/") {
		address = strings.TrimSuffix(h.listener.Redirect(), "/token") + address
	}
	req := check.Must(http.NewRequest(method, address, nil))(h.t)
	resp := check.Must(h.browser.Do(req))(h.t)
	defer resp.Body.Close()
	content := check.Must(io.ReadAll(resp.Body))(h.t)
	return resp.StatusCode, resp.Header.Get("Location"), string(content)
}

// assertStatus asserts how a question is answered, and returns where the answer leads,
// and what it says.
func (h *here) assertStatus(method, address string, want int) (location, body string) {
	h.t.Helper()
	status, location, body := h.do(method, address)
	check.Equal(h.t, status, want, "status of %s %s\n%s", method, address, body)
	return location, body
}

// assertWaits asserts that nothing ended the attempt.
func (h *here) assertWaits(a *login.Attempt) {
	h.t.Helper()
	_, err := h.result(a)
	check.That(h.t, errors.Is(err, context.DeadlineExceeded), "the login ended: %v", err)
}

// open opens the attempt's local page and returns the state behind it.
func (h *here) open(a *login.Attempt) (state string) {
	h.t.Helper()
	_, location, _ := h.do(http.MethodGet, a.Local())
	return stateOf(h.t, location)
}

func stateOf(t *testing.T, address string) string {
	t.Helper()
	state, ok := strings.CutPrefix(address, strangers)
	check.Need(t, ok && state != "", "no state in %q", address)
	return state
}

func callback(state string) string { return "/token?state=" + state + "&code=" + code + "&scope=read" }

// result is how the attempt ended, or context.DeadlineExceeded if it still waits.
func (h *here) result(a *login.Attempt) (strava.Grant, error) {
	ctx, cancel := context.WithTimeout(h.t.Context(), 50*time.Millisecond)
	defer cancel()
	return a.Wait(ctx, nil, func(error) {})
}

// TestTheLocalPage: its address says nothing, it leads to Strava once, and its state
// counts in that browser alone.
func TestTheLocalPage(t *testing.T) {
	t.Parallel()
	h := listen(t)
	a := h.listener.Begin(authorize)
	link := stateOf(t, a.Link())
	state := h.open(a)
	if state == link || strings.Contains(a.Local(), state) || strings.Contains(a.Local(), link) {
		t.Errorf("the address of the local page gives a state away: %s", a.Local())
	}
	jar := h.browser.Jar
	h.browser.Jar = nil // somebody else
	h.assertStatus(http.MethodGet, callback(state), http.StatusBadRequest)
	h.assertWaits(a)
	h.browser.Jar = jar
	location, _ := h.assertStatus(http.MethodGet, callback(state), http.StatusSeeOther)
	check.That(t, !strings.ContainsAny(location, "?#"), "with the cookie it leads to %q, which has something in it", location)
	if grant, err := h.result(a); err != nil || grant.Code.Reveal() != code {
		t.Errorf("with the cookie: %v", err)
	}
}

// TestTheLocalPageOpenedTwice: somebody saw its address and was there as well.
func TestTheLocalPageOpenedTwice(t *testing.T) {
	t.Parallel()
	h := listen(t)
	a := h.listener.Begin(authorize)
	state := h.open(a)
	h.do(http.MethodGet, a.Local())
	h.do(http.MethodGet, callback(state))
	_, err := h.result(a)
	check.That(t, errors.Is(err, login.ErrOpenedTwice), "got %v, want %v", err, login.ErrOpenedTwice)
}

// TestOnlyGet: browsers, and others, ask with HEAD for pages that nobody opens.
func TestOnlyGet(t *testing.T) {
	t.Parallel()
	h := listen(t)
	a := h.listener.Begin(authorize)
	for _, method := range []string{http.MethodHead, http.MethodPost, http.MethodOptions, http.MethodPut} {
		for _, address := range []string{a.Local(), callback(stateOf(t, a.Link()))} {
			h.assertStatus(method, address, http.StatusMethodNotAllowed)
		}
	}
	h.assertWaits(a)
	h.open(a) // is the first time
}

// TestNothingElseIsTaken, and nothing gives a state away.
func TestNothingElseIsTaken(t *testing.T) {
	t.Parallel()
	h := listen(t)
	a := h.listener.Begin(authorize)
	state := stateOf(t, a.Link())
	for path, want := range map[string]int{
		"/": 404, "/favicon.ico": 404, "/done": 404, "/done/0": 404, "/done/1": 404, "/done/-1": 404,
		"/start": 404, "/start/": 404, "/start/" + state: 404,
		"/token": 400, callback(strings.Repeat("0", 32)): 400, "/token?state=&error=access_denied": 400,
		"/token?state=" + state: 400, "/token?state=" + state + "&code=null": 400,
	} {
		_, body := h.assertStatus(http.MethodGet, path, want)
		check.That(t, !strings.Contains(body, state), "%s gives the state away: %s", path, body)
	}
	foreign := check.Must(http.NewRequest(http.MethodGet, h.listener.Redirect(), nil))(t)
	here, _ := url.Parse(h.listener.Redirect())
	foreign.Host = "evil.example:" + here.Port()
	resp := check.Must(h.browser.Do(foreign))(t)
	_ = resp.Body.Close()
	check.That(t, resp.StatusCode == http.StatusMisdirectedRequest, "a foreign host: got %d, want 421", resp.StatusCode)
	h.assertWaits(a)
}

// TestEachAttemptKeepsItsPage lets the browser ask for the page of the first
// attempt only after the terminal began a second one.
func TestEachAttemptKeepsItsPage(t *testing.T) {
	t.Parallel()
	h := listen(t)
	comeBack := func(a *login.Attempt) (location string) {
		_, location, _ = h.do(http.MethodGet, callback(stateOf(t, a.Link())))
		return location
	}
	a := h.listener.Begin(authorize)
	first := comeBack(a)
	told := h.listener.Tell(login.Page{Status: http.StatusConflict, Title: "The first page"})
	check.Need(t, first != "" && told != nil, "the first attempt: sent on to %q, told %v", first, told)
	b := h.listener.Begin(authorize)
	check.Equal(t, comeBack(a), "", "an older state is sent on to")
	_, body := h.assertStatus(http.MethodGet, first, http.StatusConflict)
	check.Contains(t, body, "The first page")
	<-told

	second := comeBack(b)
	told = h.listener.Tell(login.Page{Status: http.StatusOK, Title: "The second page"})
	check.Need(t, second != first && told != nil, "the second attempt: sent on to %q, told %v", second, told)
	_, body = h.assertStatus(http.MethodGet, second, http.StatusOK)
	check.Contains(t, body, "The second page")
	<-told
}

const code = "89abcdef0123456789abcdef0123456789abcdef"

func TestWaitEndsAfterFiveMinutes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		pasted := make(chan string)
		close(pasted) // nobody is at the terminal
		began := time.Now()
		_, err := login.NewAttempt(authorize).Wait(t.Context(), pasted, func(error) {})
		check.That(t, errors.Is(err, login.ErrNobodyCame), "Wait: got %v, want %v", err, login.ErrNobodyCame)
		check.Equal(t, time.Since(began), 5*time.Minute, "waited")
	})
}

// TestPasted: what's wrong is said, and the waiting goes on.
func TestPasted(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		text string // STATE is the right one
		want error  // that is complained of; nil if the code is taken
	}{
		{"http://127.0.0.1:8000/token?state=STATE&code=" + code + "&scope=read", nil},
		{`  "http://127.0.0.1:8000/token?state=STATE&code=` + code + `"  `, nil},
		{"state=STATE&code=" + code, nil},
		{code, login.ErrCodeAlone},
		{"code=" + code, login.ErrCodeAlone},
		{code + "&scope=read", login.ErrCodeAlone},
		{"http://127.0.0.1:8000/token?code=" + code + "&scope=read", login.ErrCodeAlone},
		{"http://127.0.0.1:8000/token?state=&code=" + code, login.ErrCodeAlone},
		{"http://127.0.0.1:8000/token?state=0123&code=" + code, strava.ErrWrongState},
		{"hello", strava.ErrNoCode},
		{"http://127.0.0.1:8000/token?state=STATE", strava.ErrNoCode},
		{"https://www.strava.com/dashboard", strava.ErrNoCode},
	} {
		a := login.NewAttempt(authorize)
		good := "?state=" + stateOf(t, a.Link()) + "&code=" + code
		pasted := make(chan string, 3)
		pasted <- "" // Enter alone is nothing
		pasted <- strings.ReplaceAll(tt.text, "STATE", stateOf(t, a.Link()))
		pasted <- good
		var complained error
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		grant, err := a.Wait(ctx, pasted, func(err error) { complained = err })
		cancel()
		if err != nil || grant.Code.Reveal() != code || !errors.Is(complained, tt.want) {
			t.Errorf("%q: got %v, complained of %v; want %v", tt.text, err, complained, tt.want)
		}
	}
}
