package cli_test

import (
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"strava-token/internal/check"
	"strava-token/internal/sandbox"
)

// The hosts of the matrix, one for each service, so that a fault of a
// connection hits one of them alone.
const (
	oauthHost  = "127.0.0.1:80"
	apiHost    = "127.0.0.2:80"
	githubHost = "127.0.0.3:80"
)

// matrixCalls are the calls of a run, and the host of each.
var matrixCalls = []struct{ name, host string }{
	{"public-key", githubHost}, {"secret", githubHost}, {"try-write", githubHost}, {"try-delete", githubHost},
	{"token", oauthHost}, {"athlete", apiHost}, {"put", githubHost},
}

// matrixFaults are the ways in which each of them fails. The faults without a
// kind are those of the connection.
var matrixFaults = []struct {
	name  string
	fault sandbox.Fault
}{
	{"refused", sandbox.Fault{}},
	{"certificate", sandbox.Fault{}},
	{"stall", sandbox.Fault{Kind: sandbox.FaultStall}},
	{"cut-before", sandbox.Fault{Kind: sandbox.FaultCutBefore}},
	{"cut-after", sandbox.Fault{Kind: sandbox.FaultCutAfter}},
	{"truncate", sandbox.Fault{Kind: sandbox.FaultTruncate}},
	{"html", sandbox.Fault{Kind: sandbox.FaultBody, Body: "<html>"}},
	{"page", sandbox.Fault{Kind: sandbox.FaultStatus, Status: 200, Body: "<html>"}}, // and nothing was done
	{"type", sandbox.Fault{Kind: sandbox.FaultHeader, Header: map[string]string{"Content-Type": "text/plain"}}},
	{"401", status(401)}, {"403", status(403)}, {"404", status(404)}, {"409", status(409)}, {"422", status(422)},
	{"429", status(429)},
	{"429-wait", sandbox.Fault{Kind: sandbox.FaultStatus, Status: 429, Header: map[string]string{"Retry-After": "1"}}},
	{"500", status(500)}, {"503", status(503)}, {"597", status(597)},
	{"redirect", sandbox.Fault{Kind: sandbox.FaultStatus, Status: 307, Header: map[string]string{"Location": "https://elsewhere.example/"}}},
}

func status(code int) sandbox.Fault {
	return sandbox.Fault{Kind: sandbox.FaultStatus, Status: code, Body: `{"message":"no"}`}
}

// among counts a matrix's cells, and tells which of them to run: with -whole all
// of them, else every seventh. No dimension but the first can be divided by seven, so these have
// every call and every fault in each of their ways, and nearly half of the pairs of
// a call and a fault.
type among struct{ cells int }

func (a *among) chosen() bool {
	a.cells++
	return *whole || a.cells%7 == 0
}

// cell is one crossing of the matrix.
type cell struct {
	call, host string
	name       string
	fault      sandbox.Fault
	rotates    bool
	targets    int
	times      int // how many calls fail; 0 is all
}

func (c cell) String() string {
	return fmt.Sprintf("%s/%s/rotates=%t/targets=%d/times=%d", c.call, c.name, c.rotates, c.targets, c.times)
}

// row is a row of the table How a run ends.
type row struct {
	status int
	access bool // the access token is handed on
	others bool // the other outputs are
}

var (
	rowWell     = row{0, true, true}   // in every target, perhaps with a warning
	rowNoAccess = row{1, false, true}  // the API refuses the token
	rowNotKept  = row{3, true, true}   // some target failed
	rowNothing  = row{1, false, false} // preflight failed, Strava refused, or its answer never came
	rowUnread   = row{3, false, false} // its answer can't be read, and was sealed
)

// passing faults are over once they were met, if the call may be repeated.
var passing = []string{"refused", "stall", "cut-before", "cut-after", "truncate", "500", "503", "597"}

