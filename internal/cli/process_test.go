package cli_test

import (
	"bufio"
	"errors"
	"flag"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"strava-token/internal/check"
	"strava-token/internal/sandbox"
)

// whole is for .ci/run: go test ./internal/cli -args -whole. Without it a test that
// repeats itself does so less often.
var whole = flag.Bool("whole", false, "run every cell of the fault matrices, every kill, race and rotation")

// rounds is how often a test repeats itself: n times in all, and a tenth of that
// in a plain run.
func rounds(n int) int {
	if *whole {
		return n
	}
	return (n + 9) / 10
}

// binaryDir holds the binary, once a test has built it.
var binaryDir string

var buildOnce = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "strava-token-test-")
	if err != nil {
		return "", err
	}
	binaryDir = dir
	name := "strava-token"
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	path := filepath.Join(dir, name)
	out, err := exec.Command("go", "build", "-o", path, root).CombinedOutput()
	if err != nil {
		return "", errors.New(string(out))
	}
	return path, nil
})

func TestMain(m *testing.M) {
	if signal.Ignored(syscall.SIGHUP) {
		// Under nohup, which the processes that tests start must not inherit.
		signal.Notify(make(chan os.Signal, 1), syscall.SIGHUP)
	}
	roots, err := os.MkdirTemp("", "strava-token-roots-")
	if err != nil {
		panic(err)
	}
	// Before any test runs, since Go reads the roots once.
	path, err := writeRoots(roots)
	if err := errors.Join(err, os.Setenv("SSL_CERT_FILE", path)); err != nil {
		panic(err)
	}
	status := m.Run()
	_ = os.RemoveAll(roots)
	if binaryDir != "" {
		_ = os.RemoveAll(binaryDir)
	}
	os.Exit(status)
}

// newProcessStep is newStep with a sandbox on a real port.
func newProcessStep(t *testing.T, knobs sandbox.Knobs) *step {
	t.Helper()
	listener := check.Must(sandbox.Listen(t.Context(), "127.0.0.1:0"))(t)
	return newStepOn(t, knobs, listener)
}

// command is the real binary as a step.
func (s *step) command() *exec.Cmd {
	s.t.Helper()
	binary := check.Must(buildOnce())(s.t)
	cmd := exec.Command(binary, "action")
	cmd.Env = s.runner.Environ()
	cmd.Stdout = s.runner
	cmd.Stderr = &s.stderr
	return cmd
}

// exitStatus is how a process ended, -1 if a signal ended it.
func (s *step) exitStatus(err error) int {
	s.t.Helper()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		s.t.Fatal(err)
	}
	if err == nil {
		return 0
	}
	return exit.ExitCode()
}

// TestScenariosOverTheRealBinary runs every scenario once more, over a real
// port and as a process of its own.
func TestScenariosOverTheRealBinary(t *testing.T) {
	t.Parallel()
	for _, sc := range scenarios {
		if sc.inside {
			continue // TestSignals does these
		}
		t.Run(sc.name, func(t *testing.T) {
			t.Parallel()
			s := newProcessStep(t, sc.knobs)
			if sc.given != nil {
				sc.given(s)
			}
			sc.check(s, s.exitStatus(s.command().Run()))
		})
	}
}

// TestSignals sends each signal before the token request, during it, and during
// the store.
func TestSignals(t *testing.T) {
	t.Parallel()
	for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP} {
		for _, tt := range []struct {
			during string // the call that the signal falls into
			path   string
			status int
			says   string
			spent  bool
		}{
			{"public-key", "/repos", 1, "run-cancelled", false},
			{"token", "/oauth/token", 1, "run-cancelled-late", true},
			{"put", "/repos", 1, "run-cancelled-late", true},
		} {
			t.Run(sig.String()+" during "+tt.during, func(t *testing.T) {
				t.Parallel()
				s := newProcessStep(t, always)
				reached := make(chan struct{})
				var once sync.Once
				s.server.Notify(func(call string) {
					if call == tt.during {
						once.Do(func() { close(reached) })
						time.Sleep(300 * time.Millisecond) // so that the signal falls into it
					}
				})
				cmd := s.command()
				check.OK(t, cmd.Start())
				<-reached
				check.OK(t, cmd.Process.Signal(sig))
				check.Equal(t, s.exitStatus(cmd.Wait()), tt.status, "exit status\n%s", s.runner.Log())
				s.assertMessage("Error", tt.says)
				s.assertNothingLeaks()
				check.That(t, s.server.Secret(secretName) == s.server.LiveRefreshToken(), "the refresh token was not kept\n%s", s.server.Journal())
				check.Equal(t, s.server.Count("strava", "POST", "/oauth/token") > 0, tt.spent, "the refresh token was spent")
				// After the token request the recovery text comes first.
				check.Equal(t, strings.Contains(s.runner.Log(), "BEGIN AGE"), tt.spent, "the recovery text was printed")
			})
		}
	}
}

// TestClosedPipe runs the real binary with a standard output whose reader went
// away: the write that would end a process by SIGPIPE must not end this one.
func TestClosedPipe(t *testing.T) {
	t.Parallel()
	s := newProcessStep(t, always)
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	_ = reader.Close()
	cmd := s.command()
	cmd.Stdout = writer
	err = cmd.Run()
	_ = writer.Close()
	check.Equal(t, s.exitStatus(err), 1, "exit status")
	check.That(t, s.server.Secret(secretName) == s.server.LiveRefreshToken(), "the refresh token was not kept")
	check.Equal(t, s.runner.File("GITHUB_OUTPUT"), "", "outputs were set without masks")
}

// TestSandboxCommand reads what the command prints to export, refreshes a token
// with that, and stops it by a signal.
func TestSandboxCommand(t *testing.T) {
	t.Parallel()
	binary := check.Must(buildOnce())(t)
	cmd := exec.Command(binary, "sandbox", "--rotation", "always")
	out := check.Must(cmd.StdoutPipe())(t)
	check.OK(t, cmd.Start())
	exported := map[string]string{}
	lines := bufio.NewScanner(out)
	for len(exported) < 8 && lines.Scan() {
		name, value, ok := strings.Cut(strings.TrimPrefix(lines.Text(), "export "), "=")
		check.Need(t, ok, "not an export: %q", lines.Text())
		exported[name] = value
	}

	refresh := exec.Command(binary, "refresh", "--rotate-to", "STRAVA_REFRESH_TOKEN")
	for name, value := range exported {
		refresh.Env = append(refresh.Env, name+"="+value)
	}
	printed, err := refresh.Output()
	check.That(t, err == nil && len(printed) == 41, "refresh against the sandbox: %v, %d bytes", err, len(printed))

	check.OK(t, cmd.Process.Signal(syscall.SIGTERM))
	check.Equal(t, cmd.Wait(), nil, "the sandbox did not end well")
}
