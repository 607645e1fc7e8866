package login

import (
	"context"
	"strings"
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
// A pasted text that is wrong is told to complain, and the waiting goes on; so it
// does if pasted is closed. A code alone isn't taken: it carries no state, and any
// word could be one.
func (a *Attempt) Wait(ctx context.Context, pasted <-chan string, complain func(error)) (strava.Grant, error) {
	timeout := time.NewTimer(Timeout)
	defer timeout.Stop()
	for {
		select {
		case r := <-a.result:
			return r.grant, r.err
		case text, open := <-pasted:
			if !open {
				pasted = nil
				continue
			}
			if strings.TrimSpace(text) == "" {
				continue
			}
			grant, err := a.read(text)
			if err == nil || isDenied(err) {
				return grant, err
			}
			complain(err)
		case <-timeout.C:
			return strava.Grant{}, ErrNobodyCame
		case <-ctx.Done():
			return strava.Grant{}, ctx.Err()
		}
	}
}
