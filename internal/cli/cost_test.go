package cli_test

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"strava-token/internal/check"
	"strava-token/internal/sandbox"
)

// TestRoundTrips counts the requests of a run, and how many of them wait for each
// other: on the fake clock nothing but an answer takes time.
func TestRoundTrips(t *testing.T) {
	t.Parallel()
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
				s.runner.Input("refresh-token", s.server.LiveRefreshToken())
				s.runner.Input("rotate-to", strings.Join(tt.targets, "\n"))
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
