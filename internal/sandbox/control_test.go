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

// TestControlRefusesWhatItDoesNotKnow: what is mistyped would change nothing.
func TestControlRefusesWhatItDoesNotKnow(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		path, body string
		status     int
		says       string
	}{
		{"knobs", `{"rotation":"always","latency":"1ms","advance":"7h","scopes":["read"]}`, 204, ""},
		{"knobs", `{"rotatoin":"always"}`, 400, `"rotatoin"`},
		{"knobs", `{"rotation":"sometimes"}`, 400, "never, expiry or always"},
		{"knobs", `{"scopes":["activity:reed"]}`, 400, "activity:read_all"},
		{"knobs", `{"early_codes":-1}`, 400, "below zero"},
		{"knobs", `{"latency":"soon"}`, 400, "duration"},
		{"faults", `{"call":"token","kind":"status","status":503,"times":1}`, 204, ""},
		{"faults", ``, 204, ""},
		{"faults", `{"call":"tokens","kind":"stall"}`, 400, "athlete"},
		{"faults", `{"call":"token","kind":"stal"}`, 400, "cut-after"},
		{"faults", `{"call":"token","kind":"status","status":7}`, 400, "status"},
		{"faults", `{"call":"token","kind":"stall","time":1}`, 400, `"time"`},
	} {
		s := sandbox.New(sandbox.Knobs{})
		w := call(s, "POST", "/sandbox/"+tt.path, "", tt.body)
		if w.Code != tt.status || !strings.Contains(w.Body.String(), tt.says) {
			t.Errorf("%s %s: got %d %s, want %d and %s", tt.path, tt.body, w.Code, w.Body, tt.status, tt.says)
		}
	}
	s := sandbox.New(sandbox.Knobs{Activities: 3})
	old := signIn(t, s)
	if w := call(s, "POST", "/sandbox/knobs", "", `{"rotation":"always","advance":"7h"}`); w.Code != http.StatusNoContent {
		t.Fatalf("got %d: %s", w.Code, w.Body)
	}
	refresh := s.LiveRefreshToken()
	if token := signIn(t, s); token == old || s.LiveRefreshToken() == refresh {
		t.Error("the clock or the rotation did not change")
	}
	if got := call(s, "GET", "/api/v3/athlete/activities", signIn(t, s), "").Body.String(); strings.Count(got, `"start_date":`) != 3 {
		t.Error("a knob that was not named has changed")
	}
}
