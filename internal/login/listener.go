package login

import (
	"context"
	"errors"
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
	donePath     = "/done/"  // and its number
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
	attempts []*Attempt // the last one is waited for
}

// Listen opens port on 127.0.0.1; 0 is any free one.
func Listen(ctx context.Context, port int) (*Listener, error) {
	var c net.ListenConfig
	tcp, err := c.Listen(ctx, "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err != nil {
		return nil, fmt.Errorf("listen: %w", err)
	}
	l := &Listener{tcp: tcp}
	mux := http.NewServeMux()
	mux.HandleFunc(callbackPath, l.callback)
	mux.HandleFunc(startPath+"{key}", l.start)
	mux.HandleFunc(donePath+"{number}", l.done)
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
	l.attempts = append(l.attempts, a)
	return a
}

// Answer shows the browser how it ended, and waits until it fetched the page.
// Without a browser waiting it does nothing.
func (l *Listener) Answer(p Page) {
	fetched := l.Tell(p)
	if fetched == nil {
		return
	}
	select {
	case <-fetched:
	case <-time.After(farewell):
	}
}

// Tell shows the browser a page without waiting for it. The channel is closed
// once the page was fetched; it is nil if no browser waits.
func (l *Listener) Tell(p Page) <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.attempts) == 0 {
		return nil
	}
	a := l.attempts[len(l.attempts)-1]
	if !a.over || a.page != nil {
		return nil
	}
	a.page = &p
	close(a.known)
	return a.fetched
}

// Close ends the listener.
func (l *Listener) Close() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if errors.Is(l.server.Shutdown(ctx), context.DeadlineExceeded) {
		_ = l.server.Close()
	}
}

// guard refuses whatever isn't a GET, and requests under another name: a page
// elsewhere can make its own name point to this machine.
func (l *Listener) guard(next http.Handler) http.Handler {
	_, port, _ := net.SplitHostPort(l.tcp.Addr().String())
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		protect(w)
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
	number := len(l.attempts) - 1
	if number < 0 || r.PathValue("key") != l.attempts[number].key {
		http.NotFound(w, r)
		return
	}
	a := l.attempts[number]
	if a.cookie != "" {
		a.end(strava.Grant{}, ErrOpenedTwice)
		http.Redirect(w, r, donePath+strconv.Itoa(number), http.StatusSeeOther)
		return
	}
	a.cookie = strava.NewState()
	http.SetCookie(w, &http.Cookie{Name: cookieName, Value: a.cookie, Path: callbackPath, HttpOnly: true, SameSite: http.SameSiteLaxMode})
	http.Redirect(w, r, a.behind, http.StatusSeeOther)
}

// callback takes the first callback that may be believed, and sends the browser
// on to an address that has nothing in it. A repeated one is a browser that was
// reloaded.
func (l *Listener) callback(w http.ResponseWriter, r *http.Request) {
	l.mu.Lock()
	defer l.mu.Unlock()
	number := len(l.attempts) - 1
	if number < 0 || !l.attempts[number].take(r) {
		Page{Status: http.StatusBadRequest, Title: "This isn't the answer that was asked for",
			Lines: []string{
				"Something other than the login that is waiting opened this page, or an older one did.",
				"The login still waits: open the address in the terminal.",
			}}.write(w)
		return
	}
	http.Redirect(w, r, donePath+strconv.Itoa(number), http.StatusSeeOther)
}

// done shows how an attempt ended, once that is known.
func (l *Listener) done(w http.ResponseWriter, r *http.Request) {
	a := l.ended(r.PathValue("number"))
	if a == nil {
		http.NotFound(w, r)
		return
	}
	select {
	case <-a.known:
	case <-r.Context().Done():
		return
	case <-time.After(patience):
		Page{Status: http.StatusGatewayTimeout, Title: "This takes too long",
			Lines: []string{"Look at the terminal: it says what happened."}}.write(w)
		return
	}
	a.page.write(w)
	a.once.Do(func() { close(a.fetched) })
}

// ended returns the attempt of this number, or nil if no browser came back from it.
func (l *Listener) ended(number string) *Attempt {
	l.mu.Lock()
	defer l.mu.Unlock()
	n, err := strconv.Atoi(number)
	if err != nil || n < 0 || n >= len(l.attempts) || !l.attempts[n].over {
		return nil
	}
	return l.attempts[n]
}
