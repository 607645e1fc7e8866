package cli_test

import (
	"os/exec"
	"sync"
	"testing"
	"time"

	"strava-token/internal/check"
	"strava-token/internal/sandbox"
)

// TestKill ends the real process by SIGKILL at points spread over a whole run,
// and counts where the living refresh token is afterwards. Nothing can help a
// process that is killed between Strava's change and the store's: those are the
// only losses allowed, and their share is printed.
func TestKill(t *testing.T) {
	t.Parallel()
	kills := rounds(320)
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

	var mu sync.Mutex
	before, after, between := 0, 0, 0
	turn := make(chan struct{}, atOnce)
	var all sync.WaitGroup
	for i := range kills {
		all.Go(func() {
			turn <- struct{}{}
			defer func() { <-turn }()
			s, cmd := begin()
			first := s.server.LiveRefreshToken()
			if err := cmd.Start(); err != nil {
				t.Error(err)
				return
			}
			time.Sleep(run * time.Duration(i) / time.Duration(kills))
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
			for !s.server.Idle() { // or the test times out
				time.Sleep(5 * time.Millisecond)
			}
			s.assertNothingLeaks()
			mu.Lock()
			defer mu.Unlock()
			switch {
			case !s.kept():
				between++
				// The attempt of the check is the only write there was.
				writes := s.server.Count("github", "PUT", "/repos")
				check.That(t, s.server.Count("strava", "POST", "/oauth/token") > 0 && writes == 1, "a refresh token was lost after %d writes", writes-1)
			case s.server.LiveRefreshToken() == first:
				before++
			default:
				after++
			}
		})
	}
	all.Wait()
	t.Logf("%d kills: %d before Strava's change, %d after the store, %d (%.0f %%) between the two, where the new refresh token is lost",
		kills, before, after, between, 100*float64(between)/float64(kills))
	check.Equal(t, before+after+between, kills, "kills")
}
