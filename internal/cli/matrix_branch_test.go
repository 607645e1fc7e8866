package cli_test

import (
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"strava-token/internal/check"
	"strava-token/internal/recovery"
	"strava-token/internal/sandbox"
	"strava-token/internal/secret"
)

// branchCalls are the calls of a run that keeps its refresh token on a branch,
// which is there already or is made by that run.
var branchCalls = []struct {
	exists bool
	calls  []string
}{
	{true, []string{"branch", "rules", "content", "blob", "token", "athlete", "put-content"}},
	{false, []string{"branch", "rules", "content", "blob", "token", "athlete", "tree", "commit", "ref"}},
}

// TestBranchFaultMatrix crosses every one of those calls with every fault. In
// each cell the living refresh token is on the branch, or in the recovery text,
// or was never issued, or its answer never arrived; and the exit status tells
// which.
func TestBranchFaultMatrix(t *testing.T) {
	t.Parallel()
	var all among
	var cells, sealed atomic.Int64
	t.Run("cells", func(t *testing.T) {
		for _, branch := range branchCalls {
			for _, call := range branch.calls {
				for _, f := range matrixFaults {
					if f.fault.Kind == "" {
						continue // connections are the other matrix's
					}
					for _, times := range []int{0, 1, 2} {
						if !all.chosen() {
							continue
						}
						name := fmt.Sprintf("%s/%s/exists=%t/times=%d", call, f.name, branch.exists, times)
						runInStep(t, name, always, func(t *testing.T, s *step) {
							onBranch(s)
							if branch.exists {
								afterADay(s)
							}
							fault := f.fault
							fault.Call, fault.Times = call, times
							cells.Add(1)
							if s.branchCell(fault) == "sealed" {
								sealed.Add(1)
							}
						})
					}
				}
			}
		}
	})
	t.Logf("%d cells: in %d the living refresh token was in the recovery text", cells.Load(), sealed.Load())
	if want := fmt.Sprintf("`TestBranchFaultMatrix`, %d with a branch", all.cells); !strings.Contains(readDoc(t, "docs/when-it-fails.md"), want) {
		t.Errorf("docs/when-it-fails.md does not say %q", want)
	}
}

// branchCell runs with a fault, asserts what must hold, and says where the
// living refresh token is.
func (s *step) branchCell(f sandbox.Fault) string {
	s.t.Helper()
	first := s.server.LiveRefreshToken()
	s.server.Fail(f)
	status := s.run()
	s.assertNothingLeaks()
	living := s.server.LiveRefreshToken()
	held := s.server.Held(branchName) == living
	access := s.runner.Output("access-token") != ""
	where := "lost"
	switch {
	case held:
		where = "on the branch"
	case s.inTheLog(living):
		where = "sealed"
	case living == first:
		where = "never issued"
	case !s.server.Delivered(living):
		where = "never arrived"
	}
	wrong := ""
	switch {
	case where == "lost":
		wrong = "the living refresh token is lost"
	case status == 0 && (!access || !held):
		wrong = "the run ended well, and the token is not where it belongs"
	case status == 3 && !s.inTheLog(living) && !s.isSealed():
		wrong = "neither the token was kept, nor it or the answer sealed"
	case status == 1 && where == "sealed":
		wrong = "the token is sealed, and the status does not say so"
	case status == 1 && access:
		wrong = "the run failed, and handed the access token on"
	case status == 2:
		wrong = "the input was not wrong"
	}
	errors := strings.Count("\n"+s.runner.Printed(), "\n::error::")
	if wrong == "" && (errors == 1) != (status != 0) {
		wrong = fmt.Sprintf("%d errors were printed", errors)
	}
	if wrong != "" {
		s.t.Errorf("%s (status %d)\n%s\n%s", wrong, status, s.runner.Log(), s.server.Journal())
	}
	return where
}

// inTheLog reports whether recover finds a refresh token in a text in the log.
func (s *step) inTheLog(refresh string) bool {
	return slices.ContainsFunc(s.sealed(), func(c recovery.Content) bool {
		return slices.ContainsFunc(c.Tokens(), func(v secret.Value) bool { return v.Reveal() == refresh })
	})
}

// isSealed reports whether an answer that could not be read is in the log.
func (s *step) isSealed() bool {
	return slices.ContainsFunc(s.sealed(), func(c recovery.Content) bool { return len(c.Unread) > 0 })
}

// sealed opens the recovery texts in the log.
func (s *step) sealed() (all []recovery.Content) {
	s.t.Helper()
	texts := check.Must(recovery.Find(strings.NewReader(s.runner.Log())))(s.t)
	for _, text := range texts {
		if c, err := recovery.Open(text, secret.New(s.server.App().Secret)); err == nil {
			all = append(all, c)
		}
	}
	return all
}
