package store_test

import (
	"errors"
	"fmt"
	"net/url"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"strava-token/internal/check"
	"strava-token/internal/sandbox"
	"strava-token/internal/secret"
	"strava-token/internal/store"
)

const (
	branchName = "strava-token"
	branchSpec = "branch:" + branchName
	branchFile = "refresh-token.txt"
)

// numbered returns the nth of many refresh tokens.
func numbered(n int) string { return fmt.Sprintf("%040d", n) }

func record(token string) store.Record { return store.Record{RefreshToken: secret.New(token)} }

func (g *github) app() store.App {
	app := g.server.App()
	return store.App{ClientID: app.ID, ClientSecret: secret.New(app.Secret)}
}

// opening is how a branch is opened. The zero value is how a workflow does it.
type opening struct {
	token string // of GitHub
	app   store.App
	id    int64 // of the repository; -1 for one that is not known
	path  string
}

func (g *github) branch(target string) *store.Branch { return g.open(target, opening{}) }

func (g *github) open(target string, o opening) *store.Branch {
	g.t.Helper()
	parsed := check.Must(store.Parse(target, sandbox.Repository))(g.t)
	if o.token == "" {
		o.token = g.server.BuiltInToken()
	}
	if o.app.ClientID == "" {
		o.app = g.app()
	}
	o.id = map[int64]int64{0: sandbox.RepositoryID, -1: 0}[o.id] + max(o.id, 0)
	base := &url.URL{Scheme: "http", Host: g.pipe.Addr().String(), Path: o.path}
	return store.NewBranch(store.NewGitHub(g.net, base, secret.New(o.token)), parsed, o.app, o.id)
}

func (g *github) check(b *store.Branch) store.Facts {
	g.t.Helper()
	facts, err := b.Check(g.t.Context())
	check.Need(g.t, err == nil, "Check: %v", err)
	return facts
}

// checked is a branch that a run has just looked at.
func (g *github) checked(target string) *store.Branch {
	g.t.Helper()
	b := g.branch(target)
	g.check(b)
	return b
}

// keep checks b and stores token.
func (g *github) keep(b *store.Branch, token string) {
	g.t.Helper()
	g.check(b)
	check.OK(g.t, b.Store(g.t.Context(), record(token)))
}

// assertBranch asserts how many commits the branch has and which refresh token
// somebody else finds in a file of it.
func (g *github) assertBranch(branch, file string, commits int, token string) {
	g.t.Helper()
	g.assertCommits(branch, commits)
	n, orphan := g.server.Commits(branch)
	check.That(g.t, n == 0 || orphan, "branch %s began with the history of another one", branch)
	check.Equal(g.t, g.server.Opened(g.server.File(branch, file)), token, "%s of %s", file, branch)
	g.assertCommits("main", 1) // the first alone
}

func (g *github) assertCommits(branch string, want int) {
	g.t.Helper()
	n, _ := g.server.Commits(branch)
	check.Equal(g.t, n, want, "commits of %s", branch)
}

func assertID(t *testing.T, what string, err error, want string) {
	t.Helper()
	var e *store.Error
	switch {
	case want == "" && err != nil:
		t.Errorf("%s: got %v, want no error", what, err)
	case want != "" && (!errors.As(err, &e) || e.ID != want):
		t.Errorf("%s: got %v, want kind %s", what, err, want)
	}
}

func assertHolds(t *testing.T, held store.Held, want string) {
	t.Helper()
	check.Equal(t, held.RefreshToken.Reveal(), want, "held")
}

func TestBranchIsCreatedReplacedAndReadBack(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ target, branch, file, path string }{
		{branchSpec, branchName, branchFile, ""},
		{branchSpec + "#alice", branchName, "refresh-token-alice.txt", ""},
		{"branch:data/strava/tokens", "data/strava/tokens", branchFile, ""},
		{"branch:a+b_1.x/y#B-2", "a+b_1.x/y", "refresh-token-B-2.txt", "/api/v3"},
	} {
		runOnGitHub(t, tt.target+" under "+tt.path, func(t *testing.T, g *github) {
			o := opening{path: tt.path}
			b := g.open(tt.target, o)
			if facts := g.check(b); facts.Exists || facts.Held || facts.Local || !facts.WriteProven || !facts.UpdatedAt.IsZero() {
				t.Errorf("facts of a branch that is not there: %+v", facts)
			}
			assertHolds(t, b.Held(), "")
			g.assertBranch(tt.branch, tt.file, 0, "")
			for n := 1; n <= 2; n++ {
				// The same run may write twice: what it got first was overtaken.
				for _, token := range []string{numbered(2 * n), numbered(2*n + 1)} {
					r := store.Record{RefreshToken: secret.New(token), AthleteID: 7, Input: secret.New(numbered(1000 + n))}
					check.OK(t, b.Store(t.Context(), r))
					assertHolds(t, b.Held(), token)
				}
				g.assertBranch(tt.branch, tt.file, 2*n, numbered(2*n+1))

				b = g.open(tt.target, o)
				facts := g.check(b)
				check.That(t, facts.Exists && facts.Held && !facts.UpdatedAt.IsZero(), "facts of a branch that is there: %+v", facts)
				assertHolds(t, b.Held(), numbered(2*n+1))
				check.Equal(t, b.Held().AthleteID, 7, "athlete")
				for m := 1; m <= 2; m++ {
					check.Equal(t, b.Held().Saw(secret.New(numbered(1000+m))), m <= n, "after run %d: saw the input of run %d", n, m)
				}
			}
		})
	}
}

func TestAthletesOnOneBranchDoNotDisturbEachOther(t *testing.T) {
	t.Parallel()
	for _, exists := range []bool{false, true} {
		t.Run(fmt.Sprintf("branch exists %v", exists), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				const athletes = 4
				g := newGitHub(t)
				before := 0
				if exists {
					g.keep(g.branch(branchSpec), oldToken)
					before = 1
				}
				g.server.Set(func(k *sandbox.Knobs) { k.Latency = 40 * time.Millisecond })
				var all sync.WaitGroup
				for n := range athletes {
					b := g.checked(fmt.Sprintf("%s#athlete-%d", branchSpec, n))
					all.Go(func() {
						check.Equal(t, b.Store(t.Context(), record(numbered(n))), nil, "Store of athlete %d", n)
					})
				}
				all.Wait()
				for n := range athletes {
					g.assertBranch(branchName, fmt.Sprintf("refresh-token-athlete-%d.txt", n), before+athletes, numbered(n))
					again := g.checked(fmt.Sprintf("%s#athlete-%d", branchSpec, n))
					assertHolds(t, again.Held(), numbered(n))
				}
				if exists {
					g.assertBranch(branchName, branchFile, before+athletes, oldToken)
				}
			})
		})
	}
}

func TestReread(t *testing.T) {
	onGitHub(t, func(t *testing.T, g *github) {
		b := g.checked(branchSpec)
		for n := 1; n <= 2; n++ {
			g.keep(g.branch(branchSpec), numbered(n))
			held := check.Must(b.Reread(t.Context()))(t)
			assertHolds(t, held, numbered(n))
			assertHolds(t, b.Held(), numbered(n))
		}
		g.server.SetFile(branchName, branchFile, "something else")
		_, err := b.Reread(t.Context())
		assertID(t, "Reread", err, "target-not-ours")
		g.server.DeleteBranch(branchName)
		held := check.Must(b.Reread(t.Context()))(t)
		assertHolds(t, held, "")
		check.OK(t, b.Store(t.Context(), record(newToken)))
		g.assertBranch(branchName, branchFile, 1, newToken)
	})
}
