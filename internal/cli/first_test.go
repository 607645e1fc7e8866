package cli_test

import (
	"io"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"strava-token/internal/check"
	"strava-token/internal/sandbox"
)

// asInExample is the step of examples/sync.yml, in a run that nothing but a push
// started.
func (s *step) asInExample(code string) {
	s.t.Helper()
	s.newRun()
	inputs("refresh-token", "", "code", code, "rotate-to", "branch:"+branchName, "require-scopes", "activity:read_all")(s)
	runnerSets("GITHUB_SERVER_URL", "https://github.com", "GITHUB_EVENT_NAME", "push",
		"GITHUB_WORKFLOW_REF", "octo/running/.github/workflows/strava.yml@refs/heads/main")(s)
}

// dispatched makes the run one that Run workflow started, with these inputs.
func (s *step) dispatched(inputs string) {
	s.t.Helper()
	runnerSets("GITHUB_EVENT_NAME", "workflow_dispatch", "GITHUB_EVENT_PATH", writeFile(s.t, `{"inputs":`+inputs+`}`))(s)
}

var shownLink = regexp.MustCompile(`https?://\S*/oauth/authorize\?[^\s),]*[^\s),.]`)

// link is the one in the log, which must be the one in the summary.
func (s *step) link() *url.URL {
	s.t.Helper()
	text := shownLink.FindString(s.runner.Log())
	check.Need(s.t, text != "", "there is no link:\n%s", s.runner.Log())
	check.Contains(s.t, s.runner.File("GITHUB_STEP_SUMMARY"), "]("+text+")")
	return check.Must(url.Parse(text))(s.t)
}

// comeBack is the address that the browser ends on.
func (s *step) comeBack(link *url.URL, scope string) string {
	return link.Query().Get("redirect_uri") + "?state=" + link.Query().Get("state") + "&code=" + url.QueryEscape(s.server.NewCode()) + "&scope=" + scope
}

const granted = "read,activity:read_all"

// TestTheRunLeadsToTheFirstToken, with a callback domain that lets Strava lead back
// to the workflow's page, and with one that does not.
func TestTheRunLeadsToTheFirstToken(t *testing.T) {
	for domain, want := range map[string][2]string{
		"github.com": {"https://github.com/octo/running/actions/workflows/strava.yml", "run-authorize"},
		"":           {"http://localhost/copy-this-whole-address", "run-authorize-localhost"},
	} {
		runInStep(t, "domain "+domain, sandbox.Knobs{Rotation: sandbox.RotateAlways, CallbackDomain: domain}, func(t *testing.T, s *step) {
			s.asInExample("")
			s.expect(1, want[1])
			link := s.link()
			query := link.Query()
			check.Same(t, query, url.Values{
				"client_id": {s.server.App().ID}, "scope": {granted}, "redirect_uri": {want[0]}, "response_type": {"code"},
				"approval_prompt": {"force"}, "state": {query.Get("state")},
			}, "%s", link)
			masked := strings.Contains(link.RawQuery, s.server.App().ID) || strings.ContainsAny(query.Get("state"), "0123456789")
			check.That(t, !masked, "a mask of the client id would hit %s", link)

			// The code reaches every job, and one of them spends it.
			address := s.comeBack(link, granted)
			for _, first := range []bool{true, false} {
				s.asInExample(address)
				s.expect(0, "")
				check.Equal(t, s.server.Held(branchName), s.server.LiveRefreshToken(), "the branch")
				check.That(t, s.runner.Output("access-token") != "", "the step behind has no token")
				check.Equal(t, strings.Contains(s.runner.Log(), "nothing is left to do"), first, "it's said that all is set up:\n%s", s.runner.Log())
			}
			// A job with a target of its own asked for no code.
			s.asInExample(strings.Replace(address, "state=", "state=x", 1))
			s.expect(0, "")
			s.assertMessage("Warning", "input-wrong-state")
			s.asInExample("")
			s.expect(0, "")
		})
	}
}

// expect runs, and checks the exit status and the message.
func (s *step) expect(status int, id string) {
	s.t.Helper()
	check.Equal(s.t, s.run(), status, "exit status\n%s", s.runner.Log())
	s.assertMessage("Error", id)
}

