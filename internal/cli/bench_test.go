package cli_test

import (
	"strings"
	"testing"
	"time"

	"strava-token/internal/sandbox"
)

// roundTrip is what the sandbox adds to every answer of BenchmarkRun, so that
// the time of a run counts the round trips on its critical path.
const roundTrip = 20 * time.Millisecond

// BenchmarkRun reports how many requests a run sends, and how many of them wait
// for each other, with the time of the program itself on top. The allocations are
// those of the sandbox, too, which answers in the same process.
func BenchmarkRun(b *testing.B) {
	for _, bm := range []struct {
		name     string
		rotation sandbox.Rotation
		targets  []string
	}{
		{"without a target", sandbox.RotateNever, nil},
		{"an unchanged token", sandbox.RotateNever, []string{secretName}},
		{"one secret", sandbox.RotateAlways, []string{secretName}},
		{"four secrets", sandbox.RotateAlways, []string{secretName, "SECOND", "THIRD", "FOURTH"}},
		{"a branch", sandbox.RotateAlways, []string{"branch:" + branchName}},
		{"a branch and a secret", sandbox.RotateAlways, []string{"branch:" + branchName, secretName}},
	} {
		b.Run(bm.name, func(b *testing.B) {
			s := newStep(b, sandbox.Knobs{Rotation: bm.rotation})
			for _, target := range bm.targets {
				if !strings.Contains(target, ":") {
					s.server.SetSecret(target, s.server.LiveRefreshToken())
				}
			}
			begin := func() {
				s.newRun()
				s.runner.Input("refresh-token", s.server.LiveRefreshToken())
				s.runner.Input("rotate-to", strings.Join(bm.targets, "\n"))
				s.runner.Input("recovery", "false") // what is not kept on purpose need not be sealed
			}
			run := func() {
				if status := s.run(); status != 0 {
					b.Fatalf("exit status %d\n%s", status, s.runner.Log())
				}
			}
			begin()
			run() // a branch is made by its first run
			before := s.requests()
			s.server.Set(func(k *sandbox.Knobs) { k.Latency = roundTrip })
			b.ReportAllocs()
			for b.Loop() {
				b.StopTimer()
				begin()
				b.StartTimer()
				run()
			}
			b.ReportMetric(float64(s.requests()-before)/float64(b.N), "requests/run")
			b.ReportMetric(b.Elapsed().Seconds()/float64(b.N)/roundTrip.Seconds(), "roundtrips/run")
		})
	}
}

// requests is how many calls the services got.
func (s *step) requests() int {
	n := 0
	for _, service := range []string{"strava", "github"} {
		for _, method := range []string{"GET", "POST", "PUT"} {
			n += s.server.Count(service, method, "")
		}
	}
	return n
}
