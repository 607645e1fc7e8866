package store_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"

	"strava-token/internal/check"
	"strava-token/internal/sandbox"
	"strava-token/internal/secret"
	"strava-token/internal/store"
	"strava-token/internal/transport"
)

const (
	oldToken   = "0000000000000000000000000000000000000001"
	newToken   = "0000000000000000000000000000000000000002"
	theirs     = "0000000000000000000000000000000000000003"
	branchName = "strava-token"
	branchSpec = "branch:" + branchName
	branchFile = "refresh-token.txt"
	neighbour  = branchSpec + "#neighbour" // another athlete's file
)

// numbered returns the nth of many refresh tokens.
func numbered(n int) string { return fmt.Sprintf("%040d", n) }

func record(token string) store.Record { return store.Record{RefreshToken: secret.New(token)} }

func assertID(t *testing.T, what string, err error, want string) {
	t.Helper()
	e, _ := errors.AsType[*store.Error](err)
	check.That(t, want == "" && err == nil || e != nil && e.ID == want, "%s: got %v, want %q", what, err, want)
}

func assertHolds(t *testing.T, held store.Held, want string) {
	t.Helper()
	check.Equal(t, held.RefreshToken.Reveal(), want, "held")
}

// github is a sandbox as this package sees it.
type github struct {
	t      *testing.T
	server *sandbox.Server
	pipe   *sandbox.Pipe
	net    *transport.Network
}

// onGitHub runs a test in a bubble, with a sandbox of its own that has the secret STRAVA,
// and fails it for calls that GitHub does not have.
func onGitHub(t *testing.T, do func(t *testing.T, g *github)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := &github{t: t, server: sandbox.New(sandbox.Knobs{}), pipe: sandbox.NewPipe()}
		g.server.SetSecret("STRAVA", oldToken)
		service := &http.Server{Handler: g.server}
		go func() { _ = service.Serve(g.pipe) }()
		g.net = transport.New(g.pipe.Dial)
		t.Cleanup(func() {
			g.net.Close()
			_ = service.Close()
			check.Same(t, g.server.Unexpected(), nil, "calls that GitHub does not have")
		})
		do(t, g)
	})
}

// runOnGitHub is onGitHub as a subtest.
func runOnGitHub(t *testing.T, name string, do func(t *testing.T, g *github)) {
	t.Run(name, func(t *testing.T) { onGitHub(t, do) })
}

// opening is how a target is opened. The zero value is how a workflow does it.
type opening struct {
	token string // of GitHub
	weak  bool   // a client secret that is too short
	id    int64  // of the repository; -1 for one that is not known
	path  string // of the API
}

// target is a *store.Secret or a *store.Branch.
type target interface {
	Check(context.Context) (store.Facts, error)
	Store(context.Context, store.Record) error
}

func (g *github) open(spec string, o opening) target {
	g.t.Helper()
	parsed := check.Must(store.Parse(spec, sandbox.Repository))(g.t)
	token := g.server.GitHubToken()
	if parsed.IsBranch() {
		token = g.server.BuiltInToken()
	}
	app := store.App{ClientID: g.server.App().ID, ClientSecret: secret.New(g.server.App().Secret)}
	if o.weak {
		app.ClientSecret = secret.New(strings.Repeat("a", 31))
	}
	base := &url.URL{Scheme: "http", Host: g.pipe.Addr().String(), Path: o.path}
	gh := store.NewGitHub(g.net, base, secret.New(cmp.Or(o.token, token)))
	if parsed.IsBranch() {
		return store.NewBranch(gh, parsed, app, max(0, cmp.Or(o.id, sandbox.RepositoryID)))
	}
	s := store.NewSecret(gh, parsed)
	s.SealedUnder = app.ClientSecret
	return s
}

// checked is a target that a run has just looked at.
func (g *github) checked(spec string) target {
	g.t.Helper()
	b := g.open(spec, opening{})
	check.Must(b.Check(g.t.Context()))(g.t)
	return b
}

func (g *github) branch(spec string) *store.Branch { return g.checked(spec).(*store.Branch) }

// keep checks a target and stores token.
func (g *github) keep(spec, token string) {
	g.t.Helper()
	check.OK(g.t, g.checked(spec).Store(g.t.Context(), record(token)))
}

// assertBranch asserts how many commits the branch has and which refresh token
// somebody else finds in a file of it.
func (g *github) assertBranch(branch, file string, commits int, token string) {
	g.t.Helper()
	check.Equal(g.t, g.server.Commits(branch), commits, "commits of %s", branch) // those of another one would count as well
	check.Equal(g.t, g.server.Opened(g.server.File(branch, file)), token, "%s of %s", file, branch)
	check.Equal(g.t, g.server.Commits("main"), 1, "commits of main") // the first alone
}

// shot is everything of the sandbox that a check must not change.
func (g *github) shot() string {
	var b strings.Builder
	for _, name := range []string{"main", branchName, "other"} {
		fmt.Fprintln(&b, name, g.server.Commits(name), g.server.File(name, branchFile))
	}
	return b.String() + g.server.Secret("STRAVA")
}
