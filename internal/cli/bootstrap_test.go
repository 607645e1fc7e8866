package cli_test

import (
	"net/url"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"

	"strava-token/internal/sandbox"
)

// newBootstrap is the step of examples/bootstrap.yml, without a code.
func newBootstrap(t *testing.T, knobs sandbox.Knobs) *step {
	t.Helper()
	s := newStep(t, knobs)
	s.runner.Input("refresh-token", "")
	s.runner.Input("code", "ask")
	s.runner.Input("rotate-to", "STRAVA_NEW_TOKEN")
	s.runner.Input("require-scopes", "read,activity:read_all")
	return s
}

var shownLink = regexp.MustCompile(`\((https?://[^)]*/oauth/authorize[^)]*)\)`)

// link is the address in the summary.
func (s *step) link() *url.URL {
	s.t.Helper()
	m := shownLink.FindStringSubmatch(s.runner.File("GITHUB_STEP_SUMMARY"))
	if m == nil {
		s.t.Fatalf("there is no link in the summary:\n%s", s.runner.File("GITHUB_STEP_SUMMARY"))
	}
	u, err := url.Parse(m[1])
	if err != nil {
		s.t.Fatal(err)
	}
	return u
}

// comeBack is the address that the browser ends on.
func (s *step) comeBack(state, scope string) string {
	return "http://localhost/token?state=" + state + "&code=" + url.QueryEscape(s.server.NewCode()) + "&scope=" + scope
}

func (s *step) again(code string) int {
	s.t.Helper()
	s.newRun()
	s.runner.Input("refresh-token", "")
	s.runner.Input("rotate-to", "STRAVA_NEW_TOKEN")
	s.runner.Input("require-scopes", "read,activity:read_all")
	s.runner.Input("code", code)
	return s.run()
}

func TestBootstrapInTwoRuns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newBootstrap(t, sandbox.Knobs{EarlyCodes: 1})
		if got := s.run(); got != 0 {
			t.Fatalf("exit status: got %d, want 0\n%s", got, s.runner.Log())
		}
		s.assertNothingLeaks()
		link := s.link()
		for name, want := range map[string]string{
			"client_id": s.server.App().ID, "scope": "read,activity:read_all", "redirect_uri": "http://localhost/token", "response_type": "code",
		} {
			if got := link.Query().Get(name); got != want {
				t.Errorf("%s: got %q, want %q", name, got, want)
			}
		}
		if n := s.server.Count("strava", "POST", "/"); n != 0 {
			t.Errorf("requests without a code: got %d, want 0", n)
		}

		if got := s.again(s.comeBack(link.Query().Get("state"), "read,activity:read_all")); got != 0 {
			t.Fatalf("exit status: got %d, want 0\n%s", got, s.runner.Log())
		}
		s.assertNothingLeaks()
		if s.server.Secret("STRAVA_NEW_TOKEN") != s.server.LiveRefreshToken() {
			t.Error("the refresh token was not stored in the new secret")
		}
		if s.runner.Output("athlete-id") != "126651800" || s.runner.Output("rotated") != "true" {
			t.Errorf("outputs: %q", s.runner.File("GITHUB_OUTPUT"))
		}
	})
}

func TestBootstrapRefuses(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		code func(s *step, state string) string
		says string
	}{
		{"another state", func(s *step, _ string) string { return s.comeBack("0123", "read,activity:read_all") }, "code holds the address of another login."},
		{"an unticked box", func(s *step, state string) string { return s.comeBack(state, "read") }, `A box was unticked on Strava's page ("activity:read_all").`},
		{"a denial", func(_ *step, state string) string {
			return "http://localhost/token?state=" + state + "&error=access_denied"
		}, "Access was not granted."},
		{"no code", func(*step, string) string { return "http://localhost/token" }, "code holds no authorization code."},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := newBootstrap(t, sandbox.Knobs{})
				s.run()
				if got := s.again(tt.code(s, s.link().Query().Get("state"))); got != 2 {
					t.Errorf("exit status: got %d, want 2\n%s", got, s.runner.Log())
				}
				s.assertMessage("Error", tt.says)
				s.assertNothingLeaks()
				if n := s.server.Count("strava", "POST", "/oauth/token"); n != 0 {
					t.Errorf("the code was spent: %d requests", n)
				}
			})
		})
	}
}

func TestBootstrapWithAUsedCode(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newBootstrap(t, sandbox.Knobs{})
		s.run()
		address := s.comeBack(s.link().Query().Get("state"), "read,activity:read_all")
		s.again(address)
		kept := s.server.Secret("STRAVA_NEW_TOKEN")
		if got := s.again(address); got != 1 {
			t.Errorf("exit status: got %d, want 1\n%s", got, s.runner.Log())
		}
		s.assertMessage("Error", "Strava refused the authorization code.")
		if s.server.Secret("STRAVA_NEW_TOKEN") != kept || !strings.Contains(s.runner.Log(), "works once") {
			t.Error("the secret changed, or the reason is not said")
		}
	})
}
