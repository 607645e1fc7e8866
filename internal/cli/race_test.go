package cli_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"strava-token/internal/check"
	"strava-token/internal/cli"
)

// raceRounds is how many rounds a race has with -whole, by the number of its runs.
var raceRounds = map[int]int{2: 20, 8: 10, 32: 4}

// TestRaces runs many runs at once, with rotation on every refresh and random
// delays. Every one of them ends with an access token that works, or says to try
// again; and after every round the target holds the refresh token that lives.
func TestRaces(t *testing.T) {
	for _, kind := range []string{"branch", "file", "secret"} {
		for _, n := range []int{2, 8, 32} {
			runInStep(t, fmt.Sprintf("%s/%d", kind, n), always, func(t *testing.T, s *step) {
				s.server.Notify(func(string) { time.Sleep(rand.N(400 * time.Millisecond)) })
				target := s.placeOf(kind)
				for round := range rounds(raceRounds[n]) {
					won := s.race(n, target)
					living := s.server.Opened(target.document()) == s.server.LiveRefreshToken() || kind == "secret" && s.kept()
					check.Need(t, living, "round %d: the target does not hold the living refresh token\n%s", round, s.server.Journal())
					t.Logf("round %d: %d of %d runs got an access token, and the others were told to start again", round, won, n)
					least, most := winners(kind, n)
					check.That(t, least <= won && won <= most, "round %d: %d of %d runs got an access token, want %d to %d", round, won, n, least, most)
				}
			})
		}
	}
}

// winners are how many of n runs at once get an access token at least and at most: all
// of them, but for a branch that very many want at once. (The delays are random;
// docs/targets.md has what was measured.) A secret shows what concurrency: is for: it
// cannot be read back, and is read when a run is queued. Of the runs that are queued at
// once one gets through, and the others carry a token that is dead by then.
func winners(kind string, n int) (least, most int) {
	switch {
	case kind == "secret":
		return 1, 1
	case kind == "branch" && n > 8:
		return n / 2, n
	}
	return n, n
}

// race starts n runs at once, each of them a moment apart, asserts how every one of
// them ended, and counts those that got an access token.
func (s *step) race(n int, target place) (won int) {
	s.t.Helper()
	queued := s.server.Secret(secretName)
	racers := make([]racer, n)
	var all sync.WaitGroup
	for i := range racers {
		all.Go(func() {
			time.Sleep(rand.N(300 * time.Millisecond))
			racers[i] = target.run(queued)
		})
	}
	all.Wait()
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

// place is a target of runs whose refresh token is that of the first day, unless the
// target is that secret.
type place struct {
	*step
	target string
}

func (s *step) placeOf(kind string) place {
	file := "file:" + filepath.Join(s.t.TempDir(), "token")
	return place{s, map[string]string{"branch": "branch:" + branchName, "file": file, "secret": secretName}[kind]}
}

// racer is how one of several runs at once ended.
type racer struct {
	status int
	access string
	log    string
}

// run is the step of a workflow, or the command refresh on a machine with many cron
// jobs if a file keeps the token.
func (p place) run(refresh string) racer {
	if strings.HasPrefix(p.target, "file:") {
		env := environment(p.server, p.base)
		env["STRAVA_REFRESH_TOKEN"] = refresh
		var stdout, stderr bytes.Buffer
		status := runs(p.ctx, cli.Process{
			Args: []string{"refresh", "--rotate-to", p.target}, Getenv: from(env),
			Stdout: &stdout, Stderr: &stderr, Dial: p.pipe.Dial,
		})
		return racer{status, strings.TrimSpace(stdout.String()), stderr.String()}
	}
	token := p.server.BuiltInToken()
	if p.target == secretName {
		token = p.server.GitHubToken()
	}
	runner := p.newRunner(refresh, p.target, token)
	status := runs(p.ctx, cli.Process{Args: []string{"action"}, Getenv: runner.Getenv, Stdout: runner, Dial: p.pipe.Dial})
	return racer{status, runner.Output("access-token"), runner.Log()}
}

// document is what a branch or a file has.
func (p place) document() string {
	if path, isFile := strings.CutPrefix(p.target, "file:"); isFile {
		return readFile(p.t, path)
	}
	return p.server.File(branchName, "refresh-token.txt")
}

// rotate is the run of another day.
func (p place) rotate() {
	p.t.Helper()
	p.server.Advance(24 * time.Hour)
	r := p.run(p.server.Secret(secretName))
	check.Need(p.t, r.status == 0 && p.server.Lives(r.access), "exit status: got %d\n%s", r.status, r.log)
}

// TestChain rotates a thousand times with -whole, a day apart: the target always holds the
// refresh token that lives, nothing is left behind, and every rotation of a
// branch is one commit of the same small size.
func TestChain(t *testing.T) {
	for _, kind := range []string{"branch", "file"} {
		runInStep(t, kind, always, func(t *testing.T, s *step) {
			target := s.placeOf(kind)
			size, length := 0, rounds(1000)
			for n := range length {
				target.rotate()
				text := target.document()
				check.Need(t, s.server.Opened(text) == s.server.LiveRefreshToken(), "rotation %d: the target does not hold the living refresh token", n+1)
				if n == 0 {
					size = len(text)
				}
				drift := len(text) - size
				check.Need(t, -16 <= drift && drift <= 16, "rotation %d: %d bytes, and there were %d", n+1, len(text), size) // of base64's padding
			}
			if kind == "branch" {
				check.Equal(t, s.server.Commits(branchName), length, "commits")
				return
			}
			left := check.Must(os.ReadDir(filepath.Dir(strings.TrimPrefix(target.target, "file:"))))(t)
			check.That(t, len(left) == 2, "the folder has %d files, want the token and its lock", len(left))
		})
	}
}

// BenchmarkChain rotates ten thousand times with -benchtime 10000x, and reports
// how much longer the last tenth of the rotations took than the first.
func BenchmarkChain(b *testing.B) {
	for _, kind := range []string{"branch", "file"} {
		b.Run(kind, func(b *testing.B) {
			target := newStep(b, always).placeOf(kind)
			tenth := max(b.N/10, 1)
			began := make([]time.Time, b.N+1)
			for n := range b.N {
				began[n] = time.Now()
				target.rotate()
			}
			began[b.N] = time.Now()
			first, last := began[tenth].Sub(began[0]), began[b.N].Sub(began[b.N-tenth])
			b.ReportMetric(float64(last)/float64(first), "last/first")
		})
	}
}
