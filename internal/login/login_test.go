package login_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"strava-token/internal/login"
)

const (
	state = "0123456789abcdef0123456789abcdef"
	code  = "89abcdef0123456789abcdef0123456789abcdef"
)

func TestWaitEndsAfterFiveMinutes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		pasted := make(chan string)
		close(pasted) // nobody is at the terminal
		began := time.Now()
		_, err := login.Wait(t.Context(), nil, pasted, state, func(error) {})
		if !errors.Is(err, login.ErrNobodyCame) {
			t.Errorf("Wait: got %v, want %v", err, login.ErrNobodyCame)
		}
		if got := time.Since(began); got != 5*time.Minute {
			t.Errorf("waited %v, want 5 minutes", got)
		}
	})
}

func TestWaitCanBeCancelled(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		if _, err := login.Wait(ctx, nil, nil, state, func(error) {}); !errors.Is(err, context.Canceled) {
			t.Errorf("Wait: got %v, want %v", err, context.Canceled)
		}
	})
}
