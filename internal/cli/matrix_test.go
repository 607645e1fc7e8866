package cli_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"strava-token/internal/check"
	"strava-token/internal/recovery"
	"strava-token/internal/sandbox"
	"strava-token/internal/secret"
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

// branchCalls are the calls of a run that keeps its refresh token on a branch, which
// is there already or is made by that run.
var branchCalls = map[bool][]string{
	true:  {"branch", "rules", "content", "blob", "token", "athlete", "put-content"},
	false: {"branch", "rules", "content", "blob", "token", "athlete", "tree", "commit", "ref"},
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

// cell is one crossing of a matrix.
type cell struct {
	call, host string
	name       string
	fault      sandbox.Fault
	rotates    bool
	targets    int  // secrets; 0 is a branch
	exists     bool // the branch does
	times      int  // how many calls fail; 0 is all
}

func (c cell) String() string {
	if c.targets == 0 {
		return fmt.Sprintf("%s/%s/exists=%t/times=%d", c.call, c.name, c.exists, c.times)
	}
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

// harmless is what a call of the check may answer besides: it says nothing, which is
// no failure. Some networks let no DELETE through.
var harmless = map[string][]string{
	"public-key": {"type"},
	"secret":     {"type"},
	"try-write":  {"type", "html", "page", "409", "422"},
	"try-delete": {"type", "html", "page", "409", "422", "404", "stall", "cut-before", "cut-after", "truncate"},
}

// want is the row that a cell must end in, and how many token requests reach
// Strava.
func (c cell) want() (row, int) {
	once := c.times == 1 && slices.Contains(passing, c.name)
	onceWait := c.times == 1 && c.name == "429-wait"
	switch c.call {
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
	case "token":
		return c.wantOfToken(once)
	}
	if once || onceWait || slices.Contains(harmless[c.call], c.name) {
		return rowWell, 1
	}
	return rowNothing, 0
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
	var cells []cell
	for _, call := range matrixCalls {
		for _, f := range matrixFaults {
			for _, rotates := range []bool{false, true} {
				for _, targets := range []int{1, 3} {
					for _, times := range []int{0, 1} {
						if f.name == "certificate" && times == 1 {
							continue // a certificate does not mend itself
						}
						cells = append(cells, cell{call.name, call.host, f.name, f.fault, rotates, targets, false, times})
					}
				}
			}
		}
	}
	runMatrix(t, cells)
}

// TestBranchFaultMatrix does so with a branch: the exit status tells which.
func TestBranchFaultMatrix(t *testing.T) {
	t.Parallel()
	var cells []cell
	for _, exists := range []bool{true, false} {
		for _, call := range branchCalls[exists] {
			for _, f := range matrixFaults {
				for _, times := range []int{0, 1, 2} {
					if f.fault.Kind != "" { // connections are the other matrix's
						cells = append(cells, cell{call, "", f.name, f.fault, true, 0, exists, times})
					}
				}
			}
		}
	}
	runMatrix(t, cells)
}

// runMatrix runs cells: with -whole all of them, else every seventh. No dimension but
// the first can be divided by seven, so these have every call and every fault in each of
// their ways, and nearly half of the pairs of a call and a fault.
func runMatrix(t *testing.T, cells []cell) {
	t.Helper()
	count := map[string]int{} // where the living refresh token was
	var mu sync.Mutex
	t.Run("cells", func(t *testing.T) {
		for i, c := range cells {
			if !*whole && i%7 != 6 {
				continue
			}
			rotation := sandbox.RotateNever
			if c.rotates {
				rotation = sandbox.RotateAlways
			}
			runInStep(t, c.String(), sandbox.Knobs{Rotation: rotation}, func(_ *testing.T, s *step) {
				where := c.run(s)
				mu.Lock()
				defer mu.Unlock()
				count[where]++
			})
		}
	})
	t.Logf("%d cells, by where the living refresh token was: %v", len(cells), count)
	check.Contains(t, readDoc(t, "docs/when-it-fails.md"), fmt.Sprintf("`%s`, %d ", t.Name(), len(cells)))
}

// run runs a cell, checks it, and returns where the living refresh token is.
func (c cell) run(s *step) string {
	targets := []string{secretName}
	switch {
	case c.targets == 0:
		targets = []string{"branch:" + branchName}
		if c.exists {
			afterADay(s)
		}
		onBranch(s)
	case c.targets == 3:
		threeTargets(s)
		targets = append(targets, "STRAVA@my env/prod", "org:octo/STRAVA")
	}
	if c.name == "certificate" {
		s.secure(c.host, "http/1.1")
	} else if c.targets > 0 {
		inputs("strava-url", "http://"+oauthHost, "strava-api-url", "http://"+apiHost+"/api/v3")(s)
		s.runner.Set("GITHUB_API_URL", "http://"+githubHost)
	}
	first := s.server.LiveRefreshToken()
	time.Sleep(time.Minute) // a write has another date than what was there
	c.arm(s)
	status := s.run()
	check.Equal(s.t, strings.Count("\n"+s.runner.Printed(), "\n::error::"), min(status, 1), "errors\n%s", s.runner.Printed())
	where := s.whereIsTheToken(first, targets)
	if c.targets == 0 {
		s.assertStatusTells(status, where)
	} else {
		c.assertRow(s, status)
	}
	return where
}

func (c cell) assertRow(s *step, status int) {
	s.t.Helper()
	want, requests := c.want()
	got := row{status, s.runner.Output("access-token") != "", s.runner.Output("rotated") != ""}
	check.Equal(s.t, got, want, "row\n%s\n%s", s.runner.Log(), s.server.Journal())
	check.Equal(s.t, s.server.Count("strava", "POST", "/oauth/token"), requests, "token requests\n%s", s.server.Journal())
	named := c.name != "certificate" || want != rowNothing || strings.Contains(s.runner.Log(), "-bad-certificate\n")
	check.That(s.t, named, "the certificate is not named:\n%s", s.runner.Log())
	for _, address := range s.pipe.Dialled() {
		known := slices.Contains([]string{oauthHost, apiHost, githubHost, "oauth.test:443", "api.test:443", "github.test:443"}, address)
		check.That(s.t, known, "a connection to %s", address)
	}
}

// arm makes the cell's call fail.
func (c cell) arm(s *step) {
	times := c.times
	if times == 0 {
		times = -1
	}
	var fail func()
	switch c.name {
	case "certificate":
		fail = func() {
			s.spoiled.Store(true)
			s.pipe.Refuse(secureHosts[c.host]+":443", 0) // closes the connections of the preflight
		}
	case "refused":
		fail = func() { s.pipe.Refuse(c.host, times) }
	default:
		f := c.fault
		f.Call, f.Times = c.call, c.times
		if c.call == "put" {
			f.Path = "/repos/" // of three targets one fails
		}
		s.server.Fail(f)
		return
	}
	if c.call != "put" {
		fail()
		return
	}
	// The connections of the preflight would be used again.
	s.server.Notify(func(call string) {
		if call == "token" {
			fail()
		}
	})
}

// assertStatusTells: the exit status of a run with a branch says where the living
// refresh token is.
func (s *step) assertStatusTells(status int, where string) {
	s.t.Helper()
	access := s.runner.Output("access-token") != ""
	tokens, unread := s.sealed()
	for wrong, is := range map[string]bool{
		"it ended well, and the token is not where it belongs":    status == 0 && (!access || where != "in every target"),
		"neither the token was kept, nor it or the answer sealed": status == 3 && !slices.Contains(tokens, s.server.LiveRefreshToken()) && !unread,
		"the token is sealed, and the status does not say so":     status == 1 && where == "sealed",
		"it failed, and handed the access token on":               status == 1 && access,
		"the input was not wrong":                                 status == 2,
	} {
		check.That(s.t, !is, "%s (status %d)\n%s\n%s", wrong, status, s.runner.Log(), s.server.Journal())
	}
}

// whereIsTheToken says where the living refresh token is, and fails if it is
// lost.
func (s *step) whereIsTheToken(first string, targets []string) string {
	s.t.Helper()
	living := s.server.LiveRefreshToken()
	sealed, _ := s.sealed()
	holding := 0
	for _, target := range targets {
		branch, isBranch := strings.CutPrefix(target, "branch:")
		if isBranch && s.server.Held(branch) == living || !isBranch && s.server.Secret(target) == living {
			holding++
		}
	}
	switch {
	case holding == len(targets):
		return "in every target"
	case slices.Contains(sealed, living):
		return "sealed"
	case holding > 0:
		s.t.Errorf("the living refresh token is in %d of %d targets, and was not sealed", holding, len(targets))
	case living == first:
		return "never issued"
	case !s.server.Delivered(living):
		return "never arrived"
	}
	s.t.Errorf("the living refresh token is lost\n%s\n%s", s.runner.Log(), s.server.Journal())
	return "lost"
}

// sealed opens the recovery texts in the log: the refresh tokens in them, as recover
// finds them, and whether one is an answer that could not be read.
func (s *step) sealed() (tokens []string, unread bool) {
	s.t.Helper()
	for _, text := range check.Must(recovery.Find(strings.NewReader(s.runner.Log())))(s.t) {
		c, _ := recovery.Open(text, secret.New(s.server.App().Secret))
		unread = unread || len(c.Unread) > 0
		for _, token := range c.Tokens() {
			tokens = append(tokens, token.Reveal())
		}
	}
	return tokens, unread
}
