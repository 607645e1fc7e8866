package provider

import (
	"errors"
	"slices"
	"sync"

	"strava-token/internal/secret"
	"strava-token/internal/store"
	"strava-token/internal/strava"
)

// Export says which outputs a run may set.
type Export int

// The levels, least first.
const (
	ExportNone Export = iota
	ExportWithoutAccessToken
	ExportAll
)

// Outcome is how a run ended.
type Outcome struct {
	Token     strava.Token
	Rotated   bool     // Strava issued a new refresh token
	AthleteID int64    // 0 where unknown
	Scope     []string // nil where unknown
	Kept      []string // the targets that now hold the new refresh token
	Recovery  string   // the sealed refresh token, where it was printed
	Export    Export
	Failures  []error // why the run failed; empty where it did not
	Warnings  []error

	mu          sync.Mutex
	facts       map[string]store.Facts
	sealing     sync.Mutex
	sealed      secret.Value // the refresh token that was sealed last
	notKept     bool
	nothingSent bool // the token request never left
	handedOver  bool // an output is the only place that has the refresh token

	spent    secret.Value // the refresh token that Strava took; empty for a code
	presumed int64        // whose token it is according to the target that held it
	byHand   bool         // somebody logged in again and stored it
	replaces bool         // and it would take the place of another one
	due      []Target     // what has to be written, the readable one first
	homeless bool         // Strava replaced the refresh token, and there is no target
	remember bool         // nothing has to be written, but for the input that was tried
	unmasked bool         // the runner could not be told to hide something
}

// issue records what Strava answered.
func (o *Outcome) issue(token strava.Token, spent secret.Value, presumed int64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.Token, o.spent, o.presumed = token, spent, presumed
	o.Rotated = !token.RefreshToken.Empty() && !token.RefreshToken.Equal(spent)
}

// adopt takes over what Strava gave for the refresh token of another run, which
// was faster. To the caller the refresh token was replaced either way.
func (o *Outcome) adopt(token strava.Token, spent secret.Value, athlete int64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.Rotated = o.Rotated || !token.RefreshToken.Equal(o.spent)
	o.Token, o.spent, o.AthleteID, o.presumed = token, spent, 0, athlete
	o.byHand, o.replaces = false, false
}

// renew takes over what Strava gave for this run's own refresh token.
func (o *Outcome) renew(token strava.Token) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if token.AthleteID == 0 {
		token.AthleteID, token.AthleteName = o.Token.AthleteID, o.Token.AthleteName
	}
	if token.Scope == nil {
		token.Scope = o.Token.Scope
	}
	o.Rotated = o.Rotated || !token.RefreshToken.Equal(o.Token.RefreshToken)
	o.Token = token
}

// atStake reports whether a refresh token was issued that has to be kept.
func (o *Outcome) atStake() bool { return len(o.due) > 0 || o.homeless }

// know records whose token it is: what the probe said, or else the answer.
func (o *Outcome) know(probed int64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.AthleteID, o.Scope = o.Token.AthleteID, o.Token.Scope
	if probed != 0 {
		o.AthleteID = probed
	}
}

// token is what Strava issued; a cancellation may ask at any moment.
func (o *Outcome) token() strava.Token {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.Token
}

// athlete is whose token it is as far as is known; a cancellation may ask at any
// moment.
func (o *Outcome) athlete() int64 {
	o.mu.Lock()
	defer o.mu.Unlock()
	switch {
	case o.AthleteID != 0:
		return o.AthleteID
	case o.Token.AthleteID != 0:
		return o.Token.AthleteID
	}
	return o.presumed
}

// tellWhetherSealed tells the errors whose next step depends on it.
func (o *Outcome) tellWhetherSealed() {
	for _, err := range o.Failures {
		switch e := err.(type) {
		case *NotKeptError:
			e.Sealed = o.Recovery != ""
		case *WrongAthleteError:
			e.Replaced, e.Sealed = o.Rotated && !o.spent.Empty(), o.Recovery != ""
		}
	}
}

// Fail records that what came after the run failed.
func (o *Outcome) Fail(err error) { o.fail(err) }

// NotExported records that the outputs could not be set.
func (o *Outcome) NotExported(err error) {
	o.fail(err)
	if !o.handedOver {
		return
	}
	o.notKept = o.Recovery == ""
	for _, warning := range o.Warnings {
		var e *NoTargetError
		if errors.As(warning, &e) {
			e.HandedOver = false // nobody got it after all
		}
	}
}

func (o *Outcome) fail(err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.Failures = append(o.Failures, err)
}

func (o *Outcome) warn(err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.Warnings = append(o.Warnings, err)
}

// forgetDoubts takes back what could not be checked of a token that another one
// took the place of.
func (o *Outcome) forgetDoubts() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.Warnings = slices.DeleteFunc(o.Warnings, func(err error) bool {
		var unverified *UnverifiedError
		var unchecked *ScopeUncheckedError
		return errors.As(err, &unverified) || errors.As(err, &unchecked)
	})
}

// limit lowers what may be exported.
func (o *Outcome) limit(e Export) { o.Export = min(o.Export, e) }

// unfit reports whether the token must not be written over what a target holds:
// it is another athlete's, or lacks a scope that the other one may have.
func (o *Outcome) unfit() bool {
	for _, err := range o.Failures {
		switch e := err.(type) {
		case *WrongAthleteError:
			return true
		case *ScopeError:
			return e.Left != ""
		}
	}
	return false
}
