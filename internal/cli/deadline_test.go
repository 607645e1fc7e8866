package cli_test

import (
	"os"
	"sync"
	"testing"
	"time"

	"strava-token/internal/check"
	"strava-token/internal/sandbox"
)

// TestDeadlines holds, on a fake clock, how long a run may take at the most.
func TestDeadlines(t *testing.T) {
	t.Parallel()
	stall := func(calls ...string) func(*step) {
		return func(s *step) {
			for _, call := range calls {
				s.server.Fail(sandbox.Fault{Call: call, Kind: sandbox.FaultStall})
			}
		}
	}
	cancelIn := func(d time.Duration, given func(*step)) func(*step) {
		return func(s *step) {
			given(s)
			time.AfterFunc(d, s.cancel)
		}
	}
	for _, tt := range []struct {
		name   string
		given  func(*step)
		limit  time.Duration // from the beginning
		kept   bool
		sealed bool
	}{
		{"preflight stalls", stall("public-key", "secret", "try-write"), 16 * time.Second, true, false},
		{"token stalls", stall("token"), 41 * time.Second, true, false},
		{"store stalls", stall("put"), 61 * time.Second, false, true},
		{"store and proof stall", stall("put", "athlete"), 61 * time.Second, false, true},
		{"everything is slow", func(s *step) { s.server.Set(func(k *sandbox.Knobs) { k.Latency = 9 * time.Second }) }, 61 * time.Second, true, false},
		{"a proof that comes first leaves time for the store", func(s *step) {
			s.runner.Input("expected-athlete", "126651800")
			s.server.Fail(sandbox.Fault{Call: "token", Kind: sandbox.FaultStall, Times: 1})
			stall("athlete")(s)
		}, 61 * time.Second, true, false},
		// The runner kills 10 s after the first signal.
		{"cancelled in the token request", cancelIn(time.Second, stall("token")), 7 * time.Second, true, false},
		{"cancelled in the store", cancelIn(time.Second, stall("put")), 10 * time.Second, false, true},
		{"cancelled late in the token request, and the store stalls", cancelIn(time.Second, func(s *step) {
			s.server.Notify(func(call string) {
				if call == "token" {
					time.Sleep(5 * time.Second)
				}
			})
			stall("put")(s)
		}), 10 * time.Second, false, true},
		{"cancelled in the proof", cancelIn(time.Second, stall("athlete")), 2 * time.Second, true, true},
	} {
		runInStep(t, tt.name, always, func(t *testing.T, s *step) {
			tt.given(s)
			began := time.Now()
			s.run()
			check.That(t, time.Since(began) <= tt.limit, "took %v, want at most %v\n%s", time.Since(began), tt.limit, s.server.Journal())
			check.Equal(t, s.kept(), tt.kept, "kept\n%s", s.server.Journal())
			if got := s.whereIsTheToken(s.server.Secret(secretName), []string{secretName}); got == "lost" || (got == "sealed") == tt.kept {
				t.Errorf("the living refresh token is %s", got)
			}
		})
	}
}

// TestCancelledWhileNoConnectionComesAbout spends nothing.
func TestCancelledWhileNoConnectionComesAbout(t *testing.T) {
	inStep(t, always, func(t *testing.T, s *step) {
		s.runner.Input("strava-url", "http://"+oauthHost)
		s.runner.Set("GITHUB_API_URL", "http://"+githubHost)
		s.pipe.Refuse(oauthHost, 3)
		time.AfterFunc(50*time.Millisecond, s.cancel)
		s.expect(1, "run-cancelled")
		check.Equal(t, s.server.Count("strava", "POST", "/oauth/token"), 0, "token requests")
	})
}

// unread is an output that nobody reads. What is printed fails once it is closed.
type unread chan struct{}

func (u unread) Write([]byte) (int, error) {
	<-u
	return 0, os.ErrClosed
}

// TestAReaderThatDoesNotReadDoesNotStopTheStore, nor one that's gone. Nothing can be
// masked, so that there is no output.
func TestAReaderThatDoesNotReadDoesNotStopTheStore(t *testing.T) {
	for name, gone := range map[string]bool{"it takes nothing and breaks nothing": false, "it's gone": true} {
		runInStep(t, name, always, func(t *testing.T, s *step) {
			unread := make(unread)
			closed := sync.OnceFunc(func() { close(unread) })
			if gone {
				closed()
			}
			s.stdout = unread
			began := time.Now()
			check.Equal(t, s.run(), 1, "exit status")
			check.That(t, time.Since(began) <= 10*time.Second, "took %v", time.Since(began))
			check.That(t, s.kept(), "the refresh token was not kept")
			check.Equal(t, s.runner.File("GITHUB_OUTPUT"), "", "outputs, though nothing could be masked")
			closed()
		})
	}
}
