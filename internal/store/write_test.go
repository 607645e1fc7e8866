package store_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"strava-token/internal/check"
	"strava-token/internal/sandbox"
	"strava-token/internal/secret"
	"strava-token/internal/store"
)

func TestEverySecretIsCheckedAndWritten(t *testing.T) {
	t.Parallel()
	for _, spec := range []string{"STRAVA", "STRAVA@production", "STRAVA@my env/with slash + 100%?#", "octo/other/STRAVA", "org:octo/STRAVA"} {
		for _, path := range []string{"", "/", "/api/v3", "/api/v3/"} {
			runOnGitHub(t, spec+" under "+path, func(t *testing.T, g *github) {
				g.server.AddRepository("other")
				g.server.AddEnvironment("production")
				g.server.AddEnvironment("my env/with slash + 100%?#")
				selected := []int64{11, 12, 13, 14, 15}
				if !strings.HasPrefix(spec, "org:") {
					selected = nil
				}
				g.server.SetSecret(spec, oldToken, selected...)
				s := g.open(spec, opening{path: path})
				facts := check.Must(s.Check(t.Context()))(t)
				check.That(t, facts.Exists && facts.WriteBelieved && !facts.WriteProven && !facts.UpdatedAt.IsZero(), "facts: %+v", facts)
				check.Equal(t, g.server.Secret(spec), oldToken, "the check changed the secret")
				check.OK(t, s.Store(t.Context(), record(newToken)))
				check.Equal(t, g.server.Secret(spec), newToken, "secret")
				if selected != nil {
					visibility, got := g.server.Selected(spec)
					check.That(t, visibility == "selected", "visibility %s", visibility)
					check.Same(t, got, selected, "repositories")
				}
			})
		}
	}
}

func TestBranchIsCreatedReplacedAndReadBack(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ spec, branch, file, path string }{
		{branchSpec, branchName, branchFile, ""},
		{branchSpec + "#alice", branchName, "refresh-token-alice.txt", ""},
		{"branch:data/strava/tokens", "data/strava/tokens", branchFile, ""},
		{"branch:a+b_1.x/y#B-2", "a+b_1.x/y", "refresh-token-B-2.txt", "/api/v3"},
	} {
		runOnGitHub(t, tt.spec, func(t *testing.T, g *github) {
			for n := range 3 {
				b := g.open(tt.spec, opening{path: tt.path}).(*store.Branch)
				facts := check.Must(b.Check(t.Context()))(t)
				there := n > 0
				want := store.Facts{Exists: there, Held: there, AthleteID: b.Held().AthleteID, UpdatedAt: facts.UpdatedAt, TokenExpires: facts.TokenExpires, WriteProven: true}
				check.That(t, facts == want && facts.UpdatedAt.IsZero() != there, "facts: %+v", facts)
				if !there {
					assertHolds(t, b.Held(), "")
				} else {
					assertHolds(t, b.Held(), numbered(2*n-1))
					check.Equal(t, b.Held().AthleteID, 7, "athlete")
				}
				for m := range 3 {
					check.Equal(t, b.Held().Saw(secret.New(numbered(1000+m))), m < n, "before run %d: saw the input of run %d", n, m)
				}
				g.assertBranch(tt.branch, tt.file, 2*n, b.Held().RefreshToken.Reveal())
				// The same run may write twice: what it got first was overtaken.
				for _, token := range []string{numbered(2 * n), numbered(2*n + 1)} {
					r := store.Record{RefreshToken: secret.New(token), AthleteID: 7, Input: secret.New(numbered(1000 + n))}
					check.OK(t, b.Store(t.Context(), r))
					assertHolds(t, b.Held(), token)
				}
			}
		})
	}
}

func TestReread(t *testing.T) {
	onGitHub(t, func(t *testing.T, g *github) {
		b := g.branch(branchSpec)
		for n := 1; n <= 2; n++ {
			g.keep(branchSpec, numbered(n))
			assertHolds(t, check.Must(b.Reread(t.Context()))(t), numbered(n))
		}
		g.server.SetFile(branchName, branchFile, "something else")
		_, err := b.Reread(t.Context())
		assertID(t, "Reread", err, "target-not-ours")
		g.server.DeleteBranch(branchName)
		assertHolds(t, check.Must(b.Reread(t.Context()))(t), "")
		check.OK(t, b.Store(t.Context(), record(newToken)))
		g.assertBranch(branchName, branchFile, 1, newToken)
	})
}

// stage is what is there before a write, and the calls that it makes.
type stage struct {
	there   string // a target that was written, or empty
	commits int
	calls   []string
}

var stages = []stage{
	{"", 0, []string{"tree", "commit", "ref"}},
	{neighbour, 1, []string{"put-content"}},
	{branchSpec, 1, []string{"put-content"}},
}

func (s stage) set(g *github) target {
	if s.there != "" {
		g.keep(s.there, oldToken)
	}
	return g.checked(branchSpec)
}

