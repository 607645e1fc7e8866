package store_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"strava-token/internal/check"
	"strava-token/internal/sandbox"
	"strava-token/internal/secret"
	"strava-token/internal/store"
	"strava-token/internal/transport"
)

const (
	oldToken = "0000000000000000000000000000000000000001"
	newToken = "0000000000000000000000000000000000000002"
)

// github is a sandbox as this package sees it.
type github struct {
	t      *testing.T
	server *sandbox.Server
	pipe   *sandbox.Pipe
	net    *transport.Network
}

// onGitHub runs a test in a bubble, with a sandbox of its own, and fails it for
// calls that GitHub does not have.
func onGitHub(t *testing.T, do func(t *testing.T, g *github)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, func(t *testing.T) { do(t, newGitHub(t)) })
}

// runOnGitHub is onGitHub as a subtest.
func runOnGitHub(t *testing.T, name string, do func(t *testing.T, g *github)) {
	t.Run(name, func(t *testing.T) { onGitHub(t, do) })
}

// newGitHub is a sandbox that has the secret STRAVA, with an old token in it.
func newGitHub(t *testing.T) *github {
	t.Helper()
	g := &github{t: t, server: sandbox.New(sandbox.Knobs{}), pipe: sandbox.NewPipe()}
	g.server.SetSecret("STRAVA", oldToken)
	service := &http.Server{Handler: g.server}
	go func() { _ = service.Serve(g.pipe) }()
	g.net = transport.New(g.pipe.Dial)
	t.Cleanup(func() {
		g.net.Close()
		_ = service.Close()
		if calls := g.server.Unexpected(); len(calls) > 0 {
			t.Errorf("calls that GitHub does not have: %v", calls)
		}
	})
	return g
}

func (g *github) secret(target, token, path string) *store.Secret {
	g.t.Helper()
	parsed := check.Must(store.Parse(target, sandbox.Repository))(g.t)
	base := &url.URL{Scheme: "http", Host: g.pipe.Addr().String(), Path: path}
	return store.NewSecret(store.NewGitHub(g.net, base, secret.New(token)), parsed)
}

// strava is the secret STRAVA as a workflow has it.
func (g *github) strava() *store.Secret { return g.secret("STRAVA", g.server.GitHubToken(), "") }

func TestEveryTargetIsCheckedAndWritten(t *testing.T) {
	t.Parallel()
	for _, target := range []string{
		"STRAVA", "STRAVA@production", "STRAVA@my env/with slash + 100%?#",
		"octo/other/STRAVA", "org:octo/STRAVA",
	} {
		for _, path := range []string{"", "/", "/api/v3", "/api/v3/"} {
			runOnGitHub(t, target+" under "+path, func(t *testing.T, g *github) {
				g.server.AddRepository("other")
				g.server.AddEnvironment("production")
				g.server.AddEnvironment("my env/with slash + 100%?#")
				g.server.SetSecret(target, oldToken)
				s := g.secret(target, g.server.GitHubToken(), path)
				facts := check.Must(s.Check(t.Context()))(t)
				if !facts.WriteBelieved || facts.WriteProven || facts.UpdatedAt.IsZero() {
					t.Errorf("facts: got %+v, want a write that is believed in, and a date", facts)
				}
				check.Equal(t, g.server.Secret(target), oldToken, "the check changed the secret")
				check.OK(t, s.Set(t.Context(), secret.New(newToken)))
				check.Equal(t, g.server.Secret(target), newToken, "secret")
			})
		}
	}
}

func TestOrganizationSecretKeepsWhoMayUseIt(t *testing.T) {
	onGitHub(t, func(t *testing.T, g *github) {
		want := []int64{11, 12, 13, 14, 15}
		g.server.SetSecret("org:octo/STRAVA", oldToken, want...)
		s := g.secret("org:octo/STRAVA", g.server.GitHubToken(), "")
		check.Must(s.Check(t.Context()))(t)
		check.OK(t, s.Set(t.Context(), secret.New(newToken)))
		visibility, got := g.server.Selected("org:octo/STRAVA")
		check.That(t, visibility == "selected" && slices.Equal(got, want), "got %s %v, want selected %v", visibility, got, want)
	})
}

