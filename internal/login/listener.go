package login

import (
	"context"
	"fmt"
	"html"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"strava-token/internal/strava"
	"strava-token/internal/words"
)

const callbackPath = "/token"

// Listener waits on loopback for the browser that comes back from Strava.
type Listener struct {
	origin  string // its address
	mux     http.ServeMux
	server  http.Server
	current atomic.Pointer[Attempt] // the attempt that is waited for; nil before the first
}

// Listen opens port on 127.0.0.1; 0 is any free one.
func Listen(port int) (*Listener, error) {
	tcp, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		return nil, &words.Failure{ID: "login-port", Blanks: words.Blanks{"port": port}}
	}
	l := &Listener{origin: "http://" + tcp.Addr().String()}
	l.mux.HandleFunc(callbackPath, l.callback)
	l.server = http.Server{Handler: http.HandlerFunc(l.serve), ReadHeaderTimeout: 10 * time.Second, MaxHeaderBytes: 64 << 10}
	go func() { _ = l.server.Serve(tcp) }()
	return l, nil
}

// Redirect returns the address that Strava sends the browser back to.
func (l *Listener) Redirect() string { return l.origin + callbackPath }

// Begin begins an attempt, and ends the one before: its callbacks are no longer
// believed. authorize returns the address of Strava's page with a state.
func (l *Listener) Begin(authorize func(state string) string) *Attempt {
	key := strava.NewState()
	a := &Attempt{
		Local: l.origin + "/start/" + key, last: "/done/" + key,
		linkState: strava.NewState(), state: strava.NewState(), cookie: strava.NewState(),
		came: make(chan result, 1), page: make(chan Page, 1),
	}
	a.Link, a.behind = authorize(a.linkState), authorize(a.state)
	a.fetched, a.fetch = context.WithCancel(context.Background())
	l.mux.HandleFunc("/start/"+key, a.start)
	l.mux.HandleFunc(a.last, a.showEnd)
	l.current.Store(a)
	return a
}

// Close ends the listener, once a browser that came back has the final page.
func (l *Listener) Close() {
	if a := l.current.Load(); a != nil && a.isBack {
		select {
		case <-a.fetched.Done():
		case <-time.After(5 * time.Second):
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if l.server.Shutdown(ctx) != nil {
		_ = l.server.Close()
	}
}

// serve keeps answers out of caches, and their addresses out of the Referer header. It
// refuses anything but GET, and requests under another name: a page elsewhere can make
// its own name point to this machine.
func (l *Listener) serve(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Referrer-Policy", "no-referrer")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	host, port := r.Host, strings.TrimPrefix(l.origin, "http://127.0.0.1")
	if !strings.Contains(host, ":") {
		host += ":80" // browsers leave it out
	}
	switch {
	case r.Method != http.MethodGet:
		http.Error(w, "GET only", http.StatusMethodNotAllowed)
	case host != "127.0.0.1"+port && host != "localhost"+port:
		http.Error(w, "unknown host", http.StatusMisdirectedRequest)
	default:
		l.mux.ServeHTTP(w, r)
	}
}

// callback takes the first callback that may be believed, and sends the browser on
// to an address with nothing in it. A repeated one is a browser that was reloaded.
func (l *Listener) callback(w http.ResponseWriter, r *http.Request) {
	a := l.current.Load()
	if a == nil || !a.take(r) {
		Page{Status: http.StatusBadRequest, Title: "This isn't the answer that was asked for", Lines: []string{
			"Something other than the login that is waiting opened this page, or an older one did.",
			"The login still waits: open the address in the terminal.",
		}}.write(w)
		return
	}
	http.Redirect(w, r, a.last, http.StatusSeeOther)
}

// Page is what the browser shows at the end: plain words, no script, nothing
// from the network.
type Page struct {
	Status int // 200 if it worked
	Title  string
	Lines  []string
}

const (
	pageTop = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<link rel="icon" href="data:,">
<title>%[1]s</title>
<style>
body { font: 1.1rem/1.5 system-ui, sans-serif; max-width: 34rem; margin: 12vh auto; padding: 0 1.25rem; background: #fff; color: #1c1c1c }
h1 { font-size: 1.5rem; line-height: 1.25; border-left: .3rem solid #1a7f37; padding-left: .8rem }
.failed h1 { border-color: #c4320a }
@media (prefers-color-scheme: dark) { body { background: #161616; color: #ececec } }
</style>
<body class="%[2]s"><h1>%[1]s</h1>
`
	// policy allows the page's own style and nothing else.
	policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

func (p Page) write(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", policy)
	w.WriteHeader(p.Status)
	class := map[bool]string{true: "worked", false: "failed"}
	_, _ = fmt.Fprintf(w, pageTop, html.EscapeString(p.Title), class[p.Status == http.StatusOK])
	for _, line := range p.Lines {
		_, _ = fmt.Fprintf(w, "<p>%s</p>\n", html.EscapeString(line))
	}
}
