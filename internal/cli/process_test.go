package cli_test

import (
	"bufio"
	"errors"
	"flag"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
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

// rounds is how often a test repeats itself: n times in all, and a twentieth of that
// in a plain run.
func rounds(n int) int {
	if *whole {
		return n
	}
	return (n + 19) / 20
}

// binary builds the program once, in the folder that TestMain removes.
var binary = sync.OnceValues(func() (string, error) {
	path := filepath.Join(temporary, "strava-token.exe") // Windows wants the ending
	out, err := exec.Command("go", "build", "-o", path, root).CombinedOutput()
	if err != nil {
		err = errors.New(string(out))
	}
	return path, err
})

// temporary is a folder of all tests.
var temporary string

func TestMain(m *testing.M) {
	if signal.Ignored(syscall.SIGHUP) {
		// Under nohup, which the processes that tests start must not inherit.
		signal.Notify(make(chan os.Signal, 1), syscall.SIGHUP)
	}
	dir, err := os.MkdirTemp("", "strava-token-test-")
	if err != nil {
		panic(err)
	}
	temporary = dir
	// Before any test runs, since Go reads the roots once.
	path, err := writeRoots(dir)
	if err := errors.Join(err, os.Setenv("SSL_CERT_FILE", path)); err != nil {
		panic(err)
	}
	status := m.Run()
	_ = os.RemoveAll(dir)
	os.Exit(status)
}

// command is the real binary as a step.
func (s *step) command() *exec.Cmd {
	s.t.Helper()
	cmd := exec.Command(check.Must(binary())(s.t), "action")
	cmd.Env, cmd.Stdout, cmd.Stderr = s.runner.Environ(), s.runner, &s.stderr
	return cmd
}

// ended is how a process ended, -1 if a signal ended it. Nothing leaked.
func (s *step) ended(err error) int {
	s.t.Helper()
	exit, ok := errors.AsType[*exec.ExitError](err)
	check.Need(s.t, ok || err == nil, "%v", err)
	s.assertNothingLeaks()
	if ok {
		return exit.ExitCode()
	}
	return 0
}

// ways are the scenarios that each go another way through the real program: its
// files, its sources of an input, and each exit status.
var ways = []string{
	"exposed-and-exported", "rotated-without-target", "branch-rotated", "fork", "preflight-refused", "two-failures-in-one-error",
}

// TestScenariosOverTheRealBinary runs them over a real port and as a process of its
// own; with -whole all scenarios.
func TestScenariosOverTheRealBinary(t *testing.T) {
	t.Parallel()
	ran := 0
	for _, sc := range scenarios {
		if sc.inside || !*whole && !slices.Contains(ways, sc.name) {
			continue // TestSignals does those inside
		}
		ran++
		t.Run(sc.name, func(t *testing.T) {
			t.Parallel()
			s := newProcessStep(t, sc.knobs)
			s.given(sc.given)
			sc.check(s, s.ended(s.command().Run()))
		})
	}
	check.That(t, ran >= len(ways), "only %d scenarios", ran)
}

// TestSignals sends each signal before the token request, during it, and during
// the store.
func TestSignals(t *testing.T) {
	t.Parallel()
	for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP} {
		for during, says := range map[string]string{"public-key": "run-cancelled", "token": "run-cancelled-late", "put": "run-cancelled-late"} {
			t.Run(sig.String()+" during "+during, func(t *testing.T) {
				t.Parallel()
				s := newProcessStep(t, always)
				reached := make(chan struct{})
				s.atFirst(during, func() {
					close(reached)
					time.Sleep(300 * time.Millisecond) // so that the signal falls into it
				})
				cmd := s.command()
				check.OK(t, cmd.Start())
				<-reached
				check.OK(t, cmd.Process.Signal(sig))
				check.Equal(t, s.ended(cmd.Wait()), 1, "exit status\n%s", s.runner.Log())
				s.assertMessage("Error", says)
				check.That(t, s.kept(), "the refresh token was not kept\n%s", s.server.Journal())
				spent := during != "public-key"
				check.Equal(t, s.server.Count("strava", "POST", "/oauth/token") > 0, spent, "the refresh token was spent")
				// After the token request the recovery text comes first.
				check.Equal(t, strings.Contains(s.runner.Log(), "BEGIN AGE"), spent, "the recovery text was printed")
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
	check.OK(t, err)
	_ = reader.Close()
	cmd := s.command()
	cmd.Stdout = writer
	err = cmd.Run()
	_ = writer.Close()
	check.Equal(t, s.ended(err), 1, "exit status")
	check.That(t, s.kept(), "the refresh token was not kept")
	check.Equal(t, s.runner.File("GITHUB_OUTPUT"), "", "outputs were set without masks")
}

// TestSandboxCommand reads what the command prints to export, which begins with what
// flags say, so that another project's test can write the credentials down. It
// refreshes a token with that, and stops the sandbox by a signal.
func TestSandboxCommand(t *testing.T) {
	t.Parallel()
	cmd := exec.Command(check.Must(binary())(t), "sandbox", "--rotation", "always",
		"--client-id", "7", "--client-secret", "00112233445566778899aabbccddeeff00112233", "--refresh-token", "made-up-5566778899", "--scopes", "read,activity:write")
	out := check.Must(cmd.StdoutPipe())(t)
	check.OK(t, cmd.Start())
	refresh := exec.Command(cmd.Path, "refresh", "--rotate-to", "STRAVA_REFRESH_TOKEN", "--require-scopes", "activity:write")
	for lines := bufio.NewScanner(out); len(refresh.Env) < 8 && lines.Scan(); {
		exported, ok := strings.CutPrefix(lines.Text(), "export ")
		check.Need(t, ok, "not an export: %q", lines.Text())
		refresh.Env = append(refresh.Env, exported)
	}
	check.Contains(t, strings.Join(refresh.Env, "\n"), "STRAVA_CLIENT_ID=7\n", "STRAVA_CLIENT_SECRET=00112233445566778899aabbccddeeff00112233\n", "STRAVA_REFRESH_TOKEN=made-up-5566778899")
	printed, err := refresh.Output()
	check.That(t, err == nil && len(printed) == 41, "refresh against the sandbox: %v, %d bytes", err, len(printed))
	check.OK(t, cmd.Process.Signal(syscall.SIGTERM))
	check.Equal(t, cmd.Wait(), nil, "the sandbox did not end well")
}

// TestKill ends the real process by SIGKILL at points spread over a whole run,
// and counts where the living refresh token is afterwards. Nothing can help a
// process that is killed between Strava's change and the store's: those are the
// only losses allowed, and their share is printed.
func TestKill(t *testing.T) {
	t.Parallel()
	const (
		atOnce = 2
		// Long enough that most of a run is waiting, as it is over a network.
		latency = 5 * time.Millisecond
	)
	begin := func() (*step, *exec.Cmd) {
		s := newProcessStep(t, sandbox.Knobs{Rotation: sandbox.RotateAlways, Latency: latency})
		return s, s.command()
	}
	run := time.Hour
	for range 5 { // how long a run takes here, at the least
		s, cmd := begin()
		began := time.Now()
		check.Need(t, s.ended(cmd.Run()) == 0, "the run failed\n%s", s.runner.Log())
		run = min(run, time.Since(began))
	}
	run += run / 2 // others may keep this machine busy

	kills, ends := rounds(320), map[string]int{}
	var mu sync.Mutex
	var all sync.WaitGroup
	for first := range atOnce {
		all.Go(func() {
			for i := first; i < kills; i += atOnce {
				s, cmd := begin()
				end := s.killed(cmd, run*time.Duration(i)/time.Duration(kills))
				mu.Lock()
				ends[end]++
				mu.Unlock()
			}
		})
	}
	all.Wait()
	t.Logf("%d kills: %v; only those between the two changes lose the new refresh token", kills, ends)
}

// killed kills a run some time after it began, and says how far it had come.
func (s *step) killed(cmd *exec.Cmd, after time.Duration) string {
	s.t.Helper()
	first := s.server.LiveRefreshToken()
	check.Equal(s.t, cmd.Start(), nil, "starting it")
	time.Sleep(after)
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	for !s.server.Idle() { // or the test times out
		time.Sleep(5 * time.Millisecond)
	}
	s.assertNothingLeaks()
	switch {
	case s.server.LiveRefreshToken() == first:
		return "before Strava's change"
	case s.kept():
		return "after the store"
	}
	// The attempt of the check is the only write there was.
	writes := s.server.Count("github", "PUT", "/repos")
	check.That(s.t, s.server.Count("strava", "POST", "/oauth/token") > 0 && writes == 1, "a refresh token was lost after %d writes", writes-1)
	return "between the two"
}
