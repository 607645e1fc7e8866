// Package sandbox is Strava and GitHub in memory, on one loopback address. They
// answer as the real services do, to the status, the body and the order of its
// keys, refuse what those refuse, and fail on demand.
//
// It is the test double of this project, its demo, and a command that other
// projects can test against. It shares no code with the clients it serves, so
// that both can't share a mistake.
package sandbox

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// Server is the sandbox. Its zero value is not usable; New returns one.
type Server struct {
	mu      sync.Mutex
	knobs   Knobs
	ahead   time.Duration // how far its clock is ahead
	faults  []*Fault
	calls   map[string]bool // every name that a call has
	strava  stravaState
	github  githubState
	journal journal
	busy    atomic.Int64 // calls under way
	mux     *http.ServeMux
}

// New returns a sandbox with one app, one athlete who authorized it, one repository,
// octo/running, and one personal access token that may write its secrets.
func New(knobs Knobs) *Server {
	if knobs.Scopes == nil {
		knobs.Scopes = []string{"read", "activity:read_all"}
	}
	s := &Server{knobs: knobs, mux: http.NewServeMux(), calls: map[string]bool{"try-write": true}}
	s.journal = journal{names: map[string]string{}, issued: map[string]int{}, files: func() []entry { return nil }}
	s.addStrava()
	s.addGitHub()
	s.addControl()
	s.mux.HandleFunc("/", s.unknownRoute)
	return s
}

// Environment returns what points a program at the sandbox at base: the variables
// and their values, in the order in which they are printed.
func (s *Server) Environment(base string) [][2]string {
	return [][2]string{
		{"STRAVA_URL", base},
		{"STRAVA_API_URL", base + "/api/v3"},
		{"STRAVA_CLIENT_ID", s.App().ID},
		{"STRAVA_CLIENT_SECRET", s.App().Secret},
		{"STRAVA_REFRESH_TOKEN", s.LiveRefreshToken()},
		{"GITHUB_API_URL", base},
		{"GITHUB_REPOSITORY", Repository},
		{"GH_TOKEN", s.GitHubToken()},
	}
}

func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

// edit and read have the lock, under which every call is answered and recorded as well.
func (s *Server) edit(change func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change()
}

func read[T any](s *Server, look func() T) T {
	s.mu.Lock()
	defer s.mu.Unlock()
	return look()
}

// now returns the sandbox's time, in whole seconds as the services tell it.
func (s *Server) now() time.Time { return time.Now().Add(s.ahead).Truncate(time.Second) }

// Advance moves the sandbox's clock, and Set changes its knobs.
func (s *Server) Advance(d time.Duration) { s.edit(func() { s.ahead += d }) }
func (s *Server) Set(change func(*Knobs)) { s.edit(func() { change(&s.knobs) }) }

// Notify calls f at the beginning of every call, and the call waits for it. Calls have
// the names that Fault uses.
func (s *Server) Notify(f func(call string)) { s.edit(func() { s.knobs.notify = f }) }

// Idle reports whether no call is under way.
func (s *Server) Idle() bool { return s.busy.Load() == 0 }

// unknownRoute answers a call that no service has, and records it: a client that
// makes one has a bug that a test must see.
func (s *Server) unknownRoute(w http.ResponseWriter, r *http.Request) {
	s.edit(func() { s.journal.unexpected = append(s.journal.unexpected, r.Method+" "+r.URL.Path) })
	a := answer{status: http.StatusNotFound, body: "the sandbox has no " + r.Method + " " + r.URL.Path + "\n"}
	if strings.HasPrefix(r.URL.Path, "/api/v3/") {
		a = noPath()
	}
	a.send(w, r)
}

// newToken returns 40 hexadecimal digits, as Strava's tokens have today.
func (s *Server) newToken() string {
	b := make([]byte, 20)
	_, _ = rand.Read(b) // never fails
	return fmt.Sprintf("%x%s", b, s.knobs.Suffix)
}

// Listen opens the sandbox's port, only on loopback. Port 0 is any free one.
func Listen(ctx context.Context, address string) (net.Listener, error) {
	a, err := netip.ParseAddrPort(address)
	if err != nil || !a.Addr().IsLoopback() {
		return nil, errors.New("the sandbox listens on loopback only: " + address)
	}
	return new(net.ListenConfig).Listen(ctx, "tcp", address)
}

// Serve answers on l until ctx ends.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	server := &http.Server{Handler: s, ReadHeaderTimeout: 10 * time.Second}
	defer context.AfterFunc(ctx, func() { _ = server.Close() })()
	if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve: %w", err)
	}
	return nil
}

// Pipe is a network inside this process: whatever address is dialled, the other end
// arrives at Accept. It's a net.Listener, touches no port, and works under a test's
// fake clock.
type Pipe struct {
	conns  chan net.Conn
	closed chan struct{}
}

func NewPipe() *Pipe { return &Pipe{make(chan net.Conn), make(chan struct{})} }

func (p *Pipe) Dial(ctx context.Context, _, _ string) (net.Conn, error) {
	client, server := net.Pipe()
	select {
	case p.conns <- server:
		return client, nil
	case <-p.closed:
		return nil, &net.OpError{Op: "dial", Net: "pipe", Err: syscall.ECONNREFUSED}
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (p *Pipe) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

// Close ends Accept, and refuses further connections.
func (p *Pipe) Close() error {
	close(p.closed)
	return nil
}

// Addr returns a loopback address that nobody listens on.
func (p *Pipe) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1} }