// TestCheckRefuses holds every refusal of the secrets API that is known.
func TestCheckRefuses(t *testing.T) {
	t.Parallel()
	status := func(call string, status int, header map[string]string, body string) func(*github) string {
		return func(g *github) string {
			g.server.Fail(sandbox.Fault{Call: call, Kind: sandbox.FaultStatus, Status: status, Header: header, Body: body})
			return g.server.GitHubToken()
		}
	}
	token := func(t sandbox.GitHubToken) func(*github) string {
		return func(g *github) string { return g.server.NewGitHubToken("token", t) }
	}
	for _, tt := range []struct {
		name   string
		target string
		token  func(*github) string
		want   store.Kind
	}{
		{"no such token", "STRAVA", func(*github) string { return "github_pat_nobody" }, store.BadCredentials},
		{"expired token", "STRAVA", token(sandbox.GitHubToken{Kind: sandbox.Personal, Expires: time.Date(1999, 1, 1, 0, 0, 0, 0, time.UTC)}), store.BadCredentials},
		{"built-in token", "STRAVA", token(sandbox.GitHubToken{Kind: sandbox.Integration}), store.IntegrationForbidden},
		{"app that may read", "STRAVA", token(sandbox.GitHubToken{Kind: sandbox.Integration, May: "secrets=read"}), store.IntegrationForbidden},
		{"personal token without permission", "STRAVA", token(sandbox.GitHubToken{Kind: sandbox.Personal}), store.PersonalForbidden},
		{"personal token that may read", "STRAVA", token(sandbox.GitHubToken{Kind: sandbox.Personal, May: "secrets=read"}), store.PersonalForbidden},
		{"token that sees nothing", "STRAVA", token(sandbox.GitHubToken{Kind: sandbox.Personal, Blind: true}), store.RepositoryNotFound},
		{"no such secret", "STRAVAA", (*github).writer, store.SecretNotFound},
		{"no such repository", "octo/nowhere/STRAVA", (*github).writer, store.RepositoryNotFound},
		{"no such environment", "STRAVA@nowhere", (*github).writer, store.EnvironmentNotFound},
		{"no such repository of an environment", "octo/nowhere/STRAVA@x", (*github).writer, store.RepositoryNotFound},
		{"no such organization", "org:nowhere/STRAVA", (*github).writer, store.OrganizationNotFound},
		{"403 for another reason", "STRAVA", status("public-key", 403, nil, `{"message":"no"}`), store.Forbidden},
		{"404 of the write alone", "STRAVA", status("try-write", 404, nil, `{"message":"Not Found"}`), store.WriteRefused},
		{"secondary rate limit", "STRAVA", status("public-key", 403, map[string]string{"Retry-After": "600"}, `{}`), store.RateLimited},
		{"primary rate limit", "STRAVA", status("public-key", 403, map[string]string{
			"X-RateLimit-Limit": "60", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "946688400"}, `{}`), store.RateLimited},
		{"429", "STRAVA", status("secret", 429, nil, `{}`), store.RateLimited},
		{"500", "STRAVA", status("secret", 500, nil, `<html>`), store.Outage},
		{"409 of a read", "STRAVA", status("secret", 409, nil, `{}`), store.Conflict},
		{"422 of a read", "STRAVA", status("public-key", 422, nil, `{}`), store.Unprocessable},
		{"renamed repository", "STRAVA", status("public-key", 301, map[string]string{"Location": "https://elsewhere.example/"}, `{}`), store.Moved},
		{"a page", "STRAVA", status("public-key", 200, nil, `<html>`), store.Unrecognized},
		{"no key", "STRAVA", status("public-key", 200, nil, `{}`), store.BadPublicKey},
		{"short key", "STRAVA", status("public-key", 200, nil, `{"key_id":"1","key":"AAAA"}`), store.BadPublicKey},
		{"key that is not base64", "STRAVA", status("public-key", 200, nil, `{"key_id":"1","key":"%%%"}`), store.BadPublicKey},
		{"rate limit nearly used up", "STRAVA", func(g *github) string {
			g.server.Fail(sandbox.Fault{Call: "public-key", Kind: sandbox.FaultBody, Body: `{"key_id":"1","key":"AAAA"}`,
				Header: map[string]string{"X-RateLimit-Limit": "60", "X-RateLimit-Remaining": "1", "X-RateLimit-Reset": "946688400"}})
			return g.server.GitHubToken()
		}, store.RateLimited},
	} {
		runOnGitHub(t, tt.name, func(t *testing.T, g *github) {
			_, err := g.secret(tt.target, tt.token(g), "").Check(t.Context())
			assertStoreKind(t, "Check", err, tt.want)
			check.Equal(t, g.server.Secret("STRAVA"), oldToken, "the check changed the secret")
		})
	}
}

