package cli_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"strava-token/internal/sandbox"
)

// scenario is one way in which a run can end.
type scenario struct {
	name   string
	knobs  sandbox.Knobs
	given  func(*step)
	inside bool // cancels from inside this process
	status int
	says   string // the first line of the error, or "" for none
	warns  string // the first line of a warning, hosts aside
	kept   bool   // the living refresh token is in the secret
	held   bool   // it is on the branch
	sealed bool   // the recovery text was printed
	access bool   // the access token was handed on
}

// scenarios has a golden journal for each.
var scenarios = slices.Concat(secretScenarios, branchScenarios)

// secretScenarios rotate into secrets, or nowhere.
var secretScenarios = []scenario{
	{name: "unchanged", kept: true, access: true},
	{name: "rotated", knobs: always, kept: true, access: true},
	{
		name: "rotated-without-target", knobs: always,
		given: input("rotate-to", ""),
		warns: "Strava replaced the refresh token, and no target keeps the new one.", sealed: true, access: true,
	},
	{
		name: "rotated-without-target-or-recovery", knobs: always,
		given:  func(s *step) { s.runner.Input("rotate-to", ""); s.runner.Input("recovery", "false") },
		status: 3, says: "Strava replaced the refresh token, and the new one is kept nowhere.", access: true,
	},
	{
		name: "rotated-and-handed-over", knobs: always,
		given: func(s *step) {
			s.runner.Input("rotate-to", "")
			s.runner.Input("recovery", "false")
			s.runner.Input("expose-refresh-token", "true")
		},
		warns: "Strava replaced the refresh token, and only the output refresh-token holds the new one.", access: true,
	},
	{
		name: "store-fails-without-recovery", knobs: always,
		given: func(s *step) {
			s.runner.Input("recovery", "false")
			s.server.Fail(sandbox.Fault{Call: "put", Kind: sandbox.FaultStatus, Status: 404})
		},
		status: 3, says: "octo/running/STRAVA_REFRESH_TOKEN does not hold the new refresh token, and no recovery text was printed.", access: true,
	},
	{
		name:   "two-failures-in-one-error",
		knobs:  sandbox.Knobs{Rotation: sandbox.RotateAlways, Inactive: true},
		given:  failing(sandbox.Fault{Call: "put", Kind: sandbox.FaultStatus, Status: 404}),
		status: 3, says: "octo/running/STRAVA_REFRESH_TOKEN does not hold the new refresh token.", sealed: true,
	},
	{
		name:   "secret-in-place-of-its-name",
		given:  func(s *step) { s.runner.Input("rotate-to", strings.ToUpper(s.server.Secret(secretName))) },
		status: 2, says: "rotate-to holds a credential instead of a name.", kept: true,
	},
	{name: "placeholder-in-place-of-a-name", given: input("rotate-to", "null"), status: 2, says: "rotate-to holds a placeholder.", kept: true},
	{
		name: "page-instead-of-the-store", knobs: always,
		given:  failing(sandbox.Fault{Call: "put", Kind: sandbox.FaultStatus, Status: 200, Body: "<html>"}),
		status: 3, says: "octo/running/STRAVA_REFRESH_TOKEN does not hold the new refresh token.", sealed: true, access: true,
	},
	{
		name: "exposed-and-exported", knobs: always,
		given: func(s *step) {
			s.runner.Input("export-env", "true")
			s.runner.Input("expose-refresh-token", "true")
		},
		kept: true, access: true,
	},
	{
		name: "preflight-refused", knobs: always,
		given: func(s *step) {
			s.runner.Input("github-token", s.server.NewGitHubToken("built-in-token", sandbox.GitHubToken{Kind: sandbox.Integration}))
		},
		status: 1, says: "The built-in token cannot write octo/running/STRAVA_REFRESH_TOKEN.", kept: true,
	},
	{
		name: "read-only-token", knobs: always,
		given: func(s *step) {
			s.runner.Input("github-token", s.server.NewGitHubToken("read-only-token",
				sandbox.GitHubToken{Kind: sandbox.Personal, Secrets: sandbox.Read}))
		},
		status: 1, says: "The personal access token may not write octo/running/STRAVA_REFRESH_TOKEN.", kept: true,
	},
	{name: "mistyped-secret", given: input("rotate-to", "STRAVA_REFRESH_TOKENS"), status: 1, says: "There is no secret octo/running/STRAVA_REFRESH_TOKENS.", kept: true},
	{
		name:   "short-public-key",
		given:  func(s *step) { s.server.BreakPublicKey() },
		status: 1, says: "The public key for octo/running/STRAVA_REFRESH_TOKEN is not one.", kept: true,
	},
	{
		name: "store-fails", knobs: always,
		given:  failing(sandbox.Fault{Call: "put", Kind: sandbox.FaultStatus, Status: 503}),
		status: 3, says: "octo/running/STRAVA_REFRESH_TOKEN does not hold the new refresh token.", sealed: true, access: true,
	},
	{name: "store-repeated", knobs: always, given: failing(sandbox.Fault{Call: "put", Kind: sandbox.FaultStatus, Status: 503, Times: 1}), kept: true, access: true},
	{name: "inactive-app", knobs: sandbox.Knobs{Rotation: sandbox.RotateAlways, Inactive: true}, status: 1, says: "The Strava app is inactive.", kept: true},
	{
		name:   "missing-scope",
		knobs:  sandbox.Knobs{Rotation: sandbox.RotateAlways, Scopes: []string{"read"}},
		given:  input("require-scopes", "activity:read_all"),
		status: 1, says: "The token lacks the scope activity:read_all.", kept: true,
	},
	{
		name:   "missing-scope-probed",
		knobs:  sandbox.Knobs{Rotation: sandbox.RotateAlways, Scopes: []string{"read"}, HideScope: true},
		given:  input("require-scopes", "read,activity:read"),
		status: 1, says: "The token lacks the scope activity:read.", kept: true,
	},
	{
		name:  "scope-unchecked",
		knobs: sandbox.Knobs{HideScope: true},
		given: input("require-scopes", "activity:read_all profile:read_all"),
		warns: "The scope activity:read_all, profile:read_all could not be checked.", kept: true, access: true,
	},
	{
		name: "another-athlete", knobs: always,
		given:  input("expected-athlete", "42"),
		status: 3, says: "The token belongs to athlete 126651800, not to 42, and Strava replaced it.", sealed: true,
	},
	{name: "another-athlete-unchanged", given: input("expected-athlete", "42"), status: 1, says: "The token belongs to athlete 126651800, not to 42.", kept: true},
	{name: "expected-athlete", knobs: always, given: input("expected-athlete", "126651800"), kept: true, access: true},
	{
		name: "athlete-unchecked", knobs: always,
		given: func(s *step) {
			s.runner.Input("expected-athlete", "126651800")
			s.server.Fail(sandbox.Fault{Call: "athlete", Kind: sandbox.FaultStatus, Status: 503})
		},
		status: 1, says: "Whose token this is could not be checked.", kept: true,
	},
	{
		name: "unverified", knobs: always,
		given: failing(sandbox.Fault{Call: "athlete", Kind: sandbox.FaultStatus, Status: 429}),
		warns: "Whether the access token works could not be checked.", kept: true, access: true,
	},
	{
		name:  "not-verified",
		knobs: sandbox.Knobs{Rotation: sandbox.RotateAlways, Inactive: true},
		given: input("verify", "False"),
		kept:  true, access: true,
	},
	{
		name: "access-token-refused", knobs: always,
		given: func(s *step) {
			s.server.Fail(sandbox.Fault{Call: "athlete", Kind: sandbox.FaultStatus, Status: 401,
				Body: `{"message":"Authorization Error","errors":[{"resource":"Athlete","field":"access_token","code":"invalid"}]}`})
		},
		status: 1, says: "Strava refused the access token that it has just issued.", kept: true,
	},
	{name: "wrong-secret", given: input("client-secret", "0123456789abcdef0123456789abcdef01234567"), status: 1, says: "Strava refused the client secret.", kept: true},
	{name: "unknown-client-id", given: input("client-id", "1"), status: 1, says: "Strava does not know this client id.", kept: true},
	{name: "dead-token", given: input("refresh-token", "89abcdef0123456789abcdef0123456789abcdef"), status: 1, says: "Strava refused the refresh token.", kept: true},
	{
		name:   "rate-limited",
		given:  failing(sandbox.Fault{Call: "token", Kind: sandbox.FaultStatus, Status: 429}),
		status: 1, says: "Strava's rate limit is used up.", kept: true,
	},
	{name: "outage-then-success", knobs: always, given: failing(sandbox.Fault{Call: "token", Kind: sandbox.FaultStatus, Status: 503, Times: 1}), kept: true, access: true},
	{name: "outage", given: failing(sandbox.Fault{Call: "token", Kind: sandbox.FaultStatus, Status: 597}), status: 1, says: "Strava is out of order.", kept: true},
	{
		name: "answer-lost", knobs: always,
		given:  failing(sandbox.Fault{Call: "token", Kind: sandbox.FaultCutAfter, Times: 1}),
		status: 1, says: "The refresh token died because Strava's answer was lost.",
	},
	{
		name: "junk-beside-a-refresh-token", knobs: always,
		given: func(s *step) {
			s.server.Fail(sandbox.Fault{Call: "token", Kind: sandbox.FaultBody,
				Body: `{"access_token":null,"expires_at":"soon","refresh_token":"{refresh_token}"}`})
		},
		status: 1, says: "Strava's answer cannot be used.", kept: true,
	},
	{
		name: "cancelled-before", inside: true,
		knobs:  always,
		given:  func(s *step) { s.cancel() },
		status: 1, says: "The run was cancelled.", kept: true,
	},
	{
		name: "cancelled-during-the-token-request", inside: true,
		knobs: sandbox.Knobs{Rotation: sandbox.RotateAlways, Latency: time.Second},
		given: func(s *step) {
			time.AfterFunc(1500*time.Millisecond, s.cancel)
		},
		status: 1, says: "The run was cancelled after the token request.", kept: true, sealed: true,
	},
	{name: "three-targets", knobs: always, given: threeTargets, kept: true, access: true},
	{
		name: "three-targets-one-fails", knobs: always,
		given: func(s *step) {
			threeTargets(s)
			s.server.Fail(sandbox.Fault{Call: "put", Path: "/orgs/", Kind: sandbox.FaultStatus, Status: 403})
		},
		status: 3, says: "org:octo/STRAVA does not hold the new refresh token.", kept: true, sealed: true, access: true,
	},
	{
		name: "three-targets-one-missing", knobs: always,
		given: func(s *step) {
			threeTargets(s)
			s.runner.Input("rotate-to", "STRAVA_REFRESH_TOKEN\nSTRAVA@staging\norg:octo/STRAVA")
		},
		status: 1, says: "github-token cannot see the environment of octo/running/STRAVA@staging.", kept: true,
	},
	{
		name: "re-run",
		given: func(s *step) {
			replacedAfter(s, time.Hour)
			s.runner.Set("GITHUB_RUN_ATTEMPT", "2")
		},
		status: 1, says: "This re-run carries an old refresh token.", kept: true,
	},
	{
		name: "re-run-without-actions-read",
		given: func(s *step) {
			replacedAfter(s, time.Hour)
			s.runner.Set("GITHUB_RUN_ATTEMPT", "2")
			s.runner.Input("github-token", s.server.NewGitHubToken("secrets-only-token", sandbox.GitHubToken{Kind: sandbox.Personal, Secrets: sandbox.Write}))
		},
		status: 1, says: "This re-run most likely carries an old refresh token.", kept: true,
	},
	{
		name:   "replaced-while-queued",
		given:  func(s *step) { replacedAfter(s, time.Hour) },
		status: 1, says: "Another run replaced the refresh token after this one was queued.", kept: true,
	},
	{
		name: "replaced-beside-this-run",
		given: func(s *step) {
			s.server.QueueRun(9001, time.Now())
			// Another run is faster: it rotates between our check and our refresh.
			s.server.Notify(func(call string) {
				if call == "token" && s.server.Count("strava", "POST", "/oauth") == 0 {
					time.Sleep(2 * time.Second)
					s.server.Replace()
					s.server.SetSecret(secretName, s.server.LiveRefreshToken())
				}
			})
		},
		status: 1, says: "Another run replaced the refresh token after this one was queued.", kept: true,
	},
	{name: "dead-before-queued", given: func(s *step) { replacedAfter(s, -time.Hour) }, status: 1, says: "The refresh token is dead.", kept: true},
	{
		name: "bad-input",
		given: func(s *step) {
			s.runner.Input("client-id", "not a number")
			s.runner.Input("client-secret", "${{ secrets.MISSPELLED }}")
			s.runner.Input("refresh-token", "null")
			s.runner.Input("rotate-to", "GITHUB_TOKEN\nSTRAVA\nstrava\nbranch:x:y")
			s.runner.Input("verify", "maybe")
			s.runner.Input("require-scopes", "activity:read_al")
			s.runner.Input("strava-url", "http://strava.example")
		},
		status: 2, says: "client-secret holds an expression that was never evaluated.", kept: true,
	},
	{
		name: "fork",
		given: func(s *step) {
			path := filepath.Join(s.t.TempDir(), "event.json")
			if err := os.WriteFile(path, []byte(`{"pull_request":{"head":{"repo":{"full_name":"someone/running"}}}}`), 0o600); err != nil {
				s.t.Fatal(err)
			}
			s.runner.Set("GITHUB_EVENT_NAME", "pull_request")
			s.runner.Set("GITHUB_EVENT_PATH", path)
			s.runner.Input("client-id", "")
			s.runner.Input("client-secret", "")
			s.runner.Input("refresh-token", "")
		},
		status: 2, says: "This run got no secrets, because it comes from a fork (client-secret, client-id, refresh-token empty).", kept: true,
	},
	{
		name: "dependabot",
		given: func(s *step) {
			s.runner.Set("GITHUB_ACTOR", "dependabot[bot]")
			s.runner.Input("client-secret", "")
			s.runner.Input("refresh-token", "")
		},
		status: 2, says: "This run got no secrets, because Dependabot started it (client-secret, refresh-token empty).", kept: true,
	},
}

