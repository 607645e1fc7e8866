package cli_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

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
	{name: "rotated-without-target", knobs: always, given: inputs("rotate-to", ""), warns: "run-no-target", sealed: true, access: true},
	{name: "rotated-without-target-or-recovery", knobs: always, status: 3, says: "run-no-target-unsealed", access: true,
		given: inputs("rotate-to", "", "recovery", "false")},
	{name: "rotated-and-handed-over", knobs: always, warns: "run-handed-over", access: true,
		given: inputs("rotate-to", "", "recovery", "false", "expose-refresh-token", "true")},
	{name: "store-fails-without-recovery", knobs: always, status: 3, says: "run-not-kept-unsealed", access: true,
		given: all(inputs("recovery", "false"), refusing("put", 404))},
	{name: "two-failures-in-one-error", knobs: sandbox.Knobs{Rotation: sandbox.RotateAlways, Inactive: true},
		status: 3, says: "run-not-kept", sealed: true, given: refusing("put", 404)},
	{name: "secret-in-place-of-its-name", status: 2, says: "input-credential", kept: true,
		given: func(s *step) { s.runner.Input("rotate-to", strings.ToUpper(s.server.Secret(secretName))) }},
	{name: "word-that-is-a-name", given: inputs("rotate-to", "null"), status: 1, says: "target-secret-not-found", kept: true},
	{name: "page-instead-of-the-store", knobs: always, status: 3, says: "run-not-kept", sealed: true, access: true,
		given: failing(sandbox.Fault{Call: "put", Kind: sandbox.FaultStatus, Status: 200, Body: "<html>"})},
	{name: "exposed-and-exported", knobs: always, kept: true, access: true,
		given: inputs("export-env", "true", "expose-refresh-token", "true")},
	{name: "preflight-refused", knobs: always, status: 1, says: "target-integration-forbidden", kept: true,
		given: gitHubToken("built-in-token", sandbox.GitHubToken{Kind: sandbox.Integration})},
	{name: "read-only-token", knobs: always, status: 1, says: "target-personal-forbidden", kept: true,
		given: gitHubToken("read-only-token", sandbox.GitHubToken{Kind: sandbox.Personal, May: "secrets=read"})},
	{name: "mistyped-secret", given: inputs("rotate-to", "STRAVA_REFRESH_TOKENS"), status: 1, says: "target-secret-not-found", kept: true},
	{name: "short-public-key", knobs: sandbox.Knobs{ShortKey: true}, status: 1, says: "target-bad-public-key", kept: true},
	{name: "store-fails", knobs: always, status: 3, says: "run-not-kept", sealed: true, access: true, given: refusing("put", 503)},
	{name: "store-repeated", knobs: always, kept: true, access: true,
		given: failing(sandbox.Fault{Call: "put", Kind: sandbox.FaultStatus, Status: 503, Times: 1})},
	{name: "inactive-app", knobs: sandbox.Knobs{Rotation: sandbox.RotateAlways, Inactive: true}, status: 1, says: "strava-app-inactive", kept: true},
	{name: "missing-scope", knobs: sandbox.Knobs{Rotation: sandbox.RotateAlways, Scopes: []string{"read"}}, status: 1, says: "run-scope", kept: true,
		given: inputs("require-scopes", "activity:read_all")},
	{name: "missing-scope-probed", knobs: sandbox.Knobs{Rotation: sandbox.RotateAlways, Scopes: []string{"read"}, HideScope: true},
		status: 1, says: "run-scope", kept: true, given: inputs("require-scopes", "read,activity:read")},
	{name: "scope-unchecked", knobs: sandbox.Knobs{HideScope: true}, warns: "run-scope-unchecked", kept: true, access: true,
		given: inputs("require-scopes", "activity:read_all profile:read_all")},
	{name: "another-athlete", knobs: always, status: 3, says: "run-wrong-athlete-sealed", sealed: true,
		given: inputs("expected-athlete", "42")},
	{name: "another-athlete-unchanged", given: inputs("expected-athlete", "42"), status: 1, says: "run-wrong-athlete", kept: true},
	{name: "expected-athlete", knobs: always, given: inputs("expected-athlete", "126651800"), kept: true, access: true},
	{name: "athlete-unchecked", knobs: always, status: 1, says: "run-athlete-unchecked", kept: true,
		given: all(inputs("expected-athlete", "126651800"), refusing("athlete", 503))},
	{name: "unverified", knobs: always, warns: "run-unverified", kept: true, access: true, given: refusing("athlete", 429)},
	{name: "not-verified", knobs: sandbox.Knobs{Rotation: sandbox.RotateAlways, Inactive: true}, kept: true, access: true,
		given: inputs("verify", "False")},
	{name: "access-token-refused", knobs: always, status: 1, says: "strava-access-token-refused", kept: true, given: failing(sandbox.Fault{
		Call: "athlete", Kind: sandbox.FaultStatus, Status: 401,
		Body: `{"message":"Authorization Error","errors":[{"resource":"Athlete","field":"access_token","code":"invalid"}]}`,
	})},
	{name: "wrong-secret", given: inputs("client-secret", strings.Repeat("01234567", 5)), status: 1, says: "strava-wrong-client-secret", kept: true},
	{name: "unknown-client-id", given: inputs("client-id", "1"), status: 1, says: "strava-invalid-client-id", kept: true},
	{name: "dead-token", given: inputs("refresh-token", "89abcdef0123456789abcdef0123456789abcdef"), status: 1, says: "stale-unknown", kept: true},
	{name: "rate-limited", status: 1, says: "strava-rate-limited", kept: true, given: refusing("token", 429)},
	{name: "outage-then-success", knobs: always, kept: true, access: true,
		given: failing(sandbox.Fault{Call: "token", Kind: sandbox.FaultStatus, Status: 503, Times: 1})},
	{name: "outage", given: refusing("token", 597), status: 1, says: "strava-outage", kept: true},
	{name: "answer-lost", knobs: always, status: 1, says: "strava-answer-lost",
		given: failing(sandbox.Fault{Call: "token", Kind: sandbox.FaultCutAfter, Times: 1})},
	{name: "junk-beside-a-refresh-token", knobs: always, status: 1, says: "strava-malformed", kept: true, given: failing(sandbox.Fault{
		Call: "token", Kind: sandbox.FaultBody, Body: `{"access_token":null,"expires_at":"soon","refresh_token":"{refresh_token}"}`})},
	{name: "cancelled-before", inside: true, knobs: always, status: 1, says: "run-cancelled", kept: true,
		given: func(s *step) { s.cancel() }},
	{name: "cancelled-during-the-token-request", inside: true, knobs: sandbox.Knobs{Rotation: sandbox.RotateAlways, Latency: time.Second},
		status: 1, says: "run-cancelled-late", kept: true, sealed: true,
		given: func(s *step) { time.AfterFunc(1500*time.Millisecond, s.cancel) }},
	{name: "three-targets", knobs: always, given: threeTargets, kept: true, access: true},
	{name: "three-targets-one-fails", knobs: always, status: 3, says: "run-not-kept", kept: true, sealed: true, access: true,
		given: all(threeTargets, failing(sandbox.Fault{Call: "put", Path: "/orgs/", Kind: sandbox.FaultStatus, Status: 403}))},
	{name: "three-targets-one-missing", knobs: always, status: 1, says: "target-environment-not-found", kept: true,
		given: all(threeTargets, inputs("rotate-to", "STRAVA_REFRESH_TOKEN\nSTRAVA@staging\norg:octo/STRAVA"))},
	{name: "re-run", status: 1, says: "stale-rerun", kept: true, given: all(replacedAfter(time.Hour), runnerSets("GITHUB_RUN_ATTEMPT", "2"))},
	{name: "re-run-without-actions-read", status: 1, says: "stale-maybe", kept: true, given: all(replacedAfter(time.Hour), runnerSets("GITHUB_RUN_ATTEMPT", "2"),
		gitHubToken("secrets-only-token", sandbox.GitHubToken{Kind: sandbox.Personal, May: "secrets=write"}))},
	{name: "replaced-while-queued", given: replacedAfter(time.Hour), status: 1, says: "stale-queued", kept: true},
	{name: "replaced-beside-this-run", status: 1, says: "stale-queued", kept: true, given: func(s *step) {
		s.server.Set(func(k *sandbox.Knobs) { k.Queued = time.Now() })
		// Another run is faster: it rotates between our check and our refresh.
		s.atFirst("token", func() {
			time.Sleep(2 * time.Second)
			s.replace()
		})
	}},
	{name: "dead-before-queued", given: replacedAfter(-time.Hour), status: 1, says: "stale-dead", kept: true},
	{name: "bad-input", status: 2, says: "input-expression", kept: true,
		given: inputs("client-id", "not a number", "client-secret", "${{ secrets.MISSPELLED }}", "refresh-token", "null",
			"rotate-to", "GITHUB_TOKEN\nSTRAVA\nstrava\nbranch:x:y", "verify", "maybe", "require-scopes", "activity:read_al",
			"strava-url", "http://strava.example")},
	{name: "fork", status: 2, says: "input-fork", kept: true, given: func(s *step) {
		runnerSets("GITHUB_EVENT_NAME", "pull_request", "GITHUB_EVENT_PATH", writeFile(s.t, `{"pull_request":{"head":{"repo":{"full_name":"someone/running"}}}}`))(s)
		inputs("client-id", "", "client-secret", "", "refresh-token", "")(s)
	}},
	{name: "dependabot", status: 2, says: "input-dependabot", kept: true,
		given: all(runnerSets("GITHUB_ACTOR", "dependabot[bot]"), inputs("client-secret", "", "refresh-token", ""))},
}