func (g *github) writer() string { return g.server.GitHubToken() }

// TestAttempts: what is known before anything is spent is used, and what an
// attempt leaves open is no failure.
func TestAttempts(t *testing.T) {
	t.Parallel()
	for _, call := range []string{"try-write", "try-delete"} {
		for status, want := range map[int]store.Kind{
			200: "", 204: "", 400: "", 405: "", 409: "", 418: "", 422: "",
			307: store.Moved, 401: store.BadCredentials, 403: store.Forbidden, 429: store.RateLimited,
			451: store.LegallyBlocked, 500: store.Outage, 503: store.Outage, 0: store.Unreachable,
		} {
			if call == "try-delete" && status == 0 {
				want = "" // some networks let no DELETE through
			}
			runOnGitHub(t, fmt.Sprint(call, status), func(t *testing.T, g *github) {
				fault := sandbox.Fault{Call: call, Kind: sandbox.FaultStatus, Status: status, Header: map[string]string{"Retry-After": "600"}}
				if status != 429 {
					fault.Header = nil
				}
				if status == 0 {
					fault.Kind = sandbox.FaultCutBefore
				}
				g.server.Fail(fault)
				facts, err := g.strava().Check(t.Context())
				assertStoreKind(t, "Check", err, want)
				if e, _ := errors.AsType[*store.Error](err); status == 429 && (e == nil || time.Until(e.Until) != 600*time.Second) {
					t.Errorf("the time of the rate limit is missing: %+v", e)
				}
				if believed := call == "try-write" && status == 422; facts.WriteBelieved != believed {
					t.Errorf("believed: got %t, want %t", facts.WriteBelieved, believed)
				}
			})
		}
	}
}

func TestWeakClientSecretIsSaidAtOnce(t *testing.T) {
	onGitHub(t, func(t *testing.T, g *github) {
		s := g.strava()
		s.SealedUnder = secret.New(strings.Repeat("a", 31))
		_, err := s.Check(t.Context())
		assertStoreKind(t, "Check", err, store.WeakSecret)
	})
}

func TestCheckTellsWhenTheTokenEnds(t *testing.T) {
	onGitHub(t, func(t *testing.T, g *github) {
		ends := time.Date(2000, 1, 10, 12, 0, 0, 0, time.UTC)
		token := g.server.NewGitHubToken("token", sandbox.GitHubToken{
			Kind: sandbox.Personal, May: "secrets=write contents=write", Expires: ends})
		check.Equal(t, check.Must(g.secret("STRAVA", token, "").Check(t.Context()))(t).TokenExpires.UTC(), ends, "of a secret")
		check.Equal(t, g.check(g.open(branchSpec, opening{token: token})).TokenExpires.UTC(), ends, "of a branch")
	})
}

