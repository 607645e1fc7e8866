package cli_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"strava-token/internal/check"
	"strava-token/internal/sandbox"
)

// scenario is one way in which a run can end.
type scenario struct {
	name   string
	knobs  sandbox.Knobs
	given  func(*step)
	inside bool // cancels from inside this process
	status int
	says   string // the id of the error, or "" for none
	warns  string // the id of a warning, hosts aside
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
		warns: "run-no-target", sealed: true, access: true,
	},
	{
		name: "rotated-without-target-or-recovery", knobs: always,
		given:  func(s *step) { s.runner.Input("rotate-to", ""); s.runner.Input("recovery", "false") },
		status: 3, says: "run-no-target-unsealed", access: true,
	},
	{
		name: "rotated-and-handed-over", knobs: always,
		given: func(s *step) {
			s.runner.Input("rotate-to", "")
			s.runner.Input("recovery", "false")
			s.runner.Input("expose-refresh-token", "true")
		},
		warns: "run-handed-over", access: true,
	},
	{
		name: "store-fails-without-recovery", knobs: always,
		given: func(s *step) {
			s.runner.Input("recovery", "false")
			s.server.Fail(sandbox.Fault{Call: "put", Kind: sandbox.FaultStatus, Status: 404})
		},
		status: 3, says: "run-not-kept-unsealed", access: true,
	},
	{
		name:   "two-failures-in-one-error",
		knobs:  sandbox.Knobs{Rotation: sandbox.RotateAlways, Inactive: true},
		given:  failing(sandbox.Fault{Call: "put", Kind: sandbox.FaultStatus, Status: 404}),
		status: 3, says: "run-not-kept", sealed: true,
	},
	{
		name:   "secret-in-place-of-its-name",
		given:  func(s *step) { s.runner.Input("rotate-to", strings.ToUpper(s.server.Secret(secretName))) },
		status: 2, says: "input-credential", kept: true,
	},
	{name: "word-that-is-a-name", given: input("rotate-to", "null"), status: 1, says: "target-secret-not-found", kept: true},
	{
		name: "page-instead-of-the-store", knobs: always,
		given:  failing(sandbox.Fault{Call: "put", Kind: sandbox.FaultStatus, Status: 200, Body: "<html>"}),
		status: 3, says: "run-not-kept", sealed: true, access: true,
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
		status: 1, says: "target-integration-forbidden", kept: true,
	},
	{
		name: "read-only-token", knobs: always,
		given: func(s *step) {
			s.runner.Input("github-token", s.server.NewGitHubToken("read-only-token",
				sandbox.GitHubToken{Kind: sandbox.Personal, Secrets: sandbox.Read}))
		},
		status: 1, says: "target-personal-forbidden", kept: true,
	},
	{name: "mistyped-secret", given: input("rotate-to", "STRAVA_REFRESH_TOKENS"), status: 1, says: "target-secret-not-found", kept: true},
	{
		name:   "short-public-key",
		given:  func(s *step) { s.server.BreakPublicKey() },
		status: 1, says: "target-bad-public-key", kept: true,
	},
	{
		name: "store-fails", knobs: always,
		given:  failing(sandbox.Fault{Call: "put", Kind: sandbox.FaultStatus, Status: 503}),
		status: 3, says: "run-not-kept", sealed: true, access: true,
	},
	{name: "store-repeated", knobs: always, given: failing(sandbox.Fault{Call: "put", Kind: sandbox.FaultStatus, Status: 503, Times: 1}), kept: true, access: true},
	{name: "inactive-app", knobs: sandbox.Knobs{Rotation: sandbox.RotateAlways, Inactive: true}, status: 1, says: "strava-app-inactive", kept: true},
	{
		name:   "missing-scope",
		knobs:  sandbox.Knobs{Rotation: sandbox.RotateAlways, Scopes: []string{"read"}},
		given:  input("require-scopes", "activity:read_all"),
		status: 1, says: "run-scope", kept: true,
	},
	{
		name:   "missing-scope-probed",
		knobs:  sandbox.Knobs{Rotation: sandbox.RotateAlways, Scopes: []string{"read"}, HideScope: true},
		given:  input("require-scopes", "read,activity:read"),
		status: 1, says: "run-scope", kept: true,
	},
	{
		name:  "scope-unchecked",
		knobs: sandbox.Knobs{HideScope: true},
		given: input("require-scopes", "activity:read_all profile:read_all"),
		warns: "run-scope-unchecked", kept: true, access: true,
	},
	{
		name: "another-athlete", knobs: always,
		given:  input("expected-athlete", "42"),
		status: 3, says: "run-wrong-athlete-sealed", sealed: true,
	},
	{name: "another-athlete-unchanged", given: input("expected-athlete", "42"), status: 1, says: "run-wrong-athlete", kept: true},
	{name: "expected-athlete", knobs: always, given: input("expected-athlete", "126651800"), kept: true, access: true},
	{
		name: "athlete-unchecked", knobs: always,
		given: func(s *step) {
			s.runner.Input("expected-athlete", "126651800")
			s.server.Fail(sandbox.Fault{Call: "athlete", Kind: sandbox.FaultStatus, Status: 503})
		},
		status: 1, says: "run-athlete-unchecked", kept: true,
	},
	{
		name: "unverified", knobs: always,
		given: failing(sandbox.Fault{Call: "athlete", Kind: sandbox.FaultStatus, Status: 429}),
		warns: "run-unverified", kept: true, access: true,
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
		status: 1, says: "strava-access-token-refused", kept: true,
	},
	{name: "wrong-secret", given: input("client-secret", "0123456789abcdef0123456789abcdef01234567"), status: 1, says: "strava-wrong-client-secret", kept: true},
	{name: "unknown-client-id", given: input("client-id", "1"), status: 1, says: "strava-invalid-client-id", kept: true},
	{name: "dead-token", given: input("refresh-token", "89abcdef0123456789abcdef0123456789abcdef"), status: 1, says: "stale-unknown", kept: true},
	{
		name:   "rate-limited",
		given:  failing(sandbox.Fault{Call: "token", Kind: sandbox.FaultStatus, Status: 429}),
		status: 1, says: "strava-rate-limited", kept: true,
	},
	{name: "outage-then-success", knobs: always, given: failing(sandbox.Fault{Call: "token", Kind: sandbox.FaultStatus, Status: 503, Times: 1}), kept: true, access: true},
	{name: "outage", given: failing(sandbox.Fault{Call: "token", Kind: sandbox.FaultStatus, Status: 597}), status: 1, says: "strava-outage", kept: true},
	{
		name: "answer-lost", knobs: always,
		given:  failing(sandbox.Fault{Call: "token", Kind: sandbox.FaultCutAfter, Times: 1}),
		status: 1, says: "strava-answer-lost",
	},
	{
		name: "junk-beside-a-refresh-token", knobs: always,
		given: func(s *step) {
			s.server.Fail(sandbox.Fault{Call: "token", Kind: sandbox.FaultBody,
				Body: `{"access_token":null,"expires_at":"soon","refresh_token":"{refresh_token}"}`})
		},
		status: 1, says: "strava-malformed", kept: true,
	},
	{
		name: "cancelled-before", inside: true,
		knobs:  always,
		given:  func(s *step) { s.cancel() },
		status: 1, says: "run-cancelled", kept: true,
	},
	{
		name: "cancelled-during-the-token-request", inside: true,
		knobs: sandbox.Knobs{Rotation: sandbox.RotateAlways, Latency: time.Second},
		given: func(s *step) {
			time.AfterFunc(1500*time.Millisecond, s.cancel)
		},
		status: 1, says: "run-cancelled-late", kept: true, sealed: true,
	},
	{name: "three-targets", knobs: always, given: threeTargets, kept: true, access: true},
	{
		name: "three-targets-one-fails", knobs: always,
		given: func(s *step) {
			threeTargets(s)
			s.server.Fail(sandbox.Fault{Call: "put", Path: "/orgs/", Kind: sandbox.FaultStatus, Status: 403})
		},
		status: 3, says: "run-not-kept", kept: true, sealed: true, access: true,
	},
	{
		name: "three-targets-one-missing", knobs: always,
		given: func(s *step) {
			threeTargets(s)
			s.runner.Input("rotate-to", "STRAVA_REFRESH_TOKEN\nSTRAVA@staging\norg:octo/STRAVA")
		},
		status: 1, says: "target-environment-not-found", kept: true,
	},
	{
		name: "re-run",
		given: func(s *step) {
			replacedAfter(s, time.Hour)
			s.runner.Set("GITHUB_RUN_ATTEMPT", "2")
		},
		status: 1, says: "stale-rerun", kept: true,
	},
	{
		name: "re-run-without-actions-read",
		given: func(s *step) {
			replacedAfter(s, time.Hour)
			s.runner.Set("GITHUB_RUN_ATTEMPT", "2")
			s.runner.Input("github-token", s.server.NewGitHubToken("secrets-only-token", sandbox.GitHubToken{Kind: sandbox.Personal, Secrets: sandbox.Write}))
		},
		status: 1, says: "stale-maybe", kept: true,
	},
	{
		name:   "replaced-while-queued",
		given:  func(s *step) { replacedAfter(s, time.Hour) },
		status: 1, says: "stale-queued", kept: true,
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
		status: 1, says: "stale-queued", kept: true,
	},
	{name: "dead-before-queued", given: func(s *step) { replacedAfter(s, -time.Hour) }, status: 1, says: "stale-dead", kept: true},
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
		status: 2, says: "input-expression", kept: true,
	},
	{
		name: "fork",
		given: func(s *step) {
			path := filepath.Join(s.t.TempDir(), "event.json")
			check.OK(s.t, os.WriteFile(path, []byte(`{"pull_request":{"head":{"repo":{"full_name":"someone/running"}}}}`), 0o600))
			s.runner.Set("GITHUB_EVENT_NAME", "pull_request")
			s.runner.Set("GITHUB_EVENT_PATH", path)
			s.runner.Input("client-id", "")
			s.runner.Input("client-secret", "")
			s.runner.Input("refresh-token", "")
		},
		status: 2, says: "input-fork", kept: true,
	},
	{
		name: "dependabot",
		given: func(s *step) {
			s.runner.Set("GITHUB_ACTOR", "dependabot[bot]")
			s.runner.Input("client-secret", "")
			s.runner.Input("refresh-token", "")
		},
		status: 2, says: "input-dependabot", kept: true,
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
		runInStep(t, sc.name, sc.knobs, func(t *testing.T, s *step) {
			if sc.given != nil {
				sc.given(s)
			}
			sc.check(s, s.run())
			journal := anyState.ReplaceAllString(s.server.Journal(), "state=STATE")
			assertGolden(t, filepath.Join("testdata", "journal", sc.name+".txt"), journal)
		})
	}
}

