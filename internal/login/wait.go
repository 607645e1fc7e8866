package login

import (
	"context"
	"errors"
	"time"

	"strava-token/internal/strava"
	"strava-token/internal/words"
)

// Timeout is how long a login waits for the browser.
const Timeout = 5 * time.Minute

// ErrNobodyCame is returned if neither a callback nor a pasted address came
// in time.
var ErrNobodyCame error = &words.Failure{ID: "login-nobody-came"}

// Wait returns what the browser brought or what was pasted, whichever is first.
// A pasted text that is wrong is told to complain, and the waiting goes on; so
// does it where pasted is closed. A code alone is not taken: it carries no state,
// and any word could be one. listener may be nil.
func Wait(ctx context.Context, listener *Listener, pasted <-chan string, state string, complain func(error)) (strava.Grant, error) {
	timeout := time.NewTimer(Timeout)
	defer timeout.Stop()
	var grants <-chan strava.Grant
	var denied <-chan error
	if listener != nil {
		grants, denied = listener.grants, listener.denied
	}
	for {
		select {
		case g := <-grants:
			return g, nil
		case err := <-denied:
			return strava.Grant{}, err
		case text, open := <-pasted:
			if !open {
				pasted = nil
				continue
			}
			g, err := strava.ParseAddress(text, state)
			var refused *strava.DeniedError
			switch {
			case err == nil:
				return g, nil
			case errors.As(err, &refused):
				return strava.Grant{}, err
			}
			complain(err)
		case <-timeout.C:
			return strava.Grant{}, ErrNobodyCame
		case <-ctx.Done():
			return strava.Grant{}, ctx.Err()
		}
	}
}
