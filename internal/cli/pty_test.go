//go:build !windows

package cli_test

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"

	"strava-token/internal/check"
	"strava-token/internal/sandbox"
)

var shownAddress = regexp.MustCompile(`http://[^\s]+/oauth/authorize\?[^\s]+`)

// session is the real program at a pseudo-terminal.
type session struct {
	t        *testing.T
	cmd      *exec.Cmd
	terminal *os.File
	screen   lockedBuffer
}

func (v *visitor) session(env []string, args ...string) *session {
	v.t.Helper()
	s := &session{t: v.t, cmd: exec.CommandContext(v.t.Context(), check.Must(binary())(v.t), args...)}
	s.cmd.Env = append([]string{"STRAVA_URL=" + v.base, "STRAVA_API_URL=" + v.base + "/api/v3", "GITHUB_API_URL=" + v.base}, env...)
	s.terminal = check.Must(pty.Start(s.cmd))(v.t)
	v.t.Cleanup(func() { _ = s.cmd.Process.Kill(); _ = s.terminal.Close() })
	go func() { _, _ = io.Copy(&s.screen, s.terminal) }()
	return s
}

// until waits until a text has been on the screen so many times.
func (s *session) until(text string, times int) {
	s.t.Helper()
	for range 1000 {
		if strings.Count(s.screen.String(), text) >= times {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	s.t.Fatalf("%q does not appear:\n%s", text, s.screen.String())
}

func (s *session) types(text string) {
	s.t.Helper()
	check.Must(io.WriteString(s.terminal, text))(s.t)
}

// answersSecretly types an answer without echo, which is off a moment after the question.
func (s *session) answersSecretly(text string) {
	s.t.Helper()
	time.Sleep(200 * time.Millisecond)
	s.types(text)
}

// TestLoginAtATerminal types the app's credentials, with slips, and ends with files
// in the user's own folder. The client id is echoed, the client secret is not.
func TestLoginAtATerminal(t *testing.T) {
	t.Parallel()
	v := newVisitor(t, sandbox.Knobs{})
	home := t.TempDir()
	s := v.session([]string{"HOME=" + home, "XDG_CONFIG_HOME=" + filepath.Join(home, "config")}, "login", "--port", "0", "--no-browser")
	s.until("Client ID: ", 1)
	s.types("my app\n")
	s.until("Client ID: ", 2)
	s.types(v.server.App().ID + "\n")
	s.until("(not shown): ", 1)
	s.answersSecretly("\"" + v.server.App().Secret + "\"\n")
	s.until("Client ID: ", 3) // Strava refused what was typed
	s.types(v.server.App().ID + "\n")
	s.until("(not shown): ", 2)
	s.answersSecretly(v.server.App().Secret + "\n")
	s.until("Waiting for Strava's answer, ", 1)
	s.until(" left (Ctrl-C ends it)", 1)
	s.types(v.callback(shownAddress.FindString(s.screen.String()), "activity:read_all") + "\n")
	check.Equal(t, s.cmd.Wait(), nil, "login\n%s", s.screen.String())
	s.until("The refresh token of Sandbox Athlete (athlete 126651800) is kept in", 1)
	s.until("more: input-whitespace", 1)
	s.until("more: strava-wrong-client-secret", 1)
	check.That(t, strings.Contains(s.screen.String(), "Client ID: "+v.server.App().ID), "the client id was not echoed")
	for name, value := range v.server.Values() {
		check.That(t, name == "code" || !strings.Contains(s.screen.String(), value), "%s is on the screen", name)
	}
	found, err := filepath.Glob(filepath.Join(home, "*", "strava-token", "token*"))
	if err == nil && len(found) == 0 { // macOS
		found, err = filepath.Glob(filepath.Join(home, "*", "*", "strava-token", "token*"))
	}
	if err != nil || len(found) != 3 { // and the lock
		t.Fatalf("found %v, %v", found, err)
	}
	v.assertFile(found[1], v.appLines())
	check.That(t, v.server.Opened(readFile(t, found[0])) == v.server.LiveRefreshToken(), "the file doesn't have the refresh token that lives")
}

// TestCtrlC ends the program at once, with the status of an interrupt and the echo
// back on.
func TestCtrlC(t *testing.T) {
	t.Parallel()
	v := newVisitor(t, sandbox.Knobs{})
	app := []string{"STRAVA_CLIENT_ID=" + v.server.App().ID, "STRAVA_CLIENT_SECRET=" + v.server.App().Secret}
	for _, tt := range []struct {
		at  string
		env []string
	}{
		{"Client ID: ", nil},
		{"(not shown): ", app[:1]},
		{"(Ctrl-C ends it)", app},
	} {
		s := v.session(tt.env, "login", "--format", "json", "--port", "0", "--no-browser")
		s.until(tt.at, 1)
		s.answersSecretly("\x03")
		ended := make(chan error, 1)
		go func() { ended <- s.cmd.Wait() }()
		select {
		case err := <-ended:
			var exit *exec.ExitError
			if !errors.As(err, &exit) || exit.ExitCode() != 130 {
				t.Errorf("at %q: got %v, want exit status 130\n%s", tt.at, err, s.screen.String())
			}
		case <-time.After(10 * time.Second):
			t.Errorf("Ctrl-C did not end %q", tt.at)
		}
		s.until("cancelled: nothing was changed", 1)
		if strings.Contains(s.screen.String(), "more: recover-no-secret") {
			t.Errorf("at %q it says that there is no terminal\n%s", tt.at, s.screen.String())
		}
	}
}
