package cli_test

import (
	"fmt"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"strava-token/internal/check"
	"strava-token/internal/sandbox"
)

// TestRoundTrips counts the requests of a run, and how many of them wait for each
// other: on the fake clock nothing but an answer takes time.
func TestRoundTrips(t *testing.T) {
	for _, tt := range []struct {
		name     string
		rotation sandbox.Rotation
		targets  []string
		requests int64
		trips    time.Duration
	}{
		{"without a target", sandbox.RotateNever, nil, 2, 2},
		{"an unchanged token", sandbox.RotateNever, []string{secretName}, 6, 3},
		{"one secret", sandbox.RotateAlways, []string{secretName}, 7, 3},
		{"four secrets", sandbox.RotateAlways, []string{secretName, "SECOND", "THIRD", "FOURTH"}, 22, 3},
		{"a branch", sandbox.RotateAlways, []string{"branch:" + branchName}, 7, 3},
		{"a branch and a secret", sandbox.RotateAlways, []string{"branch:" + branchName, secretName}, 12, 4},
	} {
		runInStep(t, tt.name, sandbox.Knobs{Rotation: tt.rotation}, func(t *testing.T, s *step) {
			run := func() {
				s.newRun()
				inputs("refresh-token", s.server.LiveRefreshToken(), "rotate-to", strings.Join(tt.targets, "\n"))(s)
				if tt.targets == nil {
					s.runner.Input("github-token", "") // is needed for a target alone
				}
				s.expect(0, "")
			}
			for _, target := range tt.targets {
				if !strings.Contains(target, ":") {
					s.server.SetSecret(target, s.server.LiveRefreshToken())
				}
			}
			run() // a branch is made by its first run
			s.server.Set(func(k *sandbox.Knobs) { k.Latency = time.Second })
			var requests atomic.Int64
			s.server.Notify(func(string) { requests.Add(1) })
			began := time.Now()
			run()
			check.Equal(t, requests.Load(), tt.requests, "requests\n%s", s.server.Journal())
			check.Equal(t, time.Since(began), tt.trips*time.Second, "round trips")
		})
	}
}

// TestFewConnections counts them over HTTP/2, in a run that makes every kind of
// call: Strava's are used again, and GitHub gets one for each of the questions
// that go out side by side, at most.
func TestFewConnections(t *testing.T) {
	for target, questions := range map[string]int{secretName: 4, "branch:" + branchName: 5} {
		runInStep(t, target, always, func(t *testing.T, s *step) {
			s.secure("", "h2", "http/1.1")
			s.runner.Input("rotate-to", target)
			s.expect(0, "")
			got := map[string]int{}
			for _, address := range s.pipe.Dialled() {
				got[address]++
			}
			few := got["oauth.test:443"] == 1 && got["api.test:443"] == 1 && got["github.test:443"] <= questions && len(got) == 3
			check.That(t, few, "connections: %v, want one for each of Strava's hosts and at most %d for GitHub", got, questions)
		})
	}
}

// TestConnectionsAreUsedAgain: with many targets over HTTP/1.1 the connections are as
// many as the calls at a time, and not as many as the calls, of which there are more
// than 200. (net/http dials one more than it needs whenever another is given back
// while it dials.)
func TestConnectionsAreUsedAgain(t *testing.T) {
	inStep(t, always, func(t *testing.T, s *step) {
		targets := []string{secretName}
		for i := range 49 {
			name := fmt.Sprintf("SECRET_%d", i)
			s.server.SetSecret(name, s.server.LiveRefreshToken())
			targets = append(targets, name)
		}
		s.runner.Input("rotate-to", strings.Join(targets, "\n"))
		s.expect(0, "")
		const atOnce = 4 * 4 // targets, and the questions for each
		check.That(t, len(s.pipe.Dialled()) <= 2*atOnce, "connections: got %d, want about %d", len(s.pipe.Dialled()), atOnce)
	})
}

// TestDeadlines holds, on a fake clock, how long a run may take at the most.
func TestDeadlines(t *testing.T) {
	stall := func(calls ...string) func(*step) {
		return func(s *step) {
			for _, call := range calls {
				s.server.Fail(sandbox.Fault{Call: call, Kind: sandbox.FaultStall})
			}
		}
	}
	cancelled := func(s *step) { time.AfterFunc(time.Second, s.cancel) }
	for _, tt := range []struct {
		name  string
		given func(*step)
		limit time.Duration // in seconds from the beginning
		kept  bool
	}{
		{"preflight stalls", stall("public-key", "secret", "try-write"), 16, true},
		{"token stalls", stall("token"), 41, true},
		{"store stalls", stall("put"), 61, false},
		{"store and proof stall", stall("put", "athlete"), 61, false},
		{"everything is slow", func(s *step) { s.server.Set(func(k *sandbox.Knobs) { k.Latency = 9 * time.Second }) }, 61, true},
		{"a proof that comes first leaves time for the store", all(inputs("expected-athlete", "126651800"), stall("athlete"),
			failing(sandbox.Fault{Call: "token", Kind: sandbox.FaultStall, Times: 1})), 61, true},
		// The runner kills 10 s after the first signal.
		{"cancelled in the token request", all(cancelled, stall("token")), 7, true},
		{"cancelled in the store", all(cancelled, stall("put")), 10, false},
		{"cancelled late in the token request, and the store stalls", all(cancelled, stall("put"), func(s *step) {
			s.atFirst("token", func() { time.Sleep(5 * time.Second) })
		}), 10, false},
		{"cancelled in the proof", all(cancelled, stall("athlete")), 2, true},
	} {
		runInStep(t, tt.name, always, func(t *testing.T, s *step) {
			tt.given(s)
			began := time.Now()
			s.run()
			check.That(t, time.Since(began) <= tt.limit*time.Second, "took %v, want at most %d s\n%s", time.Since(began), tt.limit, s.server.Journal())
			check.Equal(t, s.kept(), tt.kept, "kept\n%s", s.server.Journal())
			where := s.whereIsTheToken(s.server.Secret(secretName), []string{secretName}) // fails if it's lost
			check.That(t, (where == "sealed") != tt.kept, "the living refresh token is %s", where)
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
