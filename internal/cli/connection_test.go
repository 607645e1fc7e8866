package cli_test

import (
	"fmt"
	"maps"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"
)

// TestOneConnectionForEachHost counts them over HTTP/2, where the calls that go
// out side by side share one, in a run that makes every kind of call.
func TestOneConnectionForEachHost(t *testing.T) {
	t.Parallel()
	for _, target := range []string{secretName, "branch:" + branchName} {
		synctest.Test(t, func(t *testing.T) {
			s := newStep(t, always)
			s.secureOver(cell{}, "h2", "http/1.1")
			s.runner.Input("rotate-to", target)
			if status := s.run(); status != 0 {
				t.Fatalf("exit status: %d\n%s", status, s.runner.Log())
			}
			got := map[string]int{}
			for _, address := range s.pipe.Dialled() {
				got[address]++
			}
			want := map[string]int{"oauth.test:443": 1, "api.test:443": 1, "github.test:443": 1}
			if !maps.Equal(got, want) {
				t.Errorf("connections (-want +got):\n%s", cmp.Diff(want, got))
			}
		})
	}
}

// TestConnectionsAreUsedAgain: with many targets over HTTP/1.1 there are no more
// connections than calls at a time.
func TestConnectionsAreUsedAgain(t *testing.T) {
	inStep(t, always, func(t *testing.T, s *step) {
		targets := []string{secretName}
		for i := range 49 {
			name := fmt.Sprintf("SECRET_%d", i)
			s.server.SetSecret(name, s.server.LiveRefreshToken())
			targets = append(targets, name)
		}
		s.runner.Input("rotate-to", strings.Join(targets, "\n"))
		if status := s.run(); status != 0 {
			t.Fatalf("exit status: %d\n%s", status, s.runner.Log())
		}
		const atOnce = 4 * 3                              // targets, and the questions for each
		if got := len(s.pipe.Dialled()); got > atOnce+1 { // and Strava's
			t.Errorf("connections: got %d, want at most %d", got, atOnce+1)
		}
	})
}
