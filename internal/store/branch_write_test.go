package store_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"strava-token/internal/check"
	"strava-token/internal/sandbox"
)

func TestOverwrittenAfterALostAnswerIsOvertaken(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const theirs = "0000000000000000000000000000000000000003"
		g := newGitHub(t)
		g.keep(g.branch(branchSpec), oldToken)
		b := g.checked(branchSpec)
		g.server.Fail(sandbox.Fault{Call: "put-content", Kind: sandbox.FaultCutAfter, Times: 1})
		time.AfterFunc(50*time.Millisecond, func() {
			other := g.branch(branchSpec)
			if _, err := other.Check(context.WithoutCancel(t.Context())); err != nil {
				t.Errorf("Check: %v", err)
			}
			check.Equal(t, other.Store(context.WithoutCancel(t.Context()), record(theirs)), nil, "Store")
		})
		assertID(t, "Store", b.Store(t.Context(), record(newToken)), "target-overtaken")
		assertHolds(t, b.Held(), theirs)
		g.assertBranch(branchName, branchFile, 3, theirs)
	})
}

// stage is how a branch stands before a write.
type stage struct {
	name    string
	commits int
	calls   []string // that a write makes
	set     func(*github)
}

// neighbour is another athlete's file.
const neighbour = branchSpec + "#neighbour"

func stages() []stage {
	return []stage{
		{"no branch", 0, []string{"tree", "commit", "ref"}, func(*github) {}},
		{"no file", 1, []string{"put-content"}, func(g *github) { g.keep(g.branch(neighbour), oldToken) }},
		{"a file", 1, []string{"put-content"}, func(g *github) { g.keep(g.branch(branchSpec), oldToken) }},
	}
}

// TestWritesOutliveFaults holds that a write of which one call fails arrives
// all the same, once.
func TestWritesOutliveFaults(t *testing.T) {
	t.Parallel()
	faults := []sandbox.Fault{
		{Kind: sandbox.FaultStatus, Status: 500, Times: 1},
		{Kind: sandbox.FaultStatus, Status: 429, Header: map[string]string{"Retry-After": "2"}, Times: 1},
		{Kind: sandbox.FaultStatus, Status: 409, Body: `{"message":"is at X but expected Y"}`, Times: 3},
		{Kind: sandbox.FaultStall, Times: 1},
		{Kind: sandbox.FaultCutAfter, Times: 1},
		{Kind: sandbox.FaultTruncate, Times: 1},
		{Kind: sandbox.FaultBody, Body: `{}`, Times: 1},
	}
	for _, s := range stages() {
		for _, call := range s.calls {
			for _, fault := range faults {
				fault.Call = call
				runOnGitHub(t, fmt.Sprintf("%s, %s %s %d %.2s", s.name, call, fault.Kind, fault.Status, fault.Body), func(t *testing.T, g *github) {
					s.set(g)
					b := g.checked(branchSpec)
					g.server.Fail(fault)
					check.Equal(t, b.Store(t.Context(), record(newToken)), nil, "Store")
					assertHolds(t, b.Held(), newToken)
					g.assertBranch(branchName, branchFile, s.commits+1, newToken)
					// What it knows of the branch is right.
					check.Equal(t, b.Store(t.Context(), record(numbered(9))), nil, "Store again")
					g.assertCommits(branchName, s.commits+2)
				})
			}
		}
	}
}

// TestWritesThatFail holds what a write does when it keeps failing: it changes
// nothing, and says why.
func TestWritesThatFail(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		fault sandbox.Fault
		want  string
		calls int
	}{
		{"500", sandbox.Fault{Kind: sandbox.FaultStatus, Status: 500}, "target-outage", 4},
		{"stall", sandbox.Fault{Kind: sandbox.FaultStall}, "target-unreachable", 4},
		{"page", sandbox.Fault{Kind: sandbox.FaultStatus, Status: 200, Body: "<html>"}, "target-unrecognized", 4},
		{"409 while nobody writes", sandbox.Fault{Kind: sandbox.FaultStatus, Status: 409}, "target-blocked", 11},
		{"401", sandbox.Fault{Kind: sandbox.FaultStatus, Status: 401}, "target-bad-credentials", 1},
		{"403", sandbox.Fault{Kind: sandbox.FaultStatus, Status: 403, Body: `{"message":"Resource not accessible by integration"}`}, "target-integration-forbidden", 1},
		{"429 without a time", sandbox.Fault{Kind: sandbox.FaultStatus, Status: 429}, "target-rate-limited", 1},
		{"429 for long", sandbox.Fault{Kind: sandbox.FaultStatus, Status: 429, Header: map[string]string{"Retry-After": "600"}}, "target-rate-limited", 1},
		{"redirect", sandbox.Fault{Kind: sandbox.FaultStatus, Status: 307, Header: map[string]string{"Location": "https://elsewhere.example/"}}, "target-moved", 1},
	} {
		for _, s := range []stage{stages()[0], stages()[1]} {
			runOnGitHub(t, tt.name+" with "+s.name, func(t *testing.T, g *github) {
				s.set(g)
				b := g.checked(branchSpec)
				kept := g.server.File(branchName, branchFile)
				verb, path := "POST", "/repos/"+sandbox.Repository+"/git/trees"
				if s.calls[0] == "put-content" {
					verb, path = "PUT", "/repos/"+sandbox.Repository+"/contents/"
				}
				before := g.server.Count("github", verb, path)
				fault := tt.fault
				fault.Call = s.calls[0]
				g.server.Fail(fault)
				assertID(t, "Store", b.Store(t.Context(), record(newToken)), tt.want)
				check.Equal(t, g.server.Count("github", verb, path)-before, tt.calls, "writes")
				g.assertCommits(branchName, s.commits)
				check.Equal(t, g.server.File(branchName, branchFile), kept, "the file changed")
			})
		}
	}
}

