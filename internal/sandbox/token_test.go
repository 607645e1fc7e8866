package sandbox_test

import (
	"bytes"
	"encoding/json"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"strava-token/internal/sandbox"
)

// TestTokenRequestsInEveryForm: Strava takes a form, a query, multipart and JSON.
func TestTokenRequestsInEveryForm(t *testing.T) {
	t.Parallel()
	s := sandbox.New(sandbox.Knobs{})
	fields := map[string]string{
		"client_id": s.App().ID, "client_secret": s.App().Secret,
		"grant_type": "refresh_token", "refresh_token": s.LiveRefreshToken(),
	}
	values := url.Values{}
	var parts bytes.Buffer
	form := multipart.NewWriter(&parts)
	for name, value := range fields {
		values.Set(name, value)
		if err := form.WriteField(name, value); err != nil {
			t.Fatal(err)
		}
	}
	if err := form.Close(); err != nil {
		t.Fatal(err)
	}
	object, err := json.Marshal(fields)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ name, query, kind, body string }{
		{"a form", "", "application/x-www-form-urlencoded", values.Encode()},
		{"a query", "?" + values.Encode(), "", ""},
		{"multipart", "", form.FormDataContentType(), parts.String()},
		{"JSON", "", "application/json", string(object)},
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
