package cli_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"strava-token/internal/check"
	"strava-token/internal/cli"
)

// raceRounds is how many rounds a race has with -whole, by the number of its runs.
var raceRounds = map[int]int{2: 20, 8: 10, 32: 4}

// racer is one of several runs at once.
type racer struct {
	status int
	access string
	log    string
}

// TestRaces runs many runs at once, with rotation on every refresh and random
// delays. Every one of them ends with an access token that works, or says to try
// again; and after every round the target holds the refresh token that lives.
func TestRaces(t *testing.T) {
	t.Parallel()
	for _, target := range []string{"branch:strava-token", "file"} {
		for _, n := range []int{2, 8, 32} {
			runInStep(t, fmt.Sprintf("%s/%d", target, n), always, func(t *testing.T, s *step) {
				s.scatter()
				path := filepath.Join(t.TempDir(), "token")
				for round := range rounds(raceRounds[n]) {
					var racers []racer
					if target == "file" {
						racers = race(n, func() racer { return s.raceOnFile(path) })
					} else {
						racers = race(n, func() racer { return s.raceOnBranch(target) })
					}
					held := s.server.Held("strava-token")
					if target == "file" {
						held = s.server.Opened(readFile(t, path))
					}
					if held != s.server.LiveRefreshToken() {
						t.Fatalf("round %d: the target does not hold the living refresh token\n%s", round, s.server.Journal())
					}
					won := s.judge(racers)
					t.Logf("round %d: %d of %d runs got an access token, and the others were told to start again", round, won, n)
					if won < floorOf(target, n) {
						t.Errorf("round %d: %d of %d runs got an access token, fewer than it must be", round, won, n)
					}
				}
			})
		}
	}
}

// TestASecretNeedsConcurrency shows what concurrency: is for when a secret keeps
// the refresh token. A secret cannot be read back, and is read when a run is
// queued: of the runs that are queued at once one gets through, and the others
// carry a token that is dead by then. None of them spoils the secret.
func TestASecretNeedsConcurrency(t *testing.T) {
	t.Parallel()
	for _, n := range []int{2, 8, 32} {
		runInStep(t, fmt.Sprint(n), always, func(t *testing.T, s *step) {
			s.scatter()
			for round := range rounds(raceRounds[n]) {
				queued := s.server.Secret(secretName)
				racers := race(n, func() racer { return s.raceOnSecret(queued) })
				if s.server.Secret(secretName) != s.server.LiveRefreshToken() {
					t.Fatalf("round %d: the secret does not hold the living refresh token", round)
				}
				won := 0
				for _, r := range racers {
					if r.status == 0 && s.server.Lives(r.access) {
						won++
					} else if r.status != 1 || r.access != "" || !strings.Contains(r.log, "more: stale-") {
						t.Errorf("a run ended with status %d:\n%s", r.status, r.log)
					}
				}
				if won != 1 {
					t.Errorf("round %d: %d of %d runs got an access token, want 1", round, won, n)
				}
			}
		})
	}
}

// raceOnSecret is a run that was queued while the secret held a refresh token.
func (s *step) raceOnSecret(queued string) racer {
	return s.raceInWorkflow(queued, secretName, s.server.GitHubToken())
}

// scatter makes every call take a random time.
func (s *step) scatter() {
	s.server.Notify(func(string) { time.Sleep(rand.N(400 * time.Millisecond)) })
}

// race starts n runs at once, each of them a moment apart.
func race(n int, run func() racer) []racer {
	racers := make([]racer, n)
	var all sync.WaitGroup
	for i := range racers {
		all.Go(func() {
			time.Sleep(rand.N(300 * time.Millisecond))
			racers[i] = run()
		})
	}
	all.Wait()
	return racers
}

// floorOf is how many of n runs at once get an access token at least: all of them,
// but for a branch that very many want at once. (The delays are random; the README
// has what was measured.)
func floorOf(target string, n int) int {
	if target != "file" && n > 8 {
		return n / 2
	}
	return n
}

// judge asserts how every run ended, and counts those that got an access token.
func (s *step) judge(racers []racer) (won int) {
	s.t.Helper()
	for _, r := range racers {
		switch {
		case r.status == 0 && s.server.Lives(r.access):
			won++
		case r.status == 1 && r.access == "" && strings.Contains(r.log, "more: stale-"):
		default:
			s.t.Errorf("a run ended with status %d and access token %t:\n%s", r.status, r.access != "", r.log)
		}
	}
	return won
}

// raceOnBranch is a run of a workflow whose secret was never rotated: it still
// has the refresh token of the first day.
func (s *step) raceOnBranch(target string) racer {
	return s.raceInWorkflow(s.server.Secret(secretName), target, s.server.BuiltInToken())
}