// failing makes calls fail, and input sets an input.
func failing(f sandbox.Fault) func(*step)  { return func(s *step) { s.server.Fail(f) } }
func input(name, value string) func(*step) { return func(s *step) { s.runner.Input(name, value) } }

// threeTargets rotates into a repository, an environment and an organization.
func threeTargets(s *step) {
	s.server.AddEnvironment("my env/prod")
	for _, target := range []string{"STRAVA@my env/prod", "org:octo/STRAVA"} {
		s.server.SetSecret(target, s.server.LiveRefreshToken())
	}
	s.runner.Input("rotate-to", "STRAVA_REFRESH_TOKEN\nSTRAVA@my env/prod\norg:octo/STRAVA")
}

// replacedAfter hands the run a refresh token that another run replaced, some
// time after this one was queued.
func replacedAfter(s *step, d time.Duration) {
	s.server.QueueRun(9001, time.Now().Add(-d))
	s.server.Replace()
	s.server.SetSecret(secretName, s.server.LiveRefreshToken())
}

func TestScenarios(t *testing.T) {
	t.Parallel()
	for _, sc := range scenarios {
		t.Run(sc.name, func(t *testing.T) {
			inStep(t, sc.knobs, func(t *testing.T, s *step) {
				if sc.given != nil {
					sc.given(s)
				}
				sc.check(s, s.run())
				assertGolden(t, filepath.Join("testdata", "journal", sc.name+".txt"), s.server.Journal())
			})
		})
	}
}