// TestABranchThatOthersChange all the time is a conflict, and no rule.
func TestABranchThatOthersChange(t *testing.T) {
	onGitHub(t, func(t *testing.T, g *github) {
		g.keep(g.branch(branchSpec), oldToken)
		b := g.checked(branchSpec)
		g.server.Fail(sandbox.Fault{Call: "put-content", Kind: sandbox.FaultStatus, Status: 409})
		changes := 0
		g.server.Notify(func(call string) {
			if call == "put-content" {
				changes++
				g.server.SetFile(branchName, "another-athlete.txt", numbered(changes))
			}
		})
		assertID(t, "Store", b.Store(t.Context(), record(newToken)), "target-conflict")
	})
}

func TestCancelledWriteStops(t *testing.T) {
	onGitHub(t, func(t *testing.T, g *github) {
		g.keep(g.branch(branchSpec), oldToken)
		b := g.checked(branchSpec)
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		g.server.Fail(sandbox.Fault{Call: "put-content", Kind: sandbox.FaultStall})
		assertID(t, "Store", b.Store(ctx, record(newToken)), "target-unreachable")
		g.assertBranch(branchName, branchFile, 1, oldToken)
	})
}

func TestBranchChangedMeanwhile(t *testing.T) {
	t.Parallel()
	const theirs = "0000000000000000000000000000000000000003"
	keepTheirs := func(g *github) { g.keep(g.branch(branchSpec), theirs) }
	for _, tt := range []struct {
		name            string
		before, between func(*github)
		want            string
		held            string
		commits         int    // after the write
		left            string // in the file, after the write
	}{
		{"created with the file", nil, keepTheirs, "target-overtaken", theirs, 1, theirs},
		{"created with another athlete's file", nil, func(g *github) { g.keep(g.branch(neighbour), theirs) }, "", newToken, 2, newToken},
		{"file created", func(g *github) { g.keep(g.branch(neighbour), oldToken) }, keepTheirs, "target-overtaken", theirs, 2, theirs},
		{"file replaced", func(g *github) { g.keep(g.branch(branchSpec), oldToken) }, keepTheirs, "target-overtaken", theirs, 2, theirs},
		{"deleted with the file", func(g *github) { g.keep(g.branch(branchSpec), oldToken) },
			func(g *github) { g.server.DeleteBranch(branchName) }, "target-overtaken", "", 0, ""},
		{"deleted with another athlete's file", func(g *github) { g.keep(g.branch(neighbour), oldToken) },
			func(g *github) { g.server.DeleteBranch(branchName) }, "", newToken, 1, newToken},
		{"deleted and created again", func(g *github) { g.keep(g.branch(branchSpec), oldToken) },
			func(g *github) { g.server.DeleteBranch(branchName); keepTheirs(g) }, "target-overtaken", theirs, 1, theirs},
	} {
		runOnGitHub(t, tt.name, func(t *testing.T, g *github) {
			if tt.before != nil {
				tt.before(g)
			}
			b := g.checked(branchSpec)
			tt.between(g)
			assertID(t, "Store", b.Store(t.Context(), record(newToken)), tt.want)
			assertHolds(t, b.Held(), tt.held)
			g.assertBranch(branchName, branchFile, tt.commits, tt.left)
			// A second write onto what it saw now goes through.
			check.Equal(t, b.Store(t.Context(), record(numbered(9))), nil, "Store again")
			g.assertBranch(branchName, branchFile, tt.commits+1, numbered(9))
		})
	}
}
