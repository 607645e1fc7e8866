//go:build !windows

package cli_test

import (
	"context"
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
	program := check.Must(binary())(v.t)
	ctx, cancel := context.WithTimeout(v.t.Context(), 2*patience)
	s := &session{t: v.t, cmd: exec.CommandContext(ctx, program, args...)}
	s.cmd.Env = append([]string{"STRAVA_URL=" + v.base, "STRAVA_API_URL=" + v.base + "/api/v3", "GITHUB_API_URL=" + v.base}, env...)
	s.terminal = check.Must(pty.Start(s.cmd))(v.t)
	v.t.Cleanup(func() { cancel(); _ = s.terminal.Close() })
	go func() { _, _ = io.Copy(&s.screen, s.terminal) }()
	return s
}

// types waits until a text has been on the screen so many times, and types an answer a
// moment after that, when the echo is off if it's to be.
func (s *session) types(question string, times int, answer string) {
	s.t.Helper()
	s.screen.waitFor(s.t, question, times)
	time.Sleep(200 * time.Millisecond)
	check.Must(io.WriteString(s.terminal, answer))(s.t)
}

// ends waits for the end, and for texts on the screen.
func (s *session) ends(status int, texts ...string) {
	s.t.Helper()
	_ = s.cmd.Wait()
	check.Equal(s.t, s.cmd.ProcessState.ExitCode(), status, "exit status\n%s", s.screen.String())
	for _, text := range texts {
		s.screen.waitFor(s.t, text, 1)
	}
}

// TestLoginAtATerminal types the app's credentials, with slips, and ends with files
// in the user's own folder. The client id is echoed, the client secret is not.
func TestLoginAtATerminal(t *testing.T) {
	t.Parallel()
	v := newVisitor(t, sandbox.Knobs{})
	home := t.TempDir()
	s := v.session([]string{"HOME=" + home, "XDG_CONFIG_HOME=" + filepath.Join(home, "config")}, "login", "--port", "0", "--no-browser")
	s.types("Client ID: ", 1, "my app\n")
	s.types("Client ID: ", 2, "48,213\n")
	s.types("Client ID: ", 3, v.server.App().ID+"\n")
	s.types("(not shown): ", 1, "\""+v.server.App().Secret+"\"\n")
	s.types("Client ID: ", 4, v.server.App().ID+"\n") // Strava refused what was typed
	s.types("(not shown): ", 2, v.server.App().Secret+"\n")
	s.screen.waitFor(t, "Waiting for Strava's answer, ", 1)
	s.screen.waitFor(t, " left (Ctrl-C ends it)", 1)
	s.types("", 0, v.callback(shownAddress.FindString(s.screen.String()), "activity:read_all")+"\n")
	s.ends(0, "The refresh token of Sandbox Athlete (athlete 126651800) is kept in", "more: input-whitespace", "more: strava-wrong-client-secret")
	check.That(t, strings.Contains(s.screen.String(), "Client ID: "+v.server.App().ID), "the client id was not echoed")
	check.That(t, !strings.Contains(s.screen.String(), "<"), "a blank is left open\n%s", s.screen.String())
	for name, value := range v.server.Values() {
		check.That(t, name == "code" || !strings.Contains(s.screen.String(), value), "%s is on the screen", name)
	}
	found, err := filepath.Glob(filepath.Join(home, "*", "strava-token", "token*"))
	if err == nil && len(found) == 0 { // macOS
		found, err = filepath.Glob(filepath.Join(home, "*", "*", "strava-token", "token*"))
	}
	check.Need(t, err == nil && len(found) == 3, "found %v, %v", found, err) // and the lock
	v.assertFile(found[1], v.appLines())
	v.assertHolds(found[0])
}

// TestCtrlC ends the program at once, with the status of an interrupt and the echo
// back on.
func TestCtrlC(t *testing.T) {
	t.Parallel()
	v := newVisitor(t, sandbox.Knobs{})
	app := []string{"STRAVA_CLIENT_ID=" + v.server.App().ID, "STRAVA_CLIENT_SECRET=" + v.server.App().Secret}
	for at, env := range map[string][]string{"Client ID: ": nil, "(not shown): ": app[:1], "(Ctrl-C ends it)": app} {
		s := v.session(env, "login", "--format", "json", "--port", "0", "--no-browser")
		s.types(at, 1, "\x03")
		s.ends(130, "cancelled: nothing was changed")
		check.That(t, !strings.Contains(s.screen.String(), "more: recover-no-secret"), "at %q it says that there is no terminal\n%s", at, s.screen.String())
	}
}