// want is the row that a cell must end in, and how many token requests reach
// Strava.
func (c cell) want() (row, int) {
	once := c.times == 1 && slices.Contains(passing, c.name)
	onceWait := c.times == 1 && c.name == "429-wait"
	switch c.call {
	case "public-key", "secret":
		if once || onceWait || c.name == "type" {
			return rowWell, 1
		}
		return rowNothing, 0
	case "try-write", "try-delete":
		refusals := []string{"401", "403", "404", "429", "429-wait", "500", "503", "597", "redirect", "certificate", "refused", "stall", "cut-before", "cut-after", "truncate"}
		if c.call == "try-delete" { // some networks let none through
			refusals = slices.DeleteFunc(refusals, func(name string) bool {
				return slices.Contains([]string{"404", "stall", "cut-before", "cut-after", "truncate"}, name)
			})
		}
		if slices.Contains(refusals, c.name) && !once && !onceWait {
			return rowNothing, 0
		}
		return rowWell, 1 // it says nothing, which is no failure
	case "athlete":
		if c.name == "401" || c.name == "403" {
			return rowNoAccess, 1
		}
		return rowWell, 1
	case "put":
		switch {
		case !c.rotates, slices.Contains([]string{"type", "truncate"}, c.name):
			return rowWell, 1 // never called, or only the answer is odd
		case c.name == "cut-after", c.name == "html":
			return rowNotKept, 1 // it arrived, but cannot be told from another's write
		case once, slices.Contains([]string{"409", "page", "429-wait"}, c.name) && c.times == 1:
			return rowWell, 1
		}
		return rowNotKept, 1
	}
	return c.wantOfToken(once)
}

func (c cell) wantOfToken(once bool) (row, int) {
	switch {
	case c.name == "type":
		return rowWell, 1
	case c.name == "refused" && once:
		return rowWell, 1 // the first one never got there
	case c.name == "refused", c.name == "certificate":
		return rowNothing, 0
	case c.name == "html", c.name == "page":
		return rowUnread, 1
	case c.name == "cut-after" && c.rotates && once:
		return rowNothing, 2 // the second request shows that the old token is dead
	case c.name == "truncate" && c.rotates:
		return rowUnread, 2 // likewise; half a refusal is one all the same
	case c.name == "truncate" && !once:
		return rowUnread, 3
	case once:
		return rowWell, 2
	case c.name == "stall":
		return rowNothing, 2 // the store's time is not used up
	case slices.Contains(passing, c.name):
		return rowNothing, 3
	}
	return rowNothing, 1
}

// TestFaultMatrix crosses every call of a run with every fault. What must hold
// in each cell is asked of the sandbox itself: the living refresh token is in a
// target, or in the recovery text, or was never issued, or its answer never
// arrived.
func TestFaultMatrix(t *testing.T) {
	t.Parallel()
	var all among
	var cells, sealed, neverArrived atomic.Int64
	t.Run("cells", func(t *testing.T) {
		for _, call := range matrixCalls {
			for _, f := range matrixFaults {
				for _, rotates := range []bool{false, true} {
					for _, targets := range []int{1, 3} {
						for _, times := range []int{0, 1} {
							if f.name == "certificate" && times == 1 {
								continue // a certificate does not mend itself
							}
							if !all.chosen() {
								continue
							}
							c := cell{call.name, call.host, f.name, f.fault, rotates, targets, times}
							t.Run(c.String(), func(t *testing.T) {
								t.Parallel()
								synctest.Test(t, func(t *testing.T) {
									where := c.run(t)
									cells.Add(1)
									if where == "sealed" {
										sealed.Add(1)
									}
									if where == "never arrived" {
										neverArrived.Add(1)
									}
								})
							})
						}
					}
				}
			}
		}
	})
	t.Logf("%d cells: in %d the living refresh token was in the recovery text, in %d its answer never arrived, and in the others it was in every target",
		cells.Load(), sealed.Load(), neverArrived.Load())
	if want := fmt.Sprintf("`TestFaultMatrix`, %d cells", all.cells); !strings.Contains(readDoc(t, "docs/when-it-fails.md"), want) {
		t.Errorf("docs/when-it-fails.md does not say %q", want)
	}
}

