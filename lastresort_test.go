//go:build unix

package main

import (
	"errors"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"strava-token/internal/sandbox"
)

// shell is a person's shell with a sandbox.
type shell struct {
	*sandbox.Server
	t    *testing.T
	home string
	env  []string
}

func newShell(t *testing.T) *shell {
	t.Helper()
	s := &shell{Server: sandbox.New(sandbox.Knobs{Rotation: sandbox.RotateAlways}), t: t, home: t.TempDir()}
	s.SetSecret("STRAVA_REFRESH_TOKEN", s.LiveRefreshToken())
	l, err := sandbox.Listen(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	service := &http.Server{Handler: s.Server}
	go func() { _ = service.Serve(l) }()
	t.Cleanup(func() { _ = service.Close() })
	s.env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + s.home}
	for _, v := range s.Environment("http://" + l.Addr().String()) {
		s.env = append(s.env, v[0]+"="+v[1])
	}
	return s
}

// run runs a line and returns its exit status, its standard output and its standard
// error.
func (s *shell) run(line string) (status int, stdout, stderr string) {
	s.t.Helper()
	var out, errs strings.Builder
	cmd := exec.Command("sh", "-c", line)
	cmd.Env, cmd.Dir, cmd.Stdout, cmd.Stderr = s.env, s.home, &out, &errs
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		s.t.Fatal(err)
	}
	for name, value := range s.Values() {
		if strings.Contains(errs.String(), value) && !strings.Contains(line, "GITHUB_ACTIONS") {
			s.t.Errorf("%s: %s was printed", line, name)
		}
	}
	return cmd.ProcessState.ExitCode(), out.String(), errs.String()
}

func (s *shell) left() []string {
	s.t.Helper()
	files, err := filepath.Glob(filepath.Join(s.home, ".local/state/strava-token/*"))
	if err != nil {
		s.t.Fatal(err)
	}
	return files
}

// TestATextThatNobodyReadsIsLeftInAFile, found by recover, and gone once its token is
// stored.
func TestATextThatNobodyReadsIsLeftInAFile(t *testing.T) {
	t.Parallel()
	for _, spoiled := range []string{"2>/dev/null", "2>&-", "2>/dev/full"} {
		t.Run(spoiled, func(t *testing.T) {
			t.Parallel()
			if _, err := os.Stat("/dev/full"); err != nil && strings.Contains(spoiled, "full") {
				t.Skip("this system has no /dev/full")
			}
			s := newShell(t)
			s.Fail(sandbox.Fault{Call: "put", Kind: sandbox.FaultStatus, Status: 404})
			if status, _, _ := s.run("strava-token refresh --rotate-to STRAVA_REFRESH_TOKEN " + spoiled); status != 3 {
				t.Errorf("exit status: got %d, want 3", status)
			}
			files := s.left()
			if len(files) != 1 {
				t.Fatalf("files: %v, want one", files)
			}
			if info, err := os.Stat(files[0]); err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("%v, %v", info, err)
			}
			s.ClearFaults()
			if status, _, says := s.run("strava-token recover </dev/null"); status != 2 || !strings.Contains(says, files[0]) {
				t.Errorf("without a target: status %d\n%s", status, says)
			}
			if status, _, says := s.run("strava-token recover --rotate-to STRAVA_REFRESH_TOKEN </dev/null"); status != 0 || len(s.left()) != 0 {
				t.Errorf("status %d, left %v\n%s", status, s.left(), says)
			}
			if s.Secret("STRAVA_REFRESH_TOKEN") != s.LiveRefreshToken() {
				t.Error("the refresh token was not stored")
			}
		})
	}
}

// TestSomebodyElsesFileIsNotRead, and nothing is left in a work tree of git.
func TestSomebodyElsesFileIsNotRead(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	s.Fail(sandbox.Fault{Call: "put", Kind: sandbox.FaultStatus, Status: 404})
	s.run("strava-token refresh --rotate-to STRAVA_REFRESH_TOKEN 2>/dev/null; chmod 666 .local/state/strava-token/*")
	if status, _, says := s.run("strava-token recover --print </dev/null"); status != 2 || !strings.Contains(says, "recover-no-text") {
		t.Errorf("what others may write was read: status %d\n%s", status, says)
	}
	s.run("cd .local/state/strava-token && chmod 600 * && mv * ../text && ln -s ../text strava-token-recovery-1.txt")
	if status, _, says := s.run("strava-token recover --print </dev/null"); status != 2 || !strings.Contains(says, "recover-no-text") {
		t.Errorf("a link was followed: status %d\n%s", status, says)
	}
	if status, token, says := s.run("strava-token recover --print <.local/state/text"); status != 0 || strings.TrimSpace(token) != s.LiveRefreshToken() {
		t.Errorf("the text itself: status %d\n%s", status, says)
	}
	s.run("rm -r .local; mkdir .git")
	s.env = append(s.env, "STRAVA_REFRESH_TOKEN="+s.LiveRefreshToken())
	if status, _, _ := s.run("strava-token refresh --rotate-to STRAVA_REFRESH_TOKEN 2>/dev/null"); status != 3 || len(s.left()) != 0 {
		t.Errorf("in a work tree of git: status %d, left %v", status, s.left())
	}
}

// TestInAStepWhatIsObtainedIsMasked, or nothing is obtained.
func TestInAStepWhatIsObtainedIsMasked(t *testing.T) {
	t.Parallel()
	for _, line := range []string{
		"strava-token refresh --rotate-to STRAVA_REFRESH_TOKEN",
		"strava-token exec --rotate-to STRAVA_REFRESH_TOKEN -- printenv STRAVA_ACCESS_TOKEN",
		"strava-token recover text --print",
	} {
		t.Run(line, func(t *testing.T) {
			t.Parallel()
			s := newShell(t)
			s.Fail(sandbox.Fault{Call: "put", Kind: sandbox.FaultStatus, Status: 404})
			s.run("strava-token refresh --rotate-to STRAVA_REFRESH_TOKEN 2>text")
			s.ClearFaults()
			s.env = append(s.env, "STRAVA_REFRESH_TOKEN="+s.LiveRefreshToken())
			before := s.Count("strava", "POST", "/oauth/token")
			for _, nobody := range []string{"2>file", "2>/dev/null"} {
				if status, out, _ := s.run("GITHUB_ACTIONS=true " + line + " " + nobody); status != 2 || out != "" {
					t.Errorf("%s: status %d, %q", nobody, status, out)
				}
			}
			if s.Count("strava", "POST", "/oauth/token") != before {
				t.Error("something was spent")
			}
			status, out, errs := s.run("GITHUB_ACTIONS=true " + line)
			for _, value := range []string{strings.TrimSpace(out), s.LiveRefreshToken()} {
				if status != 0 || value == "" || !strings.Contains("\n"+errs, "\n::add-mask::"+value+"\n") {
					t.Errorf("status %d: %q has no mask\n%s", status, value, errs)
				}
			}
		})
	}
}
