package cli_test

import (
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
	run := time.Hour
	for range 5 { // how long a run takes here, at the least
		s := newProcessStep(t, sandbox.Knobs{Rotation: sandbox.RotateAlways, Latency: latency})
		cmd := s.command()
		began := time.Now()
		if got := s.exitStatus(cmd.Run()); got != 0 {
			t.Fatalf("exit status: got %d, want 0\n%s", got, s.runner.Log())
		}
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
			s := newProcessStep(t, sandbox.Knobs{Rotation: sandbox.RotateAlways, Latency: latency})
			first := s.server.LiveRefreshToken()
			cmd := s.command()
			if err := cmd.Start(); err != nil {
				t.Error(err)
				return
			}
			time.Sleep(run * time.Duration(i) / time.Duration(kills))
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
			s.settle()

			living := s.server.LiveRefreshToken()
			s.assertNothingLeaks()
			mu.Lock()
			defer mu.Unlock()
			switch {
			case s.server.Secret(secretName) != living:
				between++
				if s.server.Count("strava", "POST", "/oauth/token") == 0 {
					t.Error("a refresh token was lost without a token request")
				}
				// The attempt of the check is the only write there was.
				if n := s.server.Count("github", "PUT", "/repos"); n != 1 {
					t.Errorf("a refresh token was lost although %d writes arrived", n-1)
				}
			case living == first:
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

// settle waits until the sandbox has finished what it was asked, so that its
// state can be read.
func (s *step) settle() {
	s.t.Helper()
	for range 200 {
		if s.server.Idle() {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	s.t.Error("the sandbox is still busy")
}