// check asserts everything but the journal.
func (sc scenario) check(s *step, status int) {
	s.t.Helper()
	check.Equal(s.t, status, sc.status, "exit status\n%s", s.runner.Log())
	s.assertNothingLeaks()
	s.assertMessage("Error", sc.says)
	s.assertMessage("Warning", sc.warns)
	check.Equal(s.t, s.server.Secret(secretName) == s.server.LiveRefreshToken(), sc.kept, "the living refresh token is in the secret")
	check.Equal(s.t, s.server.Held(branchName) == s.server.LiveRefreshToken(), sc.held, "the living refresh token is on the branch")
	check.Equal(s.t, strings.Contains(s.runner.Log(), "-----BEGIN AGE ENCRYPTED FILE-----"), sc.sealed, "the recovery text was printed")
	check.Equal(s.t, s.runner.Output("access-token") != "", sc.access, "the access token was handed on")
}

// assertMessage checks the id of the only message of a kind; want "" says that
// there is none. Warnings of other hosts are not counted. An error may be several
// messages: the first one counts.
func (s *step) assertMessage(kind, want string) {
	s.t.Helper()
	var got []string
	for _, after := range strings.Split("\n"+s.runner.Log(), "\n"+kind+": ")[1:] {
		_, id, _ := strings.Cut(after, "\nmore: ")
		id, _, _ = strings.Cut(id, "\n")
		if !strings.HasPrefix(id, "input-other-") {
			got = append(got, id)
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
