package cli_test

import (
	"strings"
	"sync"

	"strava-token/internal/check"
	"strava-token/internal/sandbox"
)

const branchName = "strava-token"

// always replaces the refresh token with every refresh.
var always = sandbox.Knobs{Rotation: sandbox.RotateAlways}

// branchScenarios rotate onto a branch with the built-in token. The secret keeps
// the refresh token of the first day.
var branchScenarios = []scenario{
	{name: "branch-created", knobs: always, given: onBranch, held: true, access: true},
	{name: "branch-rotated", knobs: always, given: afterADay, held: true, access: true},
	{name: "branch-unchanged", given: afterADay, kept: true, held: true, access: true},
	{name: "branch-without-an-input", knobs: always, given: all(afterADay, inputs("refresh-token", "")), held: true, access: true},
	{name: "branch-re-run", knobs: always, given: all(afterADay, runnerSets("GITHUB_RUN_ATTEMPT", "2")), held: true, access: true},
	{name: "branch-login-again", knobs: always, held: true, access: true, given: func(s *step) {
		afterADay(s)
		s.replace()
		s.runner.Input("refresh-token", s.server.Secret(secretName))
	}},
	{name: "branch-bootstrap", warns: "input-code-without-state", held: true, access: true,
		knobs: sandbox.Knobs{Rotation: sandbox.RotateAlways, Suffix: "x"}, // a bare code has no signs in it
		given: func(s *step) { onBranch(s); inputs("refresh-token", "", "code", s.server.NewCode())(s) }},
	{name: "branch-first-and-then-the-secret", knobs: always, kept: true, held: true, access: true,
		given: func(s *step) {
			afterADay(s)
			inputs("rotate-to", secretName+"\nbranch:"+branchName, "github-token", s.server.GitHubToken())(s)
		}},
	{name: "branch-overtaken-by-a-dead-token", knobs: always, held: true, access: true, given: func(s *step) {
		afterADay(s)
		document := s.server.File(branchName, "refresh-token.txt")
		s.atFirst("put-content", func() { s.server.SetFile(branchName, "refresh-token.txt", document+"\n") })
	}},
	{name: "branch-dead", given: func(s *step) { afterADay(s); s.server.Replace() }, status: 1, says: "stale-stored"},
	{name: "branch-holds-nothing", given: all(onBranch, inputs("refresh-token", "")), status: 1, says: "run-authorize-localhost", kept: true},
	{name: "branch-store-fails", knobs: always, status: 3, says: "run-not-kept", sealed: true, access: true,
		given: all(afterADay, failing(sandbox.Fault{Call: "put-content", Kind: sandbox.FaultStatus, Status: 403,
			Body: `{"message":"Resource not accessible by integration"}`}))},
	{name: "branch-answer-of-the-store-lost", knobs: always, held: true, access: true,
		given: all(afterADay, failing(sandbox.Fault{Call: "put-content", Kind: sandbox.FaultCutAfter, Times: 1}))},
	{name: "branch-not-permitted", knobs: always, status: 1, says: "branch-integration-forbidden", kept: true,
		given: all(onBranch, gitHubToken("read-only-token", sandbox.GitHubToken{Kind: sandbox.Integration, May: "contents=read"}))},
	{name: "branch-in-an-empty-repository", status: 1, says: "target-empty-repository", kept: true,
		given: func(s *step) { onBranch(s); s.server.DeleteBranch("main") }},
	{name: "branch-protected", status: 1, says: "target-protected", kept: true, held: true,
		given: func(s *step) { afterADay(s); s.server.Set(func(k *sandbox.Knobs) { k.Protected = branchName }) }},
	{name: "branch-ruled", status: 1, says: "target-ruled", kept: true,
		given: func(s *step) { onBranch(s); s.server.SetRules(branchName, "deletion", "creation") }},
	{name: "branch-not-ours", status: 1, says: "target-not-ours", kept: true,
		given: func(s *step) { onBranch(s); s.server.SetFile(branchName, "refresh-token.txt", "# notes\n") }},
	{name: "branch-too-large", status: 1, says: "target-too-large", kept: true,
		given: func(s *step) {
			onBranch(s)
			s.server.SetFile(branchName, "refresh-token.txt", strings.Repeat("x", 100<<10))
		}},
	{name: "branch-under-another-client-secret", status: 1, says: "target-other-secret", kept: true, held: true,
		given: all(afterADay, inputs("client-secret", strings.Repeat("0123456789", 4)))},
	{name: "branch-of-another-athlete", status: 1, says: "run-wrong-holder", kept: true, held: true,
		given: all(afterADay, inputs("expected-athlete", "42"))},
	{name: "branch-given-another-athlete", knobs: always, status: 3, says: "run-holder-of-another-sealed", held: true, sealed: true,
		given: func(s *step) { afterADay(s); s.runner.Input("refresh-token", s.server.Connect(42)) }},
	{name: "file-in-a-workflow", given: inputs("rotate-to", "file:/tmp/token"), status: 2, says: "input-file-in-action", kept: true},
	{name: "two-branches", given: inputs("rotate-to", "branch:a\nbranch:b"), status: 2, says: "input-two-stores", kept: true},
}

// onBranch lets the step keep its refresh token on a branch, with the token that
// every workflow has.
func onBranch(s *step) {
	s.runner.Input("rotate-to", "branch:"+branchName)
	s.runner.Input("github-token", s.server.BuiltInToken())
}

// afterADay is onBranch after a first run that ended well.
func afterADay(s *step) {
	s.t.Helper()
	onBranch(s)
	check.Equal(s.t, s.run(), 0, "the first run ended with status\n%s", s.runner.Log())
	s.newRun()
	onBranch(s)
}

// atFirst calls f before the first call of a name.
func (s *step) atFirst(call string, f func()) {
	var once sync.Once
	s.server.Notify(func(name string) {
		if name == call {
			once.Do(f)
		}
	})
}
