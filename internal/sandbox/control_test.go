package sandbox_test

import (
	"net/http"
	"strings"
	"testing"

	"strava-token/internal/sandbox"
)

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
		{"secret", `{"target":"TARGET","value":"stored"}`, 204, ""},
		{"secret", `{"target":"org:octo/target","value":"stored"}`, 204, ""},
		{"secret", `{"target":"octo/nowhere/TARGET","value":"stored"}`, 400, "octo/nowhere"},
		{"secret", `{"value":"stored"}`, 400, "no place"},
		{"secret", `target=TARGET`, 400, "invalid character"},
	} {
		s := sandbox.New(sandbox.Knobs{})
		w := call(s, "POST", "/sandbox/"+tt.path, "", tt.body)
		if w.Code != tt.status || !strings.Contains(w.Body.String(), tt.says) {
			t.Errorf("%s %s: got %d %s, want %d and %s", tt.path, tt.body, w.Code, w.Body, tt.status, tt.says)
		}
		if stored := s.Secret("TARGET") + s.Secret("org:octo/TARGET"); tt.path == "secret" && w.Code == 204 && stored != "stored" {
			t.Errorf("%s: got %q", tt.body, stored)
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
