package login

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"

	"strava-token/internal/strava"
)

const (
	callbackPath = "/token"
	startPath    = "/start/" // and the key of the attempt
	donePath     = "/done/"  // and the key
	cookieName   = "strava-token"
	// patience is how long the page in the browser waits for the end of the
	// login, which is a few requests away.
	patience = 2 * time.Minute
	// farewell is how long the listener stays for the browser to fetch the page.
	farewell = 5 * time.Second
)

// Listener waits on loopback for the browser that comes back from Strava.
type Listener struct {
	tcp    net.Listener
	server *http.Server

	mu       sync.Mutex
	attempts map[string]*Attempt // by their keys
	current  *Attempt            // the one that is waited for; nil before the first
}

// Listen opens port on 127.0.0.1; 0 is any free one.
func Listen(ctx context.Context, port int) (*Listener, error) {
	var c net.ListenConfig
	tcp, err := c.Listen(ctx, "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err != nil {
		return nil, fmt.Errorf("listen: %w", err)
	}
	l := &Listener{tcp: tcp, attempts: map[string]*Attempt{}}
	mux := http.NewServeMux()
	mux.HandleFunc(callbackPath, l.callback)
	mux.HandleFunc(startPath+"{key}", l.start)
	mux.HandleFunc(donePath+"{key}", l.done)
	l.server = &http.Server{Handler: l.guard(mux), ReadHeaderTimeout: 10 * time.Second, MaxHeaderBytes: 64 << 10}
	go func() { _ = l.server.Serve(tcp) }()
	return l, nil
}

// origin is the address of the listener.
func (l *Listener) origin() string { return "http://" + l.tcp.Addr().String() }

// Redirect is the address that Strava sends the browser back to.
func (l *Listener) Redirect() string { return l.origin() + callbackPath }

// Begin begins an attempt, and ends the one before: nothing of that is believed any
// more. authorize makes the address of Strava's page with a state.
func (l *Listener) Begin(authorize func(state string) string) *Attempt {
	a := newAttempt(authorize)
	l.mu.Lock()
	defer l.mu.Unlock()
	a.local = l.origin() + startPath + a.key
	l.current, l.attempts[a.key] = a, a
	return a
}

// Answer shows the browser how it ended, and waits until it fetched the page.
// Without a browser waiting it does nothing.
func (l *Listener) Answer(p Page) {
	if fetched := l.Tell(p); fetched != nil {
		select {
		case <-fetched:
		case <-time.After(farewell):
		}
	}
}

// Tell shows the browser a page without waiting for it. The channel is closed
// once the page was fetched; it is nil if no browser waits.
func (l *Listener) Tell(p Page) <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	a := l.current
	if a == nil || !a.over || a.page != nil {
		return nil
	}
	a.page = &p
	close(a.known)
	return a.fetched.Done()
}

// Close ends the listener.
func (l *Listener) Close() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if l.server.Shutdown(ctx) != nil {
		_ = l.server.Close()
	}
}

// guard keeps answers out of caches, and their addresses out of what the next page
// is told. It refuses whatever isn't a GET, and requests under another name: a page
// elsewhere can make its own name point to this machine.
func (l *Listener) guard(next http.Handler) http.Handler {
	_, port, _ := net.SplitHostPort(l.tcp.Addr().String())
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("Referrer-Policy", "no-referrer")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		host, asked, err := net.SplitHostPort(r.Host)
		if err != nil {
			host, asked = r.Host, "80" // which browsers leave out
		}
		switch {
		case r.Method != http.MethodGet:
			http.Error(w, "GET only", http.StatusMethodNotAllowed)
		case asked != port || host != "127.0.0.1" && host != "localhost":
			http.Error(w, "unknown host", http.StatusMisdirectedRequest)
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// start is the page that the browser is opened with, once: its address can be read
// in the list of processes, so it says nothing, and whoever opens it besides the
// browser ends the login. The cookie tells that browser from others.
func (l *Listener) start(w http.ResponseWriter, r *http.Request) {
	l.mu.Lock()
	defer l.mu.Unlock()
	a := l.current
	switch {
	case a == nil || r.PathValue("key") != a.key:
		http.NotFound(w, r)
	case a.opened:
		a.end(strava.Grant{}, ErrOpenedTwice)
		http.Redirect(w, r, donePath+a.key, http.StatusSeeOther)
	default:
		a.opened = true
		http.SetCookie(w, &http.Cookie{Name: cookieName, Value: a.cookie, Path: callbackPath, HttpOnly: true, SameSite: http.SameSiteLaxMode})
		http.Redirect(w, r, a.behind, http.StatusSeeOther)
	}
}

// callback takes the first callback that may be believed, and sends the browser
// on to an address that has nothing in it. A repeated one is a browser that was
// reloaded.
func (l *Listener) callback(w http.ResponseWriter, r *http.Request) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.current == nil || !l.current.take(r) {
		Page{Status: http.StatusBadRequest, Title: "This isn't the answer that was asked for",
			Lines: []string{
				"Something other than the login that is waiting opened this page, or an older one did.",
				"The login still waits: open the address in the terminal.",
			}}.write(w)
		return
	}
	http.Redirect(w, r, donePath+l.current.key, http.StatusSeeOther)
}

// done shows how an attempt ended, once that is known, if a browser came back from it.
func (l *Listener) done(w http.ResponseWriter, r *http.Request) {
	l.mu.Lock()
	a := l.attempts[r.PathValue("key")]
	over := a != nil && a.over
	l.mu.Unlock()
	if !over {
		http.NotFound(w, r)
		return
	}
	select {
	case <-a.known:
		a.page.write(w)
		a.fetch()
	case <-r.Context().Done():
	case <-time.After(patience):
		Page{Status: http.StatusGatewayTimeout, Title: "This takes too long",
			Lines: []string{"Look at the terminal: it says what happened."}}.write(w)
	}
}
