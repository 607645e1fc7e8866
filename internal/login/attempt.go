package login

import (
	"crypto/subtle"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"strava-token/internal/secret"
	"strava-token/internal/strava"
	"strava-token/internal/words"
)

var (
	// ErrOpenedTwice ends a login whose local page was opened a second time.
	ErrOpenedTwice error = &words.Failure{ID: "login-opened-twice"}
	// ErrCodeAlone is a code that was pasted without its address.
	ErrCodeAlone error = &words.Failure{ID: "login-code-alone"}
)

// Attempt is one way to Strava and back. There are two doors: the link that is
// printed, for a browser anywhere, and a page on this machine that leads the local
// browser to Strava. Each has a state of its own, and the state of the local page
// counts only in the browser that opened it. What is pasted may have either.
type Attempt struct {
	link      string // for a person
	linkState string

	local  string // the page on this machine
	key    string // of that page
	behind string // where it leads
	state  string // of that
	cookie string // empty until the page is opened

	result chan result // one, at most

	// Each attempt has a page of its own for the end, since its browser may ask
	// for that only after the next one began. The listener's lock guards them.
	over    bool          // a result came
	page    *Page         // nil until it is known
	known   chan struct{} // closed then
	fetched chan struct{} // closed once the page was written
	once    sync.Once
}

type result struct {
	grant strava.Grant
	err   error
}

func newAttempt(authorize func(state string) string) *Attempt {
	a := &Attempt{
		linkState: strava.NewState(), state: strava.NewState(), key: strava.NewState(),
		result: make(chan result, 1), known: make(chan struct{}), fetched: make(chan struct{}),
	}
	a.link, a.behind = authorize(a.linkState), authorize(a.state)
	return a
}

// Link is the address of Strava's page, for a browser anywhere.
func (a *Attempt) Link() string { return a.link }

// Local is the address to open the browser of this machine with.
func (a *Attempt) Local() string { return a.local }

// end hands on the first result.
func (a *Attempt) end(grant strava.Grant, err error) {
	if !a.over {
		a.over = true
		a.result <- result{grant, err}
	}
}

// take reports whether a callback may be believed, and hands on the first one.
func (a *Attempt) take(r *http.Request) bool {
	state := a.linkState
	if cookie, err := r.Cookie(cookieName); err == nil && a.cookie != "" && isSame(cookie.Value, a.cookie) && isSame(r.URL.Query().Get("state"), a.state) {
		state = a.state
	}
	grant, err := strava.ParseCallback(r.URL.Query(), state)
	if err != nil && !isDenied(err) {
		return false
	}
	a.end(grant, err)
	return true
}

// read reads what was pasted.
func (a *Attempt) read(text string) (strava.Grant, error) {
	grant, err := strava.ParseAddress(text, a.linkState)
	if errors.Is(err, strava.ErrWrongState) {
		grant, err = strava.ParseAddress(text, a.state)
	}
	if err != nil && isCodeAlone(text) {
		err = ErrCodeAlone
	}
	return grant, err
}

// isCodeAlone reports whether a text is a code, or an address with one, that came
// without a state.
func isCodeAlone(text string) bool {
	text = strings.TrimSpace(text)
	if _, query, ok := strings.Cut(text, "?"); ok {
		text = query
	}
	values, err := url.ParseQuery(text)
	if err != nil || values.Get("state") != "" {
		return false
	}
	code := values.Get("code")
	if code == "" {
		code, _, _ = strings.Cut(text, "&")
	}
	return secret.Inspect(code) == "" && !strings.ContainsAny(code, "=/:")
}

func isDenied(err error) bool {
	var denied *strava.DeniedError
	return errors.As(err, &denied)
}

func isSame(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }
