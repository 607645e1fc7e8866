package login

import (
	"context"
	"crypto/subtle"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"strava-token/internal/strava"
	"strava-token/internal/words"
)

const (
	timeout    = 5 * time.Minute // how long a login waits for the browser
	cookieName = "strava-token"
)

// Attempt is one trip to Strava and back. There are two ways: the link that is
// printed, for a browser anywhere, and a page on this machine that leads the local
// browser to Strava. Each has its own state, and the state of the local page counts
// only in the browser that opened it. A pasted address may have either.
type Attempt struct {
	Link  string // Strava's page, for a browser anywhere
	Local string // the page on this machine

	linkState string
	behind    string // where the local page leads
	state     string // of that
	cookie    string // of the browser that opens it
	opened    atomic.Bool
	came      chan result // the first one that a browser brought
	isBack    bool        // it was taken, so a browser waits for the final page

	// Each attempt has its own final page, since its browser may ask for that only
	// after the next one began.
	last    string    // its path
	page    chan Page // empty until it is known
	fetched context.Context
	fetch   context.CancelFunc // once the page was written
}

type result struct {
	grant strava.Grant
	err   error
}

func (a *Attempt) end(grant strava.Grant, err error) {
	select {
	case a.came <- result{grant, err}:
	default:
	}
}

// start serves the page that the browser is opened with, once: its address can be read
// in the list of processes, so it says nothing, and a second visitor ends the login.
// The cookie tells that browser from others.
func (a *Attempt) start(w http.ResponseWriter, r *http.Request) {
	if !a.opened.CompareAndSwap(false, true) {
		a.end(strava.Grant{}, &words.Failure{ID: "login-opened-twice"})
		http.Redirect(w, r, a.last, http.StatusSeeOther)
		return
	}
	http.SetCookie(w, &http.Cookie{Name: cookieName, Value: a.cookie, Path: callbackPath, HttpOnly: true, SameSite: http.SameSiteLaxMode})
	http.Redirect(w, r, a.behind, http.StatusSeeOther)
}

// take reports whether a callback may be believed, and keeps the first one.
func (a *Attempt) take(r *http.Request) bool {
	states := []string{a.linkState}
	if cookie, _ := r.Cookie(cookieName); cookie != nil && subtle.ConstantTimeCompare([]byte(cookie.Value), []byte(a.cookie)) == 1 {
		states = append(states, a.state)
	}
	grant, err := strava.ParseCallback(r.URL.Query(), states...)
	if err != nil && err != strava.ErrDenied {
		return false
	}
	a.end(grant, err)
	return true
}

// Wait returns what the browser brought or what was pasted, whichever is first.
// complain is called for each bad paste; waiting goes on, also once pasted is closed.
func (a *Attempt) Wait(ctx context.Context, pasted <-chan string, complain func(error)) (strava.Grant, error) {
	tooLong := time.After(timeout)
	for {
		select {
		case r := <-a.came:
			a.isBack = true
			return r.grant, r.err
		case text, open := <-pasted:
			if !open {
				pasted = nil
			}
			if strings.TrimSpace(text) == "" {
				continue
			}
			grant, err := strava.ParsePasted(text, a.linkState, a.state)
			if grant.Stateless {
				err = &words.Failure{ID: "login-code-alone"} // any word could be one
			}
			if err == nil || err == strava.ErrDenied {
				return grant, err
			}
			complain(err)
		case <-tooLong:
			return strava.Grant{}, &words.Failure{ID: "login-nobody-came"}
		case <-ctx.Done():
			return strava.Grant{}, ctx.Err()
		}
	}
}

// Tell shows the browser how the attempt ended. Only the first page counts: the browser
// may have it by now.
func (a *Attempt) Tell(p Page) {
	select {
	case a.page <- p:
	default:
	}
}

// showEnd serves the final page, once that is known.
func (a *Attempt) showEnd(w http.ResponseWriter, r *http.Request) {
	select {
	case p := <-a.page:
		a.Tell(p) // it may be asked for again
		p.write(w)
		a.fetch()
	case <-r.Context().Done():
	}
}