// run runs a cell, checks it, and returns where the living refresh token is.
func (c cell) run(t *testing.T) string {
	knobs := sandbox.Knobs{Rotation: sandbox.RotateNever}
	if c.rotates {
		knobs.Rotation = sandbox.RotateAlways
	}
	s := newStep(t, knobs)
	if c.name == "certificate" {
		s.secure(c)
	} else {
		s.runner.Input("strava-url", "http://"+oauthHost)
		s.runner.Input("strava-api-url", "http://"+apiHost+"/api/v3")
		s.runner.Set("GITHUB_API_URL", "http://"+githubHost)
	}
	targets := []string{secretName}
	if c.targets == 3 {
		threeTargets(s)
		targets = append(targets, "STRAVA@my env/prod", "org:octo/STRAVA")
	}
	first := s.server.LiveRefreshToken()
	time.Sleep(time.Minute) // a write has another date than what was there
	c.arm(s)

	status := s.run()

	want, requests := c.want()
	got := row{status, s.runner.Output("access-token") != "", s.runner.Output("rotated") != ""}
	if got != want {
		t.Errorf("row: got %+v, want %+v\n%s\n%s", got, want, s.runner.Log(), s.server.Journal())
	}
	check.Equal(t, s.server.Count("strava", "POST", "/oauth/token"), requests, "token requests\n%s", s.server.Journal())
	errors := 0
	if want.status != 0 {
		errors = 1
	}
	check.Equal(t, strings.Count("\n"+s.runner.Printed(), "\n::error::"), errors, "errors")
	if c.name == "certificate" && want == rowNothing && !strings.Contains(s.runner.Log(), "-bad-certificate\n") {
		t.Errorf("the certificate is not named:\n%s", s.runner.Log())
	}
	s.assertNothingLeaks()
	for _, address := range s.pipe.Dialled() {
		if !slices.Contains([]string{oauthHost, apiHost, githubHost, "oauth.test:443", "api.test:443", "github.test:443"}, address) {
			t.Errorf("a connection to %s", address)
		}
	}
	return s.whereIsTheToken(first, targets)
}

// arm makes the cell's call fail.
func (c cell) arm(s *step) {
	times := c.times
	if times == 0 {
		times = -1
	}
	switch {
	case c.name == "certificate":
		s.spoilCertificate(c)
	case c.name == "refused" && c.call == "put":
		// The connections of the preflight would be used again.
		s.server.Notify(func(call string) {
			if call == "token" {
				s.pipe.Refuse(c.host, times)
			}
		})
	case c.name == "refused":
		s.pipe.Refuse(c.host, times)
	default:
		f := c.fault
		f.Call, f.Times = c.call, c.times
		if c.call == "put" {
			f.Path = "/repos/" // of three targets one fails
		}
		s.server.Fail(f)
	}
}

// whereIsTheToken says where the living refresh token is, and fails if it is
// lost.
func (s *step) whereIsTheToken(first string, targets []string) string {
	s.t.Helper()
	living := s.server.LiveRefreshToken()
	holding := 0
	for _, target := range targets {
		if s.server.Secret(target) == living {
			holding++
		}
	}
	if holding == len(targets) {
		return "in every target"
	}
	if s.inTheLog(living) {
		return "sealed"
	}
	if holding > 0 {
		s.t.Errorf("the living refresh token is in %d of %d targets, and was not sealed", holding, len(targets))
	}
	if living == first {
		return "never issued"
	}
	if !s.server.Delivered(living) {
		return "never arrived"
	}
	s.t.Errorf("the living refresh token is lost\n%s\n%s", s.runner.Log(), s.server.Journal())
	return "lost"
}
