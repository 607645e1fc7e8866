package sandbox_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"strava-token/internal/sandbox"
)

func TestASecretIsStoredFromOutside(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, body string
		status     int
		target     string // holds "stored" afterwards
	}{
		{"of the repository", `{"target":"TARGET","value":"stored"}`, http.StatusNoContent, "TARGET"},
		{"of the organization", `{"target":"org:octo/TARGET","value":"stored"}`, http.StatusNoContent, "org:octo/TARGET"},
		{"of a place that is not there", `{"target":"octo/nowhere/TARGET","value":"stored"}`, http.StatusBadRequest, ""},
		{"without a name", `{"value":"stored"}`, http.StatusBadRequest, ""},
		{"not JSON", `target=TARGET`, http.StatusBadRequest, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := sandbox.New(sandbox.Knobs{})
			w := httptest.NewRecorder()
			s.ServeHTTP(w, httptest.NewRequest("POST", "/sandbox/secret", strings.NewReader(tt.body)))
			if w.Code != tt.status {
				t.Errorf("status: got %d, want %d", w.Code, tt.status)
			}
			if tt.target != "" && s.Secret(tt.target) != "stored" {
				t.Errorf("%s: got %q, want %q", tt.target, s.Secret(tt.target), "stored")
			}
		})
	}
}
