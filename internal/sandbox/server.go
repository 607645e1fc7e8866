// Package sandbox is Strava and GitHub in memory, on one loopback address: they
// answer as the real services do, to the status, the body and the order of its
// keys, refuse what those refuse, and fail on demand.
//
// It is the test double of this project, its demo, and a command that other
// projects can test against. It shares no code with the clients it serves, so
// that both cannot share a mistake.
package sandbox

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"net/http"
	"sync"
	"time"
)

// Rotation says when Strava replaces the refresh token.
type Rotation string

// The rotations.
const (
	RotateNever    Rotation = "never"
	RotateOnExpiry Rotation = "expiry" // with every new access token
	RotateAlways   Rotation = "always" // with every refresh
)

// Knobs change how the services behave. The zero value of each is the usual
// behaviour.
type Knobs struct {
	Rotation    Rotation      // "": never
	Inactive    bool          // the app's owner has no subscription
	Scopes      []string      // what the athlete grants; nil: read, activity:read_all
	HideScope   bool          // token answers name no scope, as before 2026
	AthleteCap  bool          // nobody else can connect
	EarlyCodes  int           // this many exchanges come too early
	WrongDomain bool          // the callback domain in the settings is another one
	Latency     time.Duration // added to every answer
	Suffix      string        // added to every token, to test awkward characters
}

// App is a registered Strava app.
type App struct{ ID, Secret string }

// Server is the sandbox. Its zero value is not usable; New returns one.
type Server struct {
	mu      sync.Mutex
	knobs   Knobs
	ahead   time.Duration // how far its clock is ahead
	faults  []*Fault
	strava  stravaState
	github  githubState
	git     gitState
	issues  issueState
	journal journal
	notify  func(call string)
	busy    int // calls under way
	mux     *http.ServeMux
}

// New returns a sandbox with one app, one athlete who authorized it, one
// repository, octo/running, and one personal access token that may write its
// secrets.
func New(knobs Knobs) *Server {
	s := &Server{knobs: knobs, mux: http.NewServeMux()}
	s.initStrava()
	s.initGitHub()
	s.initGit()
	s.routeStrava()
	s.routeGitHub()
	s.routeControl()
	s.mux.HandleFunc("/", s.unknownRoute)
	return s
}

// Environment is what points a program at the sandbox, which answers at base: the
// variables and their values, in the order in which they are printed. The
// credentials open nothing but this process.
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

// now is the sandbox's clock, in whole seconds as the services tell time; the
// caller holds the lock.
func (s *Server) now() time.Time { return time.Now().Add(s.ahead).Truncate(time.Second) }

// Advance moves the sandbox's clock.
func (s *Server) Advance(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ahead += d
}

// Set changes the knobs.
func (s *Server) Set(change func(*Knobs)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(&s.knobs)
}

// Notify calls f at the beginning of every call, which waits for it. Calls have
// the names that Fault uses.
func (s *Server) Notify(f func(call string)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.notify = f
}

// Idle reports whether no call is under way.
func (s *Server) Idle() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.busy == 0
}

// unknownRoute answers what no service has, and remembers it: a client that
// calls it has a mistake that a test must see.
func (s *Server) unknownRoute(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.journal.unexpected = append(s.journal.unexpected, r.Method+" "+r.URL.Path)
	s.mu.Unlock()
	http.Error(w, "the sandbox has no "+r.Method+" "+r.URL.Path, http.StatusNotFound)
}

// newToken returns 40 hexadecimal digits, as Strava's tokens have today.
func (s *Server) newToken() string {
	b := make([]byte, 20)
	_, _ = rand.Read(b) // never fails
	return hex.EncodeToString(b) + s.knobs.Suffix
}

// answer is what a service says.
type answer struct {
	status int
	header map[string]string
	body   string
	detail string // what the journal shows of the request
	effect string // what the journal shows of the change
	sealed string // a sealed text that was stored, of which the journal shows the token
}

func jsonAnswer(status int, body string) answer {
	return answer{status: status, body: body, header: map[string]string{"Content-Type": "application/json; charset=utf-8"}}
}

func stravaFault(status int, message, resource, field, code string) answer {
	return jsonAnswer(status, fmt.Sprintf(
		`{"message":%q,"errors":[{"resource":%q,"field":%q,"code":%q}]}`, message, resource, field, code))
}