// given does what a row needs before its run, if anything.
func (s *step) given(do func(*step)) {
	if do != nil {
		do(s)
	}
}

// failing makes calls fail, and refusing makes them fail with a status.
func failing(f sandbox.Fault) func(*step) { return func(s *step) { s.server.Fail(f) } }
func refusing(call string, status int) func(*step) {
	return failing(sandbox.Fault{Call: call, Kind: sandbox.FaultStatus, Status: status})
}

// inputs sets inputs: a name, its value, and so on.
func inputs(pairs ...string) func(*step) {
	return func(s *step) {
		for pair := range slices.Chunk(pairs, 2) {
			s.runner.Input(pair[0], pair[1])
		}
	}
}

// runnerSets sets the environment, as inputs does.
func runnerSets(pairs ...string) func(*step) {
	return func(s *step) {
		for pair := range slices.Chunk(pairs, 2) {
			s.runner.Set(pair[0], pair[1])
		}
	}
}

// gitHubToken is another one, by the name that a journal gives it.
func gitHubToken(name string, token sandbox.GitHubToken) func(*step) {
	return func(s *step) { s.runner.Input("github-token", s.server.NewGitHubToken(name, token)) }
}

// all does one thing after the other.
func all(givens ...func(*step)) func(*step) {
	return func(s *step) {
		for _, given := range givens {
			given(s)
		}
	}
}

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
func replacedAfter(d time.Duration) func(*step) {
	return func(s *step) {
		s.server.Set(func(k *sandbox.Knobs) { k.Queued = time.Now().Add(-d) })
		s.replace()
	}
}

// replace replaces the refresh token, as another run does.
func (s *step) replace() {
	s.server.Replace()
	s.server.SetSecret(secretName, s.server.LiveRefreshToken())
}

func TestScenarios(t *testing.T) {
	for _, sc := range scenarios {
		runInStep(t, sc.name, sc.knobs, func(t *testing.T, s *step) {
			s.given(sc.given)
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
	s.assertMessage("Error", sc.says)
	s.assertMessage("Warning", sc.warns)
	check.Equal(s.t, s.kept(), sc.kept, "the living refresh token is in the secret")
	check.Equal(s.t, s.server.Held(branchName) == s.server.LiveRefreshToken(), sc.held, "the living refresh token is on the branch")
	log, summary, mark := s.runner.Log(), s.runner.File("GITHUB_STEP_SUMMARY"), "-----BEGIN AGE ENCRYPTED FILE-----"
	check.Equal(s.t, [2]bool{strings.Contains(log, mark), strings.Contains(summary, mark)}, [2]bool{sc.sealed, sc.sealed}, "the recovery text was shown")
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
	check.Same(s.t, got, all, "%s\n%s", kind, s.runner.Log())
}
