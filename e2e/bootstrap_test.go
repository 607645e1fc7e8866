//go:build e2e

package e2e

import (
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"strava-token/internal/sandbox"
)

// TestBootstrapWorkflow runs examples/bootstrap.yml twice: without a code, and
// with the address that the browser ended on. Only where the action comes from
// and where Strava is are changed in it.
func TestBootstrapWorkflow(t *testing.T) {
	w := newWorld(t, sandbox.Knobs{})
	example, err := os.ReadFile(filepath.Join("..", "examples", "bootstrap.yml"))
	if err != nil {
		t.Fatal(err)
	}
	const published = "      - uses: OWNER/strava-token@v1\n        with:\n"
	if !strings.Contains(string(example), published) {
		t.Fatal("the example does not use the action as published")
	}
	workflow := strings.Replace(string(example), published,
		"      - uses: actions/checkout@v4\n      - uses: ./\n        with:\n"+
			"          strava-url: ${{ vars.SANDBOX }}\n          strava-api-url: ${{ vars.SANDBOX }}/api/v3\n", 1)
	path := filepath.Join(t.TempDir(), "bootstrap.yml")
	if err := os.WriteFile(path, []byte(workflow), 0o600); err != nil {
		t.Fatal(err)
	}

	log, ok := w.act(t, path, "--var", "STRAVA_CLIENT_ID="+w.server.App().ID)
	if !ok {
		t.Fatalf("the run without a code failed:\n%s", log)
	}
	link := shownAddress.FindString(log)
	if link == "" {
		t.Fatalf("there is no link in the log:\n%s", log)
	}
	address := authorize(t, w, link)
	log, ok = w.act(t, path, "--var", "STRAVA_CLIENT_ID="+w.server.App().ID, "--input", "code="+address)
	if !ok {
		t.Fatalf("the run with the code failed:\n%s", log)
	}
	if !strings.Contains(log, "athlete 126651800") {
		t.Errorf("the athlete is not named:\n%s", log)
	}
	heldByTheBranch(t, w, log)
	if n, orphan := w.server.Commits(branchName); n != 1 || !orphan {
		t.Errorf("the branch has %d commits (orphan: %t), want one without the code's history", n, orphan)
	}
}

// authorize does what an athlete does in a browser, and returns the address of
// the page that does not load.
func authorize(t *testing.T, w *world, link string) string {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	_, query, _ := strings.Cut(link, "?")
	resp, err := client.PostForm(w.base+"/login", url.Values{"next": {"/oauth/authorize?" + query}})
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	resp, err = client.PostForm(w.base+"/oauth/accept_application?"+query, url.Values{"answer": {"accept"}, "granted": {"activity:read_all"}})
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	return resp.Header.Get("Location")
}