// TestWritesOutliveFaults holds that a write of which one call fails arrives
// all the same, once.
func TestWritesOutliveFaults(t *testing.T) {
	t.Parallel()
	for _, s := range stages {
		for _, call := range s.calls {
			for _, fault := range []sandbox.Fault{
				{Kind: sandbox.FaultStatus, Status: 500, Times: 1},
				{Kind: sandbox.FaultStatus, Status: 429, Header: map[string]string{"Retry-After": "2"}, Times: 1},
				{Kind: sandbox.FaultStatus, Status: 409, Body: `{"message":"is at X but expected Y"}`, Times: 3},
				{Kind: sandbox.FaultStall, Times: 1},
				{Kind: sandbox.FaultCutAfter, Times: 1},
				{Kind: sandbox.FaultTruncate, Times: 1},
				{Kind: sandbox.FaultBody, Body: `{}`, Times: 1},
			} {
				fault.Call = call
				runOnGitHub(t, fmt.Sprintf("%s after %q: %s %d", call, s.there, fault.Kind, fault.Status), func(t *testing.T, g *github) {
					b := s.set(g)
					g.server.Fail(fault)
					check.Equal(t, b.Store(t.Context(), record(newToken)), nil, "Store")
					assertHolds(t, b.(*store.Branch).Held(), newToken)
					g.assertBranch(branchName, branchFile, s.commits+1, newToken)
					// What it knows of the branch is right.
					check.Equal(t, b.Store(t.Context(), record(numbered(9))), nil, "Store again")
					g.assertBranch(branchName, branchFile, s.commits+2, numbered(9))
				})
			}
		}
	}
}

// TestWritesThatFail holds how often a failing write is repeated, and what it says if it
// keeps failing. Then nothing was changed.
func TestWritesThatFail(t *testing.T) {
	t.Parallel()
	status := func(status int, header map[string]string) sandbox.Fault {
		return sandbox.Fault{Kind: sandbox.FaultStatus, Status: status, Header: header}
	}
	forbidden := status(403, nil)
	forbidden.Body = `{"message":"Resource not accessible by integration"}`
	times := func(n int, f sandbox.Fault) sandbox.Fault {
		f.Times = n
		return f
	}
	for _, tt := range []struct {
		name           string
		fault          sandbox.Fault
		secret, branch string // the id, or "", and how often it was tried; empty if the other tests have it
	}{
		{"503 once", times(1, status(503, nil)), " 2", ""},
		{"409 twice", times(2, status(409, nil)), " 3", ""},
		{"cut once before", sandbox.Fault{Kind: sandbox.FaultCutBefore, Times: 1}, " 2", ""},
		// It arrived: it can't be told from another run's newer write.
		{"cut once after", sandbox.Fault{Kind: sandbox.FaultCutAfter, Times: 1}, "target-overtaken 1", ""},
		{"500", status(500, nil), "target-outage 4", "target-outage 4"},
		{"stall", sandbox.Fault{Kind: sandbox.FaultStall}, "target-unreachable 4", "target-unreachable 4"},
		{"page", sandbox.Fault{Kind: sandbox.FaultStatus, Status: 200, Body: "<html>"}, "target-unrecognized 4", "target-unrecognized 4"},
		{"409", status(409, nil), "target-conflict 4", "target-blocked 11"}, // while nobody writes
		{"401", status(401, nil), "target-bad-credentials 1", "target-bad-credentials 1"},
		{"403", forbidden, "target-integration-forbidden 1", "target-integration-forbidden 1"},
		{"404", status(404, nil), "target-write-refused 1", ""},
		{"422", status(422, nil), "target-unprocessable 1", ""},
		{"429", status(429, nil), "target-rate-limited 1", "target-rate-limited 1"},
		{"429 for long", status(429, map[string]string{"Retry-After": "600"}), "target-rate-limited 1", "target-rate-limited 1"},
		{"redirect", status(307, map[string]string{"Location": "https://elsewhere.example/"}), "target-moved 1", "target-moved 1"},
	} {
		try := func(spec, call, method, path, want string, set func(*github) target) {
			if want == "" {
				return
			}
			runOnGitHub(t, tt.name+" of "+call, func(t *testing.T, g *github) {
				target := set(g)
				time.Sleep(time.Minute) // so that a write has another date
				kept, before := g.shot(), g.server.Count("github", method, "/repos/"+sandbox.Repository+path)
				fault := tt.fault
				fault.Call = call
				g.server.Fail(fault)
				err := target.Store(t.Context(), record(newToken))
				id, _, _ := strings.Cut(want, " ")
				assertID(t, "Store", err, id)
				tries := g.server.Count("github", method, "/repos/"+sandbox.Repository+path) - before
				check.Equal(t, fmt.Sprint(id, " ", tries), want, "tries")
				arrived := id == "" || tt.fault.Kind == sandbox.FaultCutAfter
				check.Equal(t, g.shot() != kept, arrived, "it was written")
			})
		}
		try("STRAVA", "put", "PUT", "/actions/secrets/STRAVA", tt.secret, func(g *github) target { return g.checked("STRAVA") })
		try(branchSpec, "tree", "POST", "/git/trees", tt.branch, stages[0].set)
		try(branchSpec, "put-content", "PUT", "/contents/", tt.branch, stages[1].set)
	}
}

