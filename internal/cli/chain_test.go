package cli_test

import (
	"bytes"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"strava-token/internal/check"
)

// TestChain rotates a thousand times with -whole, a day apart: the target always holds the
// refresh token that lives, nothing is left behind, and every rotation of a
// branch is one commit of the same small size.
func TestChain(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"branch", "file"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c := newChain(t, kind)
				size, length := 0, rounds(1000)
				for n := range length {
					c.rotate(n)
					text := c.document()
					if c.server.Opened(text) != c.server.LiveRefreshToken() {
						t.Fatalf("after %d rotations the target does not hold the living refresh token", n+1)
					}
					if n == 0 {
						size = len(text)
					}
					if drift := len(text) - size; drift < -16 || drift > 16 { // of base64's padding
						t.Fatalf("after %d rotations the document has %d bytes, and had %d", n+1, len(text), size)
					}
				}
				c.assertNothingIsLeft(length)
			})
		})
	}
}

// chain is a sandbox that replaces every refresh token, and a target.
type chain struct {
	*step
	kind string
	path string
}

func newChain(tb testing.TB, kind string) *chain {
	tb.Helper()
	s := newStep(tb, always)
	return &chain{step: s, kind: kind, path: filepath.Join(tb.TempDir(), "token")}
}

// rotate is one run.
func (c *chain) rotate(n int) {
	c.t.Helper()
	c.server.Advance(24 * time.Hour)
	var r racer
	if c.kind == "branch" {
		r = c.raceOnBranch("branch:" + branchName)
	} else {
		r = c.raceOnFile(c.path)
	}
	check.Need(c.t, r.status == 0 && c.server.Works(r.access), "rotation %d ended with status %d\n%s", n+1, r.status, r.log)
}

func (c *chain) document() string {
	if c.kind == "branch" {
		return c.server.File(branchName, "refresh-token.txt")
	}
	return readFile(c.t, c.path)
}

func (c *chain) assertNothingIsLeft(commits int) {
	c.t.Helper()
	if c.kind == "file" {
		left, err := filepath.Glob(filepath.Join(filepath.Dir(c.path), "*"))
		hidden, _ := filepath.Glob(filepath.Join(filepath.Dir(c.path), ".*"))
		if got := len(left) + len(hidden); err != nil || got != 2 {
			c.t.Errorf("the folder holds %d files, want the token and its lock", got)
		}
		return
	}
	if n, orphan := c.server.Commits(branchName); n != commits || !orphan {
		c.t.Errorf("commits: got %d (orphan: %t), want %d", n, orphan, commits)
	}
}

// BenchmarkChain rotates ten thousand times with -benchtime 10000x, and reports
// how much longer the last tenth of the rotations took than the first.
func BenchmarkChain(b *testing.B) {
	for _, kind := range []string{"branch", "file"} {
		b.Run(kind, func(b *testing.B) {
			c := newChain(b, kind)
			c.stderr = bytes.Buffer{}
			tenth := max(b.N/10, 1)
			var first, last time.Duration
			began := time.Now()
			for n := range b.N {
				c.rotate(n)
				if n+1 == tenth {
					first = time.Since(began)
				}
				if n+1 == b.N-tenth {
					began = time.Now()
				}
			}
			last = time.Since(began)
			if b.N >= 10 {
				b.ReportMetric(float64(last)/float64(first), "last/first")
			}
			if got, want := c.server.Opened(c.document()), c.server.LiveRefreshToken(); got != want {
				b.Error(strings.TrimSpace(fmt.Sprintf("%s does not hold the living refresh token", kind)))
			}
		})
	}
}
