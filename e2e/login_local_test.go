//go:build e2e

package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"strava-token/internal/sandbox"
)

// TestBrowserIsOpened with a page of this machine, which leads to a Strava of
// another site: its cookie must come back from there all the same.
func TestBrowserIsOpened(t *testing.T) {
	w := newWorld(t, sandbox.Knobs{})
	l := startLoginAt(t, w, strings.Replace(w.base, "127.0.0.1", "localhost", 1))
	var opened []byte
	for range 1000 {
		var err error
		if opened, err = os.ReadFile(filepath.Join(l.cmd.Dir, "opened")); err == nil {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	local := strings.TrimSpace(string(opened))
	if !strings.HasPrefix(local, "http://127.0.0.1:") || strings.Contains(local, "state") {
		t.Fatalf("the browser is opened with %q\n%s", local, l.out)
	}
	ctx := browser(t)
	var page, address string
	if err := chromedp.Run(ctx, arrive(local), chromedp.Click("#authorize", chromedp.ByQuery), read(&page, &address)); err != nil {
		t.Fatalf("%v\n%s", err, l.out)
	}
	if got := l.end(t, w, page, address); got != 0 || !strings.Contains(page, "It worked") {
		t.Errorf("exit status: got %d, want 0; the page: %s\n%s", got, page, l.out)
	}
	heldByTheBranch(t, w, l.out.String())
}
