package login

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"time"
)

const (
	callbackPath = "/token"
	donePath     = "/done"
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
	grants chan Grant
	denied chan error

	mu      sync.Mutex
	state   string
	came    bool // a callback with the right state was taken
	told    bool // the page is known
	read    bool // the page was fetched
	page    chan struct{}
	shown   *Page // of this login; an earlier tab keeps its own
	fetched chan struct{}
}

// Listen opens port on 127.0.0.1; 0 is any free one.
func Listen(ctx context.Context, port int) (*Listener, error) {
	var c net.ListenConfig
	tcp, err := c.Listen(ctx, "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err != nil {
		return nil, fmt.Errorf("listen: %w", err)
	}
	l := &Listener{tcp: tcp, grants: make(chan Grant, 1), denied: make(chan error, 1)}
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+callbackPath, l.callback)
	mux.HandleFunc("GET "+donePath, l.done)
	l.server = &http.Server{Handler: l.ownHost(mux), ReadHeaderTimeout: 10 * time.Second, MaxHeaderBytes: 64 << 10}
	go func() { _ = l.server.Serve(tcp) }()
	return l, nil
}

// Redirect is the address that Strava sends the browser back to.
func (l *Listener) Redirect() string {
	return "http://" + l.tcp.Addr().String() + callbackPath
}

// Expect begins to wait for a callback with this state, and forgets the one
// before.
func (l *Listener) Expect(state string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.state, l.came, l.told, l.read = state, false, false, false
	for { // nothing of an earlier login is believed
		select {
		case <-l.grants:
			continue
		case <-l.denied:
			continue
		default:
		}
		break
	}
	l.page, l.fetched, l.shown = make(chan struct{}), make(chan struct{}), new(Page)
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
// once the page was fetched; it is nil where no browser waits.
func (l *Listener) Tell(p Page) <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.came || l.told {
		return nil
	}
	*l.shown, l.told = p, true
	close(l.page)
	return l.fetched
}

// Close ends the listener.
func (l *Listener) Close() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if errors.Is(l.server.Shutdown(ctx), context.DeadlineExceeded) {
		_ = l.server.Close()
	}
}

// ownHost refuses requests under another name: a page elsewhere can make its
// own name point to this machine.
func (l *Listener) ownHost(next http.Handler) http.Handler {
	_, port, _ := net.SplitHostPort(l.tcp.Addr().String())
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host, asked, err := net.SplitHostPort(r.Host)
		if err != nil {
			host, asked = r.Host, "80" // which browsers leave out
		}
		if asked != port || host != "127.0.0.1" && host != "localhost" {
			protect(w)
			http.Error(w, "unknown host", http.StatusMisdirectedRequest)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// callback takes the first callback with the right state, and sends the browser
// on to an address that holds nothing.
func (l *Listener) callback(w http.ResponseWriter, r *http.Request) {
	err := l.take(r.URL.Query())
	var denied *DeniedError
	if err != nil && !errors.As(err, &denied) {
		Page{Status: http.StatusBadRequest, Title: "This is not the answer that was asked for",
			Lines: []string{
				"The page was opened by something else than the login that is waiting, or by an older one.",
				"The login still waits: open the address that the terminal shows.",
			}}.write(w)
		return
	}
	protect(w)
	http.Redirect(w, r, donePath, http.StatusSeeOther)
}

// take hands on the first callback that may be believed; a repeated one is a
// browser that was reloaded.
func (l *Listener) take(query url.Values) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	grant, err := ParseCallback(query, l.state)
	var denied *DeniedError
	switch {
	case l.came:
	case err == nil:
		l.came = true
		l.grants <- grant // holds one, and Expect emptied it
	case errors.As(err, &denied):
		l.came = true
		l.denied <- denied
	}
	return err
}

// done shows how it ended, once that is known.
func (l *Listener) done(w http.ResponseWriter, r *http.Request) {
	l.mu.Lock()
	page, fetched, shown, came := l.page, l.fetched, l.shown, l.came
	l.mu.Unlock()
	if !came {
		http.NotFound(w, r)
		return
	}
	select {
	case <-page:
	case <-r.Context().Done():
		return
	case <-time.After(patience):
		Page{Status: http.StatusGatewayTimeout, Title: "This takes too long",
			Lines: []string{"Look at the terminal: it says what happened."}}.write(w)
		return
	}
	shown.write(w)
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.read && fetched == l.fetched {
		l.read = true
		close(fetched)
	}
}
