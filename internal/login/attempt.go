package login

import (
	"context"
	"crypto/subtle"
	"errors"
	"net/http"
	"strings"
	"time"

	"strava-token/internal/strava"
	"strava-token/internal/words"
)

// Timeout is how long a login waits for the browser.
const Timeout = 5 * time.Minute

var (
	// ErrNobodyCame ends a login if neither a callback nor a pasted address came in time.
	ErrNobodyCame error = &words.Failure{ID: "login-nobody-came"}
	// ErrOpenedTwice ends a login whose local page was opened a second time.
	ErrOpenedTwice error = &words.Failure{ID: "login-opened-twice"}
	// ErrCodeAlone reports a code pasted without its address: it carries no state, and
	// any word could be one.
	ErrCodeAlone error = &words.Failure{ID: "login-code-alone"}
)

// Attempt is one trip to Strava and back. There are two ways: the link that is
// printed, for a browser anywhere, and a page on this machine that leads the local
// browser to Strava. Each has its own state, and the state of the local page counts
// only in the browser that opened it. A pasted address may have either.
type Attempt struct {
	link, linkState string // for a person

	local, key    string // the page on this machine, and the end of its address
	behind, state string // where it leads
	cookie        string // of the browser that opens it
	opened        bool

	// The listener's lock guards the rest.
	over  bool // a browser came back
	grant strava.Grant
	err   error
	came  chan struct{} // closed then

	// Each attempt has its own final page, since its browser may ask for that only
	// after the next one began.
	page    *Page         // nil until it is known
	known   chan struct{} // closed then
	fetched context.Context
	fetch   context.CancelFunc // once the page was written
}

func newAttempt(authorize func(state string) string) *Attempt {
	a := &Attempt{
		linkState: strava.NewState(), state: strava.NewState(), key: strava.NewState(), cookie: strava.NewState(),
		came: make(chan struct{}), known: make(chan struct{}),
	}
	a.link, a.behind = authorize(a.linkState), authorize(a.state)
	a.fetched, a.fetch = context.WithCancel(context.Background())
	return a
}

// Link returns the address of Strava's page, for a browser anywhere.
func (a *Attempt) Link() string { return a.link }

// Local returns the address to open in this machine's browser.
func (a *Attempt) Local() string { return a.local }

// end keeps the first result.
func (a *Attempt) end(grant strava.Grant, err error) {
	if !a.over {
		a.over, a.grant, a.err = true, grant, err
		close(a.came)
	}
}

// take reports whether a callback may be believed, and keeps the first one.
func (a *Attempt) take(r *http.Request) bool {
	grant, err := strava.ParseCallback(r.URL.Query(), a.linkState)
	cookie, _ := r.Cookie(cookieName)
	if errors.Is(err, strava.ErrWrongState) && cookie != nil && subtle.ConstantTimeCompare([]byte(cookie.Value), []byte(a.cookie)) == 1 {
		grant, err = strava.ParseCallback(r.URL.Query(), a.state)
	}
	if err != nil && err != strava.ErrDenied {
		return false
	}
	a.end(grant, err)
	return true
}

// Wait returns what the browser brought or what was pasted, whichever is first.
// complain is called for each bad paste; waiting goes on, also once pasted is closed.
func (a *Attempt) Wait(ctx context.Context, pasted <-chan string, complain func(error)) (strava.Grant, error) {
	timeout := time.After(Timeout)
	for {
		select {
		case <-a.came:
			return a.grant, a.err
		case text, open := <-pasted:
			if !open {
				pasted = nil
			}
			if strings.TrimSpace(text) == "" {
				continue
			}
			grant, err := a.read(text)
			if err == nil || err == strava.ErrDenied {
				return grant, err
			}
			complain(err)
		case <-timeout:
			return strava.Grant{}, ErrNobodyCame
		case <-ctx.Done():
			return strava.Grant{}, ctx.Err()
		}
	}
}

// read reads what was pasted.
func (a *Attempt) read(text string) (strava.Grant, error) {
	grant, err := strava.ParsePasted(text, a.linkState, a.state)
	if grant.Stateless {
		return strava.Grant{}, ErrCodeAlone
	}
	return grant, err
}
