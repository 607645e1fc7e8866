package cli_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"strava-token/internal/check"
	"strava-token/internal/cli"
)

// badInputs holds an input a row, and bad values of it; everything else is right. What a run says
// of them is in testdata/inputs.txt, and whether it masks the value first: what
// was pasted may be a real credential with something glued to it, but the mask of
// a word or of a few characters would mangle the log.
var badInputs = []struct {
	variable string
	values   []string
}{
	{"INPUT_CLIENT-ID", []string{
		"", "  ", "***", "${{ secrets.ID }}", "12 34", `"48213"`, "my-app", "-5", "1234567890123456789",
		"0123456789abcdef0123456789abcdef01234567",
	}},
	{"INPUT_CLIENT-SECRET", []string{
		"", "null", "-", "…", "abc",
	}},
	{"INPUT_REFRESH-TOKEN", []string{"<your refresh token>"}},
	{"INPUT_GITHUB-TOKEN", []string{
		"", "xxx", "ghp_01234567 89abcdef", "ghp_01234567\n89abcdef", `"ghp_0123456789abcdef"`, "ghp_0123456789äbcdef",
		strings.Repeat("a", 3000),
	}},
	{"INPUT_ROTATE-TO", []string{
		"1ST", "GITHUB_STRAVA", "vault:x", "A\na", "A\nOcto/running/A", "branch:main", "branch:main#alice",
		"branch:refs/heads/strava-token",
	}},
	{"GITHUB_REPOSITORY", []string{""}},
	{"INPUT_REQUIRE-SCOPES", []string{"activity:read_al", "view_private"}},
	{"INPUT_EXPECTED-ATHLETE", []string{"me", "0", "-1"}},
	{"INPUT_VERIFY", []string{"yes"}},
	{"INPUT_RECOVERY", []string{"1"}},
	{"INPUT_EXPORT-ENV", []string{"on"}},
	{"INPUT_EXPOSE-REFRESH-TOKEN", []string{"maybe"}},
	{"INPUT_STRAVA-URL", []string{
		"http://www.strava.com", "http://127.0.0.1.evil.example", "https://user:password@www.strava.com",
		"https://www.strava.com?x=y", "www.strava.com", "file:///etc/passwd",
	}},
	{"INPUT_STRAVA-API-URL", []string{"ftp://localhost/"}},
	{"GITHUB_API_URL", []string{"http://api.github.com"}},
	{"GITHUB_OUTPUT", []string{"", "/nowhere/at/all"}},
}

// goodInputs are inputs with which nothing is wrong.
func goodInputs(t *testing.T) map[string]string {
	t.Helper()
	return map[string]string{
		"GITHUB_ACTIONS":      "true",
		"GITHUB_OUTPUT":       filepath.Join(t.TempDir(), "output"),
		"GITHUB_REPOSITORY":   "octo/running",
		"GITHUB_REF_TYPE":     "branch",
		"GITHUB_REF_NAME":     "main",
		"INPUT_CLIENT-ID":     "48213",
		"INPUT_CLIENT-SECRET": "0123456789abcdef0123456789abcdef01234567",
		"INPUT_REFRESH-TOKEN": "89abcdef0123456789abcdef0123456789abcdef",
		"INPUT_ROTATE-TO":     "STRAVA_REFRESH_TOKEN",
		"INPUT_GITHUB-TOKEN":  "github_pat_0123456789",
	}
}

// read is a step that reads its inputs, and no more: it was cancelled before, and
// there is no network. Of good inputs the status is 1, of bad ones 2. Either way
// there is one error, which is what is said.
func read(t *testing.T, env map[string]string) (status int, said, printed string) {
	t.Helper()
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	var out strings.Builder
	var dialled atomic.Bool
	status = runs(cancelled, cli.Process{
		Args: []string{"action"}, Getenv: from(env), Stdout: &out,
		Dial: func(context.Context, string, string) (net.Conn, error) {
			dialled.Store(true)
			return nil, errors.New("there is no network")
		},
	})
	check.That(t, status != 2 || !dialled.Load(), "a connection was opened in spite of bad inputs")
	before, message, found := strings.Cut("\n"+out.String(), "\n::error::")
	one := found && !strings.Contains(message, "\n::error::") && !strings.Contains(before, "::error::")
	check.That(t, one && (status == 1 || status == 2), "status %d, want 1 or 2 and one error:\n%s", status, out.String())
	summary, _ := os.ReadFile(env["GITHUB_STEP_SUMMARY"])
	return status, strings.ReplaceAll(message, "%0A", "\n"), out.String() + string(summary)
}

func TestBadInputs(t *testing.T) {
	t.Parallel()
	var said []string // in the order of the rows
	rows := map[string]string{}
	for _, tt := range badInputs {
		for _, value := range tt.values {
			env := goodInputs(t)
			env[tt.variable] = value
			status, message, printed := read(t, env)
			check.Equal(t, status, 2, "status of %s=%.50q", tt.variable, value)
			masked := ""
			if strings.Contains(printed, "::add-mask::"+strings.ReplaceAll(value, "\n", "%0A")+"\n") {
				masked = " (masked)"
			}
			if rows[message] == "" {
				said = append(said, message)
			}
			rows[message] += fmt.Sprintf("  %s=%.50q%s\n", tt.variable, value, masked)
		}
	}
	golden := ""
	for _, message := range said {
		golden += message + rows[message] + "\n"
	}
	assertGolden(t, filepath.Join("testdata", "inputs.txt"), golden)
}