// TestOnlyAMadeReferenceIsBelieved: a success of any other kind made no branch.
func TestOnlyAMadeReferenceIsBelieved(t *testing.T) {
	t.Parallel()
	for status, body := range map[int]string{200: `{}`, 202: `{}`, 203: `{}`, 204: ``, 201: `null`, 299: `{"ref":"refs/heads/other"}`} {
		runOnGitHub(t, fmt.Sprint(status), func(t *testing.T, g *github) {
			b := g.checked(branchSpec)
			g.server.Fail(sandbox.Fault{Call: "ref", Kind: sandbox.FaultStatus, Status: min(status, 204), Body: body})
			assertID(t, "Store", b.Store(t.Context(), record(newToken)), "target-unrecognized")
		})
	}
}

// TestLateRepetitionDoesNotOverwriteANewerToken, and a write of which only the answer was
// lost isn't taken for the newest.
func TestLateRepetitionDoesNotOverwriteANewerToken(t *testing.T) {
	t.Parallel()
	runOnGitHub(t, "secret", func(t *testing.T, g *github) {
		s := g.checked("STRAVA")
		time.Sleep(time.Minute)
		g.server.Fail(sandbox.Fault{Call: "put", Kind: sandbox.FaultStatus, Status: 503, Times: 1})
		time.AfterFunc(50*time.Millisecond, func() { g.server.SetSecret("STRAVA", theirs) })
		assertID(t, "Store", s.Store(t.Context(), record(newToken)), store.Overtaken)
		check.Equal(t, g.server.Secret("STRAVA"), theirs, "secret")
	})
	runOnGitHub(t, "branch", func(t *testing.T, g *github) {
		g.keep(branchSpec, oldToken)
		b, other := g.branch(branchSpec), g.open(branchSpec, opening{})
		g.server.Fail(sandbox.Fault{Call: "put-content", Kind: sandbox.FaultCutAfter, Times: 1})
		time.AfterFunc(50*time.Millisecond, func() {
			ctx := context.WithoutCancel(t.Context())
			_, err := other.Check(ctx)
			check.That(t, err == nil && other.Store(ctx, record(theirs)) == nil, "the other run: %v", err)
		})
		assertID(t, "Store", b.Store(t.Context(), record(newToken)), store.Overtaken)
		assertHolds(t, b.Held(), theirs)
		g.assertBranch(branchName, branchFile, 3, theirs)
	})
}

// TestABranchThatOthersChange all the time is a conflict, and no rule.
func TestABranchThatOthersChange(t *testing.T) {
	onGitHub(t, func(t *testing.T, g *github) {
		b := stages[2].set(g)
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
		b := stages[2].set(g)
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		g.server.Fail(sandbox.Fault{Call: "put-content", Kind: sandbox.FaultStall})
		assertID(t, "Store", b.Store(ctx, record(newToken)), "target-unreachable")
		g.assertBranch(branchName, branchFile, 1, oldToken)
	})
}

func TestBranchChangedMeanwhile(t *testing.T) {
	t.Parallel()
	create := func(spec string) func(*github) { return func(g *github) { g.keep(spec, theirs) } }
	remove := func(g *github) { g.server.DeleteBranch(branchName) }
	for _, tt := range []struct {
		name    string
		before  stage
		between func(*github)
		held    string // by the target after the write: newToken if it arrived
		commits int    // after the write
	}{
		{"created with the file", stages[0], create(branchSpec), theirs, 1},
		{"created with another athlete's file", stages[0], create(neighbour), newToken, 2},
		{"file created", stages[1], create(branchSpec), theirs, 2},
		{"file replaced", stages[2], create(branchSpec), theirs, 2},
		{"deleted with the file", stages[2], remove, "", 0},
		{"deleted with another athlete's file", stages[1], remove, newToken, 1},
		{"deleted and created again", stages[2], func(g *github) { remove(g); create(branchSpec)(g) }, theirs, 1},
	} {
		runOnGitHub(t, tt.name, func(t *testing.T, g *github) {
			b := tt.before.set(g)
			tt.between(g)
			want := store.Overtaken
			if tt.held == newToken {
				want = ""
			}
			assertID(t, "Store", b.Store(t.Context(), record(newToken)), want)
			assertHolds(t, b.(*store.Branch).Held(), tt.held)
			g.assertBranch(branchName, branchFile, tt.commits, tt.held)
			// A second write onto what it saw now goes through.
			check.Equal(t, b.Store(t.Context(), record(numbered(9))), nil, "Store again")
			g.assertBranch(branchName, branchFile, tt.commits+1, numbered(9))
		})
	}
}
