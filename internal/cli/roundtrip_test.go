package cli_test

import (
	"strings"
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
		name            string
		rotation        sandbox.Rotation
		targets         []string
		requests, trips int
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
				if status := s.run(); status != 0 {
					t.Fatalf("exit status %d\n%s", status, s.runner.Log())
				}
			}
			for _, target := range tt.targets {
				if !strings.Contains(target, ":") {
					s.server.SetSecret(target, s.server.LiveRefreshToken())
				}
			}
			run() // a branch is made by its first run
			s.server.Set(func(k *sandbox.Knobs) { k.Latency = time.Second })
			before, began := s.requests(), time.Now()
			run()
			check.Equal(t, s.requests()-before, tt.requests, "requests\n%s", s.server.Journal())
			check.Equal(t, time.Since(began), time.Duration(tt.trips)*time.Second, "round trips")
		})
	}
}

// requests is how many calls the services got.
func (s *step) requests() int {
	n := 0
	for _, service := range []string{"strava", "github"} {
		for _, method := range []string{"GET", "POST", "PUT", "DELETE"} {
			n += s.server.Count(service, method, "")
		}
	}
	return n
}
