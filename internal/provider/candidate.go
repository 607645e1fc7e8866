package provider

import (
	"slices"

	"strava-token/internal/secret"
)

// origin is where a refresh token came from.
type origin int

const (
	fromInput    origin = iota // the input, unless it's a new login
	fromNewLogin               // an input that the readable target never saw: somebody logged in again
	fromReadable               // the token in the readable target
	fromCode                   // an authorization code
	fromRecovery               // a recovery text
)

// isLogin reports whether somebody authorized the app to get the token. Such a token
// wins over another valid one.
func (o origin) isLogin() bool { return o == fromNewLogin || o == fromCode }

// isUnstored reports whether no target is known to have the token. Such a token is
// written even if Strava returns it unchanged.
func (o origin) isUnstored() bool { return o == fromCode || o == fromRecovery }

// candidate is a credential that the run may send to Strava.
type candidate struct {
	token  secret.Value // the refresh token, or the code
	origin origin
}

// candidates returns them in order: a new login, the token in the readable target, and
// an input that it knows. A code or recovery text stands alone, because it is what must
// be proved, unless another job may have spent the code.
func (r *Run) candidates() (all []candidate) {
	add := func(token secret.Value, o origin) {
		known := slices.ContainsFunc(all, func(c candidate) bool { return c.token.Equal(token) })
		if !known && !token.Empty() {
			all = append(all, candidate{token, o})
		}
	}
	held := r.held()
	add(r.Code, fromCode)
	if r.CodeIsShared && !r.Code.Empty() {
		add(held.RefreshToken, fromReadable)
	}
	for _, token := range r.Recovered {
		add(token, fromRecovery)
	}
	if len(all) > 0 {
		return all
	}
	if r.Readable != nil && !held.Saw(r.Input) && !held.RefreshToken.Equal(r.Input) {
		add(r.Input, fromNewLogin)
	}
	add(held.RefreshToken, fromReadable)
	add(r.Input, fromInput)
	return all
}
