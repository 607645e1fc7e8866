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

	"strava-token/internal/strava"
)

const (
	callbackPath = "/token"
	donePath     = "/done/" // and the number of the attempt
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
	grants chan strava.Grant
	denied chan error

	mu     sync.Mutex
	logins []*attempt // the last one is waited for
}

// attempt is one way to Strava and back. Each has a page of its own, since its
// browser may ask for that only after the next one began.
type attempt struct {
	state   string
	came    bool          // a callback with the right state was taken
	page    *Page         // nil until it is known
	known   chan struct{} // closed then
	fetched chan struct{} // closed once the page was written
	once    sync.Once
}

// Listen opens port on 127.0.0.1; 0 is any free one.
func Listen(ctx context.Context, port int) (*Listener, error) {
	var c net.ListenConfig
	tcp, err := c.Listen(ctx, "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err != nil {
		return nil, fmt.Errorf("listen: %w", err)
	}
	l := &Listener{tcp: tcp, grants: make(chan strava.Grant, 1), denied: make(chan error, 1)}
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+callbackPath, l.callback)
	mux.HandleFunc("GET "+donePath+"{number}", l.done)
	l.server = &http.Server{Handler: l.ownHost(mux), ReadHeaderTimeout: 10 * time.Second, MaxHeaderBytes: 64 << 10}
	go func() { _ = l.server.Serve(tcp) }()
	return l, nil
}

// Redirect is the address that Strava sends the browser back to.
func (l *Listener) Redirect() string {
	return "http://" + l.tcp.Addr().String() + callbackPath
}

// Expect begins to wait for a callback with this state, and no longer for one
// with the state before.
func (l *Listener) Expect(state string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.logins = append(l.logins, &attempt{state: state, known: make(chan struct{}), fetched: make(chan struct{})})
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
	if len(l.logins) == 0 {
		return nil
	}
	login := l.logins[len(l.logins)-1]
	if !login.came || login.page != nil {
		return nil
	}
	login.page = &p
	close(login.known)
	return login.fetched
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
	number, err := l.take(r.URL.Query())
	var denied *strava.DeniedError
	if err != nil && !errors.As(err, &denied) {
		Page{Status: http.StatusBadRequest, Title: "This is not the answer that was asked for",
			Lines: []string{
				"The page was opened by something else than the login that is waiting, or by an older one.",
				"The login still waits: open the address that the terminal shows.",
			}}.write(w)
		return
	}
	protect(w)
	http.Redirect(w, r, donePath+strconv.Itoa(number), http.StatusSeeOther)
}

// take hands on the first callback that may be believed, and returns the number
// of its attempt; a repeated one is a browser that was reloaded.
func (l *Listener) take(query url.Values) (number int, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	number = len(l.logins) - 1
	if number < 0 {
		return 0, strava.ErrWrongState
	}
	login := l.logins[number]
	grant, err := strava.ParseCallback(query, login.state)
	var denied *strava.DeniedError
	switch {
	case login.came:
	case err == nil:
		login.came = true
		l.grants <- grant // holds one, and Expect emptied it
	case errors.As(err, &denied):
		login.came = true
		l.denied <- denied
	}
	return number, err
}

// done shows how an attempt ended, once that is known.
func (l *Listener) done(w http.ResponseWriter, r *http.Request) {
	login := l.arrived(r.PathValue("number"))
	if login == nil {
		http.NotFound(w, r)
		return
	}
	select {
	case <-login.known:
	case <-r.Context().Done():
		return
	case <-time.After(patience):
		Page{Status: http.StatusGatewayTimeout, Title: "This takes too long",
			Lines: []string{"Look at the terminal: it says what happened."}}.write(w)
		return
	}
	login.page.write(w)
	login.once.Do(func() { close(login.fetched) })
}

// arrived returns the attempt of this number, or nil where no browser came back
// from it.
func (l *Listener) arrived(number string) *attempt {
	l.mu.Lock()
	defer l.mu.Unlock()
	n, err := strconv.Atoi(number)
	if err != nil || n < 0 || n >= len(l.logins) || !l.logins[n].came {
		return nil
	}
	return l.logins[n]
}