func (s *step) raceInWorkflow(refresh, target, token string) racer {
	runner, err := s.server.NewRunner(s.t.TempDir(), s.base)
	if err != nil {
		s.t.Error(err)
		return racer{}
	}
	runner.Input("refresh-token", refresh)
	runner.Input("rotate-to", target)
	runner.Input("github-token", token)
	status := cli.Run(s.ctx, cli.Process{
		Args: []string{"action"}, Getenv: runner.Getenv, Stdin: strings.NewReader(""),
		Stdout: runner, Stderr: &bytes.Buffer{}, Dial: s.pipe.Dial,
	})
	return racer{status, runner.Output("access-token"), runner.Log()}
}

// raceOnFile is the command refresh on a machine with many cron jobs.
func (s *step) raceOnFile(path string) racer {
	var stdout, stderr bytes.Buffer
	status := cli.Run(s.ctx, cli.Process{
		Args: []string{"refresh", "--rotate-to", "file:" + path}, Getenv: s.shellEnvironment(),
		Stdin: strings.NewReader(""), Stdout: &stdout, Stderr: &stderr, Dial: s.pipe.Dial,
	})
	return racer{status, strings.TrimSpace(stdout.String()), stderr.String()}
}

// shellEnvironment is what a command outside a workflow finds.
func (s *step) shellEnvironment() func(string) string {
	env := map[string]string{}
	for _, v := range s.server.Environment(s.base) {
		env[v[0]] = v[1]
	}
	env["STRAVA_REFRESH_TOKEN"], env["GH_TOKEN"] = s.server.Secret(secretName), s.server.BuiltInToken()
	return func(name string) string { return env[name] }
}

// TestChain rotates a thousand times with -whole, a day apart: the target always holds the
// refresh token that lives, nothing is left behind, and every rotation of a
// branch is one commit of the same small size.
func TestChain(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"branch", "file"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c := newChain(t, kind)
				size, length := 0, rounds(1000)
				for n := range length {
					c.rotate(n)
					text := c.document()
					if c.server.Opened(text) != c.server.LiveRefreshToken() {
						t.Fatalf("after %d rotations the target does not hold the living refresh token", n+1)
					}
					if n == 0 {
						size = len(text)
					}
					if drift := len(text) - size; drift < -16 || drift > 16 { // of base64's padding
						t.Fatalf("after %d rotations the document has %d bytes, and had %d", n+1, len(text), size)
					}
				}
				c.assertNothingIsLeft(length)
			})
		})
	}
}

// chain is a sandbox that replaces every refresh token, and a target.
type chain struct {
	*step
	kind string
	path string
}

func newChain(tb testing.TB, kind string) *chain {
	tb.Helper()
	s := newStep(tb, always)
	return &chain{step: s, kind: kind, path: filepath.Join(tb.TempDir(), "token")}
}

// rotate is one run.
func (c *chain) rotate(n int) {
	c.t.Helper()
	c.server.Advance(24 * time.Hour)
	var r racer
	if c.kind == "branch" {
		r = c.raceOnBranch("branch:" + branchName)
	} else {
		r = c.raceOnFile(c.path)
	}
	check.Need(c.t, r.status == 0 && c.server.Lives(r.access), "rotation %d ended with status %d\n%s", n+1, r.status, r.log)
}

func (c *chain) document() string {
	if c.kind == "branch" {
		return c.server.File(branchName, "refresh-token.txt")
	}
	return readFile(c.t, c.path)
}

func (c *chain) assertNothingIsLeft(commits int) {
	c.t.Helper()
	if c.kind == "file" {
		left, err := filepath.Glob(filepath.Join(filepath.Dir(c.path), "*"))
		hidden, _ := filepath.Glob(filepath.Join(filepath.Dir(c.path), ".*"))
		if got := len(left) + len(hidden); err != nil || got != 2 {
			c.t.Errorf("the folder holds %d files, want the token and its lock", got)
		}
		return
	}
	if n, orphan := c.server.Commits(branchName); n != commits || !orphan {
		c.t.Errorf("commits: got %d (orphan: %t), want %d", n, orphan, commits)
	}
}

// BenchmarkChain rotates ten thousand times with -benchtime 10000x, and reports
// how much longer the last tenth of the rotations took than the first.
func BenchmarkChain(b *testing.B) {
	for _, kind := range []string{"branch", "file"} {
		b.Run(kind, func(b *testing.B) {
			c := newChain(b, kind)
			c.stderr = bytes.Buffer{}
			tenth := max(b.N/10, 1)
			var first, last time.Duration
			began := time.Now()
			for n := range b.N {
				c.rotate(n)
				if n+1 == tenth {
					first = time.Since(began)
				}
				if n+1 == b.N-tenth {
					began = time.Now()
				}
			}
			last = time.Since(began)
			if b.N >= 10 {
				b.ReportMetric(float64(last)/float64(first), "last/first")
			}
			if got, want := c.server.Opened(c.document()), c.server.LiveRefreshToken(); got != want {
				b.Error(strings.TrimSpace(fmt.Sprintf("%s does not hold the living refresh token", kind)))
			}
		})
	}
}
