package provider

import (
	"cmp"
	"slices"

	"strava-token/internal/secret"
	"strava-token/internal/store"
	"strava-token/internal/strava"
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

// issued is what Strava gave for a candidate: a refresh token, or answers that may
// hold one.
type issued struct {
	token      strava.Token
	from       candidate    // what was spent for it
	spentFirst secret.Value // what the run spent first, before it adopted another run's token
	flaw       error        // the rest of the answer is no use; nil if it is
	athlete    int64        // whose it is as far as is known; 0 if unknown
	rival      store.Held   // what the readable target holds of another grant; empty if the token came from it
	unmasked   bool         // the runner could not be told to hide something
}

// issue records what Strava gave for c. flaw is what is wrong with the answer, or
// nil.
func (r *Run) issue(c candidate, token strava.Token, flaw error) issued {
	i := issued{token: token, from: c, spentFirst: c.token, flaw: flaw, athlete: token.AthleteID}
	if held := r.held(); c.token.Equal(held.RefreshToken) {
		i.athlete = cmp.Or(i.athlete, held.AthleteID)
	} else {
		i.rival = held
	}
	return i
}

// rotated reports whether Strava issued another refresh token than the run began
// with.
func (i issued) rotated() bool { return !i.token.RefreshToken.Equal(i.spentFirst) }

// isNew reports whether it is a refresh token that no target is known to hold.
func (i issued) isNew() bool { return i.rotated() || i.from.origin.isUnstored() }

// mayBeWorthLess reports whether the readable target holds another token, which may
// have scopes that this new login's lacks.
func (i issued) mayBeWorthLess() bool {
	return i.from.origin == fromNewLogin && !i.rival.RefreshToken.Empty()
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
	scope := i.token.Scope
	if scope == nil {
		scope = r.held().Scope // the answer does not name them
	}
	return store.Record{RefreshToken: i.token.RefreshToken, AthleteID: i.athlete, Input: r.Input, Scope: scope}
}