// TestRunsWithoutSecretsAreRecognized by what GitHub says of the event: a run of a
// fork and one of Dependabot's get none. The scenarios have what is said then.
func TestRunsWithoutSecretsAreRecognized(t *testing.T) {
	t.Parallel()
	const (
		fork       = `{"pull_request":{"head":{"repo":{"full_name":"someone/running"}}}}`
		own        = `{"pull_request":{"head":{"repo":{"full_name":"Octo/Running"}}}}`
		deleted    = `{"pull_request":{"head":{"repo":null}}}`
		forked     = "comes from a fork"
		dependabot = "Dependabot started it"
	)
	for _, tt := range []struct{ name, event, content, actor, want string }{
		{"fork", "pull_request", fork, "someone", forked},
		{"deleted fork", "pull_request", deleted, "someone", forked},
		{"review of a fork", "pull_request_review", fork, "someone", forked},
		{"own branch", "pull_request", own, "octo", ""},
		{"target of a fork, which has secrets", "pull_request_target", fork, "someone", ""},
		{"schedule", "schedule", fork, "octo", ""},
		{"no event", "pull_request", "", "octo", ""},
		{"junk", "pull_request", "<html>", "octo", ""},
		{"dependabot", "push", own, "dependabot[bot]", dependabot},
	} {
		env := goodInputs(t)
		env["GITHUB_EVENT_NAME"], env["GITHUB_ACTOR"], env["INPUT_CLIENT-SECRET"] = tt.event, tt.actor, ""
		env["GITHUB_EVENT_PATH"] = filepath.Join(t.TempDir(), "event.json")
		if tt.content != "" {
			env["GITHUB_EVENT_PATH"] = writeFile(t, tt.content)
		}
		_, said, _ := read(t, env)
		for _, cause := range []string{forked, dependabot} {
			check.Equal(t, strings.Contains(said, cause), (cause == tt.want), "%s: %q", tt.name, said)
		}
	}
}

func TestProblemsNeverQuoteWhatCouldBeASecret(t *testing.T) {
	t.Parallel()
	for _, value := range []string{
		"0123456789abcdef0123456789abcdef01234567", "ghp_0123456789abcdefghij", "github_pat_x", strings.Repeat("z", 200),
	} {
		for _, input := range []string{"ROTATE-TO", "VERIFY", "REQUIRE-SCOPES", "EXPECTED-ATHLETE", "CLIENT-ID", "STRAVA-URL", "LANGUAGE"} {
			unseen := value[:5] + "\u200b" + value[5:]
			for _, written := range []string{value + "!", "!" + value, value, unseen} {
				env := goodInputs(t)
				env["INPUT_"+input], env["GITHUB_STEP_SUMMARY"] = written, filepath.Join(t.TempDir(), "summary")
				status, _, printed := read(t, env)
				if status == 2 || written == unseen { // a secret's name may look like anything
					assertUnquoted(t, printed, value)
				}
			}
		}
	}
}

// assertUnquoted asserts that a value is nowhere but in a mask.
func assertUnquoted(t *testing.T, printed, value string) {
	t.Helper()
	for line := range strings.Lines(printed) {
		check.That(t, !strings.Contains(line, value) || strings.HasPrefix(line, "::add-mask::"), "%q quotes a credential", line)
	}
}

// FuzzInputs asserts that no input makes a step panic, that each is used or
// refused in one error, and that no line is printed that quotes a credential.
func FuzzInputs(f *testing.F) {
	f.Add("48213", "0123456789abcdef0123456789abcdef01234567", "89abcdef0123456789abcdef0123456789abcdef", "STRAVA", "true", "https://www.strava.com", "read")
	f.Add("", "null", "${{ x }}", "a/b/c\n\n@", "maybe", "http://user:pass@x", "::error::")
	f.Add("0123456789abcdef0123456789abcdef01234567", "\x00", "é", "org:/", "\n", "://", ",,")
	f.Fuzz(func(t *testing.T, id, clientSecret, refresh, targets, boolean, address, scopes string) {
		env := goodInputs(t)
		env["INPUT_CLIENT-ID"], env["INPUT_CLIENT-SECRET"], env["INPUT_REFRESH-TOKEN"] = id, clientSecret, refresh
		env["INPUT_ROTATE-TO"], env["INPUT_VERIFY"], env["INPUT_STRAVA-URL"], env["INPUT_REQUIRE-SCOPES"] = targets, boolean, address, scopes
		_, _, printed := read(t, env)
		for _, value := range []string{clientSecret, refresh} {
			if len(value) >= 20 {
				assertUnquoted(t, printed, value)
			}
		}
	})
}