// TestWhatIsWrongIsSaid in the first run, and no link is shown then; and a code is
// refused before it is spent, with a link to another one.
func TestWhatIsWrongIsSaid(t *testing.T) {
	dead := strings.Repeat("0", 40)
	for _, tt := range []struct {
		name   string
		code   string // of the run after the first; STATE and CODE are those of its link
		given  func(*step)
		status int
		says   string
	}{
		{"client id", "", inputs("client-id", "1"), 1, "strava-invalid-client-id"},
		{"client secret", "", inputs("client-secret", strings.Repeat("f", 40)), 1, "strava-wrong-client-secret"},
		{"both swapped", "", func(s *step) { inputs("client-id", s.server.App().Secret, "client-secret", s.server.App().ID)(s) }, 2, "input-short"},
		{"permission", "", gitHubToken("built-in-token", sandbox.GitHubToken{Kind: sandbox.Integration}), 1, "branch-integration-forbidden"},
		{"a secret that the workflow does not pass", "", inputs("rotate-to", secretName), 1, "run-empty-refresh-token"},
		{"no target", "", inputs("rotate-to", ""), 2, "input-missing-refresh-token"},
		{"a fork", "", all(runnerSets("GITHUB_ACTOR", "dependabot[bot]"), inputs("client-secret", "")), 2, "input-dependabot"},
		{"a code that the workflow does not pass", "", func(s *step) { s.dispatched(`{"code":"http://localhost/?code=x"}`) }, 1, "input-code-not-passed"},

		{"an unticked box", "http://localhost/?state=STATE&code=CODE&scope=read", nil, 2, "input-unticked"},
		{"Cancel", "http://localhost/?state=STATE&error=access_denied", nil, 2, "input-denied"},
		{"no code", "https://www.strava.com/settings/api", nil, 2, "input-no-code"},
		{"an old code", "http://localhost/?state=STATE&code=" + dead, nil, 1, "strava-invalid-code"},
		{"another login's", "http://localhost/?state=other&code=" + dead, nil, 1, "input-wrong-state"},
	} {
		runInStep(t, tt.name, sandbox.Knobs{}, func(t *testing.T, s *step) {
			s.asInExample("")
			if tt.code != "" {
				s.run()
				s.asInExample(strings.NewReplacer("STATE", s.link().Query().Get("state"), "CODE", url.QueryEscape(s.server.NewCode())).Replace(tt.code))
				s.dispatched(`{"code":"an address"}`)
			}
			s.given(tt.given)
			before := s.server.LiveRefreshToken()
			s.expect(tt.status, tt.says)
			check.That(t, s.server.LiveRefreshToken() == before, "the code was spent")
			if tt.code != "" {
				s.link()
			} else {
				check.Equal(t, shownLink.FindString(s.runner.Log()+s.runner.File("GITHUB_STEP_SUMMARY")), "", "there is a link")
			}
		})
	}
}

// TestAWorkflowWithoutTheFieldIsToldTheLines to add, and where.
func TestAWorkflowWithoutTheFieldIsToldTheLines(t *testing.T) {
	inStep(t, sandbox.Knobs{}, func(t *testing.T, s *step) {
		s.asInExample("")
		s.dispatched("null")
		s.expect(1, "run-authorize-add-code")
		s.link()
		check.Contains(t, s.runner.File("GITHUB_STEP_SUMMARY"), "inputs:\n         code:", "code: ${{ inputs.code }}",
			"https://github.com/octo/running/edit/main/.github/workflows/strava.yml")
		s.asInExample("")
		s.dispatched(`{"code":""}`)
		s.expect(1, "run-authorize-localhost")
	})
}

// TestTheLinkAsksForWhatTheTokenHad besides what is required: whoever uploads does
// not lose that by authorizing again.
func TestTheLinkAsksForWhatTheTokenHad(t *testing.T) {
	inStep(t, sandbox.Knobs{Scopes: []string{"read", "activity:read_all", "activity:write"}}, func(t *testing.T, s *step) {
		s.asInExample("")
		s.run()
		s.asInExample(s.comeBack(s.link(), "read,activity:read_all,activity:write"))
		s.expect(0, "")
		s.server.Advance(7 * time.Hour)
		s.server.Replace()
		s.asInExample("")
		s.expect(1, "stale-stored")
		check.Equal(t, s.link().Query().Get("scope"), "read,activity:read_all,activity:write", "scope")
	})
}

var (
	anyPort  = regexp.MustCompile(`127\.0\.0\.1(:|%3A)\d+`)
	anyState = regexp.MustCompile(`state=[0-9a-z]{32}`)
)

// assertTranscript holds what a user reads against a golden file; ports and
// states differ in every run.
func assertTranscript(t *testing.T, name, got string) {
	t.Helper()
	got = anyState.ReplaceAllString(anyPort.ReplaceAllString(got, "127.0.0.1:PORT"), "state=STATE")
	assertGolden(t, filepath.Join("testdata", "transcript", name+".txt"), got)
}

// TestTranscripts keeps what a new user reads on each of the three ways to the
// first token.
func TestTranscripts(t *testing.T) {
	t.Parallel()
	t.Run("laptop", func(t *testing.T) {
		t.Parallel()
		v := newVisitor(t, sandbox.Knobs{})
		v.runs(0, "", intoRepository...)
		assertTranscript(t, "laptop", v.stderr.String()+"\n-- the page --\n"+stripTags(v.pages[0]))
	})
	t.Run("remote shell", func(t *testing.T) {
		t.Parallel()
		v := newVisitor(t, sandbox.Knobs{})
		v.browse = func(address string) {
			_, _ = io.WriteString(v.stdin, v.callback(address, "activity:read_all")+"\n")
		}
		v.runs(0, "", intoRepository...)
		assertTranscript(t, "remote-shell", v.stderr.String())
	})
	for name, language := range map[string]string{"workflow": "", "workflow-in-chinese": "zh"} {
		runInStep(t, name, sandbox.Knobs{CallbackDomain: "github.com"}, func(t *testing.T, s *step) {
			read := ""
			run := func(which, code string) {
				s.asInExample(code)
				s.runner.Input("language", language)
				s.run()
				read += "-- " + which + " run, its log --\n" + s.runner.Log() + "\n-- its summary --\n" + s.runner.File("GITHUB_STEP_SUMMARY") + "\n"
			}
			run("the first", "")
			run("the second", s.comeBack(s.link(), granted))
			s.server.Advance(7 * time.Hour)
			s.server.Replace()
			run("another program used the token, and the third", "")
			assertTranscript(t, name, read)
		})
	}
}

var tags = regexp.MustCompile(`(?s)<style>.*?</style>|<[^>]*>`)

func stripTags(html string) string { return tags.ReplaceAllString(html, "") }
