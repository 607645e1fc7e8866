package provider

import (
	"cmp"

	"strava-token/internal/secret"
	"strava-token/internal/store"
	"strava-token/internal/strava"
)

// issued is what Strava gave for a candidate. There always is a refresh token in it.
type issued struct {
	token    strava.Token
	from     candidate    // what was spent for it
	began    secret.Value // what the run spent first, before it adopted another run's token
	flaw     error        // the rest of the answer is no use; nil if it is
	athlete  int64        // whose it is as far as is known; 0 if unknown
	instead  store.Held   // what the readable target holds of another grant; empty if the token came from it
	unmasked bool         // the runner could not be told to hide something
}

// issue records what Strava gave for c. flaw is what is wrong with the answer, or
// nil.
func (r *Run) issue(c candidate, token strava.Token, flaw error) issued {
	i := issued{token: token, from: c, began: c.token, flaw: flaw, athlete: cmp.Or(token.AthleteID, c.athlete)}
	if held := r.held(); !c.token.Equal(held.RefreshToken) {
		i.instead = held
	}
	return i
}

// rotated reports whether Strava issued another refresh token than the run began
// with.
func (i issued) rotated() bool { return !i.token.RefreshToken.Equal(i.began) }

// replaces reports whether a login's token would take the place of another one
// that the readable target holds, and that may be worth more.
func (i issued) replaces() bool {
	return i.from.origin == fromNewLogin && !i.instead.RefreshToken.Empty()
}

// receive makes what Strava issued the run's own: from now on it is what gets
// sealed, and it is masked before anything else is done with it.
func (r *Run) receive(i issued, s *sealer) issued {
	s.take(i)
	masked := r.Reporter.Mask(i.token.AccessToken)
	masked = r.Reporter.Mask(i.token.RefreshToken) && masked
	i.unmasked = i.unmasked || !masked
	return i
}

// record is what the targets are given to keep.
func (r *Run) record(i issued) store.Record {
	return store.Record{RefreshToken: i.token.RefreshToken, AthleteID: i.athlete, Input: r.Input}
}
