package login_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"strava-token/internal/login"
)

// TestEachAttemptKeepsItsPage lets the browser ask for the page of the first
// attempt only after the terminal began a second one.
func TestEachAttemptKeepsItsPage(t *testing.T) {
	t.Parallel()
	l, err := login.Listen(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	defer client.CloseIdleConnections()
	origin := strings.TrimSuffix(l.Redirect(), "/token")
	get := func(path string) (*http.Response, string) {
		t.Helper()
		resp, err := client.Get(origin + path)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp, string(body)
	}
	// comeBack returns the address that the browser is sent on to.
	comeBack := func(state string) string {
		t.Helper()
		resp, _ := get("/token?state=" + state + "&code=" + code + "&scope=read")
		return resp.Header.Get("Location")
	}

	l.Expect(state)
	first := comeBack(state)
	told := l.Tell(login.Page{Status: http.StatusConflict, Title: "The first page"})
	if first == "" || told == nil {
		t.Fatalf("the first attempt: sent on to %q, told %v", first, told)
	}
	other := strings.Repeat("f", 32)
	l.Expect(other)
	if location := comeBack(state); location != "" {
		t.Errorf("an older state is sent on to %q", location)
	}
	if resp, body := get(first); resp.StatusCode != http.StatusConflict || !strings.Contains(body, "The first page") {
		t.Fatalf("%s: got %d, %q", first, resp.StatusCode, body)
	}
	<-told

	second := comeBack(other)
	told = l.Tell(login.Page{Status: http.StatusOK, Title: "The second page"})
	if second == first || told == nil {
		t.Fatalf("the second attempt: sent on to %q, told %v", second, told)
	}
	if _, body := get(second); !strings.Contains(body, "The second page") {
		t.Fatalf("%s: got %q", second, body)
	}
	<-told
}
