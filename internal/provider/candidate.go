package provider

import (
	"slices"

	"strava-token/internal/secret"
)

// origin is where a refresh token came from.
type origin int

const (
	fromInput    origin = iota // the input; a readable target saw it before
	fromNewLogin               // an input that the readable target never saw: somebody logged in again
	fromReadable               // what the readable target holds
	fromCode                   // an authorization code
	fromRecovery               // a recovery text
)

// isLogin reports whether somebody authorized the app again to get it. Such a token
// wins over another one that lives.
func (o origin) isLogin() bool { return o == fromNewLogin || o == fromCode }

// isUnstored reports whether no target is known to hold it. Such a token is written
// even if Strava hands it back unchanged, and no other run uses it.
func (o origin) isUnstored() bool { return o == fromCode || o == fromRecovery }

// candidate is what Strava may be asked with.
type candidate struct {
	token  secret.Value // the refresh token, or the code
	origin origin
}

// candidates puts them in order: a new login, what the readable target holds, and an
// input that it knows. A code and recovery texts stand alone, since it's them that are
// to be proved, but for a code that another job may have spent.
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