// check asserts everything but the journal.
func (sc scenario) check(s *step, status int) {
	s.t.Helper()
	if status != sc.status {
		s.t.Errorf("exit status: got %d, want %d\n%s", status, sc.status, s.runner.Log())
	}
	s.assertNothingLeaks()
	s.assertMessage("Error", sc.says)
	s.assertMessage("Warning", sc.warns)
	if got := s.server.Secret(secretName) == s.server.LiveRefreshToken(); got != sc.kept {
		s.t.Errorf("the living refresh token is in the secret: got %t, want %t", got, sc.kept)
	}
	if got := s.server.Held(branchName) == s.server.LiveRefreshToken(); got != sc.held {
		s.t.Errorf("the living refresh token is on the branch: got %t, want %t", got, sc.held)
	}
	if got := strings.Contains(s.runner.Log(), "-----BEGIN AGE ENCRYPTED FILE-----"); got != sc.sealed {
		s.t.Errorf("the recovery text was printed: got %t, want %t", got, sc.sealed)
	}
	if got := s.runner.Output("access-token") != ""; got != sc.access {
		s.t.Errorf("the access token was handed on: got %t, want %t", got, sc.access)
	}
}

// assertMessage checks the first line of the only message of a kind; want ""
// says that there is none. Warnings of other hosts are not counted.
func (s *step) assertMessage(kind, want string) {
	s.t.Helper()
	var got []string
	for line := range strings.Lines(s.runner.Log()) {
		if rest, ok := strings.CutPrefix(line, kind+": "); ok && !strings.Contains(rest, "instead of www.strava.com") {
			got = append(got, strings.TrimSpace(rest))
		}
	}
	var all []string
	if want != "" {
		all = []string{want}
	}
	if diff := cmp.Diff(all, got); diff != "" {
		s.t.Errorf("%s (-want +got):\n%s\n%s", kind, diff, s.runner.Log())
	}
}
