package login_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"strava-token/internal/check"
	"strava-token/internal/login"
	"strava-token/internal/strava"
)

const code = "89abcdef0123456789abcdef0123456789abcdef"

func TestWaitEndsAfterFiveMinutes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		pasted := make(chan string)
		close(pasted) // nobody is at the terminal
		began := time.Now()
		_, err := login.NewAttempt(authorize).Wait(t.Context(), pasted, func(error) {})
		check.That(t, errors.Is(err, login.ErrNobodyCame), "Wait: got %v, want %v", err, login.ErrNobodyCame)
		check.Equal(t, time.Since(began), 5*time.Minute, "waited")
	})
}

// TestPasted: what's wrong is said, and the waiting goes on.
func TestPasted(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		text string // STATE is the right one
		want error  // that is complained of; nil if the code is taken
	}{
		{"http://127.0.0.1:8000/token?state=STATE&code=" + code + "&scope=read", nil},
		{`  "http://127.0.0.1:8000/token?state=STATE&code=` + code + `"  `, nil},
		{"state=STATE&code=" + code, nil},
		{code, login.ErrCodeAlone},
		{"code=" + code, login.ErrCodeAlone},
		{code + "&scope=read", login.ErrCodeAlone},
		{"http://127.0.0.1:8000/token?code=" + code + "&scope=read", login.ErrCodeAlone},
		{"http://127.0.0.1:8000/token?state=&code=" + code, login.ErrCodeAlone},
		{"http://127.0.0.1:8000/token?state=0123&code=" + code, strava.ErrWrongState},
		{"hello", strava.ErrNoCode},
		{"http://127.0.0.1:8000/token?state=STATE", strava.ErrNoCode},
		{"https://www.strava.com/dashboard", strava.ErrNoCode},
	} {
		a := login.NewAttempt(authorize)
		good := "?state=" + stateOf(t, a.Link()) + "&code=" + code
		pasted := make(chan string, 3)
		pasted <- "" // Enter alone is nothing
		pasted <- strings.ReplaceAll(tt.text, "STATE", stateOf(t, a.Link()))
		pasted <- good
		var complained error
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		grant, err := a.Wait(ctx, pasted, func(err error) { complained = err })
		cancel()
		if err != nil || grant.Code.Reveal() != code || !errors.Is(complained, tt.want) {
			t.Errorf("%q: got %v, complained of %v; want %v", tt.text, err, complained, tt.want)
		}
	}
}