// TestStoreRepeats holds what a write does when it fails.
func TestStoreRepeats(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		fault sandbox.Fault
		want  store.Kind // "" for success
		puts  int
		value string
	}{
		{"503 once", sandbox.Fault{Kind: sandbox.FaultStatus, Status: 503, Times: 1}, "", 2, newToken},
		{"409 twice", sandbox.Fault{Kind: sandbox.FaultStatus, Status: 409, Times: 2}, "", 3, newToken},
		{"cut once before", sandbox.Fault{Kind: sandbox.FaultCutBefore, Times: 1}, "", 2, newToken},
		{"503 always", sandbox.Fault{Kind: sandbox.FaultStatus, Status: 503}, store.Outage, 4, oldToken},
		{"409 always", sandbox.Fault{Kind: sandbox.FaultStatus, Status: 409}, store.Conflict, 4, oldToken},
		{"401", sandbox.Fault{Kind: sandbox.FaultStatus, Status: 401}, store.BadCredentials, 1, oldToken},
		{"403", sandbox.Fault{Kind: sandbox.FaultStatus, Status: 403, Body: `{"message":"Resource not accessible by integration"}`}, store.IntegrationForbidden, 1, oldToken},
		{"404", sandbox.Fault{Kind: sandbox.FaultStatus, Status: 404}, store.WriteRefused, 1, oldToken},
		{"422", sandbox.Fault{Kind: sandbox.FaultStatus, Status: 422}, store.Unprocessable, 1, oldToken},
		{"429", sandbox.Fault{Kind: sandbox.FaultStatus, Status: 429}, store.RateLimited, 1, oldToken},
		{"redirect", sandbox.Fault{Kind: sandbox.FaultStatus, Status: 307, Header: map[string]string{"Location": "https://elsewhere.example/"}}, store.Moved, 1, oldToken},
		// The write arrived and only its answer was lost: it is not repeated,
		// since it cannot be told from another run's newer write.
		{"cut after", sandbox.Fault{Kind: sandbox.FaultCutAfter, Times: 1}, store.Overtaken, 1, newToken},
	} {
		runOnGitHub(t, tt.name, func(t *testing.T, g *github) {
			s := g.strava()
			time.Sleep(time.Minute) // so that a write has another date
			check.Must(s.Check(t.Context()))(t)
			fault := tt.fault
			fault.Call = "put"
			g.server.Fail(fault)
			assertStoreKind(t, "Set", s.Set(t.Context(), secret.New(newToken)), tt.want)
			const path = "/repos/" + sandbox.Repository + "/actions/secrets/STRAVA"
			if got := g.server.Count("github", "PUT", path) - 1; got != tt.puts { // the attempt of Check aside
				t.Errorf("writes: got %d, want %d", got, tt.puts)
			}
			check.Equal(t, g.server.Secret("STRAVA"), tt.value, "secret")
		})
	}
}

func TestLateRepetitionDoesNotOverwriteANewerToken(t *testing.T) {
	onGitHub(t, func(t *testing.T, g *github) {
		const newer = "0000000000000000000000000000000000000003"
		s := g.strava()
		check.Must(s.Check(t.Context()))(t)
		time.Sleep(time.Minute)
		g.server.Fail(sandbox.Fault{Call: "put", Kind: sandbox.FaultStatus, Status: 503, Times: 1})
		time.AfterFunc(50*time.Millisecond, func() { g.server.SetSecret("STRAVA", newer) })
		assertStoreKind(t, "Set", s.Set(t.Context(), secret.New(newToken)), store.Overtaken)
		check.Equal(t, g.server.Secret("STRAVA"), newer, "secret")
	})
}

// TestAnIncompleteListOfRepositoriesIsRefused: a write with some of them would
// take the secret away from the others.
func TestAnIncompleteListOfRepositoriesIsRefused(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"fewer than it says": `{"total_count":5,"repositories":[{"id":11}]}`,
		"no count":           `{"repositories":[{"id":11}]}`,
	} {
		synctest.Test(t, func(t *testing.T) {
			g := newGitHub(t)
			g.server.SetSecret("org:octo/STRAVA", oldToken, 11, 12)
			g.server.Fail(sandbox.Fault{Call: "selected", Kind: sandbox.FaultBody, Body: body})
			_, err := g.secret("org:octo/STRAVA", g.server.GitHubToken(), "").Check(t.Context())
			assertStoreKind(t, name, err, store.Unrecognized)
		})
	}
}
