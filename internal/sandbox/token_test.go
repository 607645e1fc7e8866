package sandbox_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"strava-token/internal/sandbox"
)

// TestTokenRequestsInEveryForm: Strava takes a form, a query, multipart and JSON.
func TestTokenRequestsInEveryForm(t *testing.T) {
	t.Parallel()
	s := sandbox.New(sandbox.Knobs{App: sandbox.App{ID: "7", Secret: "made-up"}, RefreshToken: "first"})
	const form = "client_id=7&client_secret=made-up&grant_type=refresh_token&refresh_token=first"
	parts := "--b\r\nContent-Disposition: form-data; name=" + strings.NewReplacer(
		"=", "\r\n\r\n", "&", "\r\n--b\r\nContent-Disposition: form-data; name=").Replace(form) + "\r\n--b--"
	for _, tt := range []struct{ name, query, kind, body string }{
		{"a form", "", "application/x-www-form-urlencoded", form},
		{"a query", "?" + form, "", ""},
		{"multipart", "", "multipart/form-data; boundary=b", parts},
		{"JSON", "", "application/json", `{"` + strings.NewReplacer("=", `":"`, "&", `","`).Replace(form) + `"}`},
	} {
		request := httptest.NewRequest(http.MethodPost, "/oauth/token"+tt.query, strings.NewReader(tt.body))
		request.Header.Set("Content-Type", tt.kind)
		answer := httptest.NewRecorder()
		s.ServeHTTP(answer, request)
		if answer.Code != http.StatusOK {
			t.Errorf("%s: got %d, want 200: %s", tt.name, answer.Code, answer.Body)
		}
	}
}
