//go:build !windows

package cli_test

import (
	"io"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"

	"strava-token/internal/sandbox"
)

var shownAddress = regexp.MustCompile(`http://[^\s]+/oauth/authorize\?[^\s]+`)

// TestLoginAtATerminal types the app's credentials at a pseudo-terminal: the
// client id is echoed there, the client secret is not.
func TestLoginAtATerminal(t *testing.T) {
	t.Parallel()
	v := newVisitor(t, sandbox.Knobs{})
	binary, err := buildOnce()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(binary, "login", "--repo", sandbox.Repository, "--port", "0", "--no-browser")
	cmd.Env = []string{
		"STRAVA_URL=" + v.base, "STRAVA_API_URL=" + v.base + "/api/v3", "GITHUB_API_URL=" + v.base,
		"GH_TOKEN=" + v.server.GitHubToken(),
	}
	terminal, err := pty.Start(cmd)
	if err != nil {
		t.Fatal(err)
	}
	defer terminal.Close()
	var screen lockedBuffer
	go func() { _, _ = io.Copy(&screen, terminal) }()
	until := func(text string) {
		t.Helper()
		for range 1000 {
			if strings.Contains(screen.String(), text) {
				return
			}
			time.Sleep(10 * time.Millisecond)
		}
		t.Fatalf("%q does not appear:\n%s", text, screen.String())
	}
	types := func(line string) {
		t.Helper()
		if _, err := io.WriteString(terminal, line+"\n"); err != nil {
			t.Fatal(err)
		}
	}

	until("Client ID: ")
	types(v.server.App().ID)
	until("Client Secret (not shown): ")
	// The echo is off a moment after the question.
	time.Sleep(200 * time.Millisecond)
	types(v.server.App().Secret)
	until("paste its address here")
	address := shownAddress.FindString(screen.String())
	types(v.callback(address, "activity:read_all"))
	if err := cmd.Wait(); err != nil {
		t.Errorf("login: %v\n%s", err, screen.String())
	}
	until("The refresh token of Sandbox Athlete (athlete 126651800) is kept in")
	v.assertStored("", "STRAVA_REFRESH_TOKEN")
	if !strings.Contains(screen.String(), "Client ID: "+v.server.App().ID) {
		t.Error("the client id was not echoed")
	}
	for name, value := range v.server.Values() {
		if name != "code" && strings.Contains(screen.String(), value) {
			t.Errorf("%s is on the screen", name)
		}
	}
}

// TestInterruptAtAQuestion ends the program at once, with the echo back on.
func TestInterruptAtAQuestion(t *testing.T) {
	t.Parallel()
	binary, err := buildOnce()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(binary, "login", "--format", "json")
	cmd.Env = []string{"STRAVA_CLIENT_ID=1"}
	terminal, err := pty.Start(cmd)
	if err != nil {
		t.Fatal(err)
	}
	defer terminal.Close()
	var screen lockedBuffer
	go func() { _, _ = io.Copy(&screen, terminal) }()
	for range 500 {
		if strings.Contains(screen.String(), "not shown") {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	time.Sleep(100 * time.Millisecond)
	if _, err := terminal.Write([]byte{3}); err != nil { // Ctrl-C
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	select {
	case err := <-ended:
		if err == nil {
			t.Error("an interrupted login succeeded")
		}
	case <-time.After(10 * time.Second):
		_ = cmd.Process.Kill()
		t.Error("Ctrl-C did not end the question")
	}
}
