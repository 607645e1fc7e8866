package provider

import "strava-token/internal/secret"

// origin is where a refresh token came from.
type origin int

const (
	fromInput    origin = iota // the input; if there is a readable target, it saw it before
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
	token   secret.Value // the refresh token, or the code
	origin  origin
	athlete int64 // whose it is, as the readable target says; 0 if unknown
}

// candidates puts them in order. An input that the readable target never saw goes
// first: somebody logged in again. Then comes what that target holds, and then an
// input that it knows.
//
// A code and a recovery text stand alone: it is them that are to be proved. (If the
// stored token is to take the place of a code that was used before, it goes after
// the code here; refresh does the rest.)
func (r *Run) candidates() []candidate {
	if !r.Code.Empty() {
		return []candidate{{token: r.Code, origin: fromCode}}
	}
	var all []candidate
	held := r.held()
	for _, token := range r.Recovered {
		c := candidate{token: token, origin: fromRecovery}
		if token.Equal(held.RefreshToken) {
			c.athlete = held.AthleteID
		}
		all = append(all, c)
	}
	if len(all) > 0 {
		return all
	}
	input := candidate{token: r.Input, origin: fromInput}
	known := r.Input.Empty() || r.Input.Equal(held.RefreshToken)
	if !known && r.Readable != nil && !held.Saw(r.Input) {
		input.origin = fromNewLogin
		all, known = append(all, input), true
	}
	if !held.RefreshToken.Empty() {
		all = append(all, candidate{held.RefreshToken, fromReadable, held.AthleteID})
	}
	if !known {
		all = append(all, input)
	}
	return all
}
