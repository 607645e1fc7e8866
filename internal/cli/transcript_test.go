package cli_test

import (
	"io"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"strava-token/internal/sandbox"
)

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
