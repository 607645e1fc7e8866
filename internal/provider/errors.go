package provider

import (
	"fmt"
	"strings"
	"time"

	"strava-token/internal/words"
)

// ErrNotMasked is returned if the runner could not be told to hide the new
// tokens, so that they are not handed to later steps either.
var ErrNotMasked error = &words.Failure{ID: "run-not-masked"}

// NotKeptError is a target that does not hold the new refresh token.
type NotKeptError struct {
	Target string
	Kept   []string // the targets that do
	Sealed bool     // the recovery text was printed
	Held   string   // the readable target that holds it all along; may be empty
	Err    error
}

func (e *NotKeptError) Error() string { return fmt.Sprintf("keep in %s: %v", e.Target, e.Err) }
func (e *NotKeptError) Unwrap() error { return e.Err }

// NoTargetError is a new refresh token that the caller named no place for.
type NoTargetError struct {
	Sealed     bool
	HandedOver bool // the caller got it
}

func (e *NoTargetError) Error() string { return "no target for the new refresh token" }

// NoCandidateError is a run without any refresh token to begin with.
type NoCandidateError struct {
	Target   string // the readable target, which keeps none; may be empty
	Existing string // a target that cannot be read back, and exists; may be empty
}

func (e *NoCandidateError) Error() string { return "no refresh token" }

// NotSealedError is a recovery text that could not be made.
type NotSealedError struct{ Err error }

func (e *NotSealedError) Error() string { return fmt.Sprintf("seal the refresh token: %v", e.Err) }
func (e *NotSealedError) Unwrap() error { return e.Err }

// UnreadError is an answer that may hold a new refresh token, which could not be read.
type UnreadError struct {
	Targets []string // none of which has it
	Sealed  bool     // the recovery text, with the answer in it, was printed
	Err     error
}

func (e *UnreadError) Error() string { return "an answer that cannot be read" }
func (e *UnreadError) Unwrap() error { return e.Err }

// OddAnswerError is a token answer of which something was not believed.
type OddAnswerError struct{ Fields []string }

func (e *OddAnswerError) Error() string { return "odd " + strings.Join(e.Fields, ", ") }

// CancelledError is a run that was asked to stop.
type CancelledError struct {
	Spent   bool // after Strava had issued a token
	Refused bool // after a refusal that was not final yet
}

func (e *CancelledError) Error() string { return "cancelled" }

// ScopeError is a required scope that the token lacks.
type ScopeError struct {
	Missing []string
	Wanted  []string // all that are required, which a new login has to ask for
	Left    string   // the readable target that was left as it is; may be empty
}

func (e *ScopeError) Error() string { return "missing scope " + strings.Join(e.Missing, ", ") }

// ScopeUncheckedError is a required scope that nothing could tell of.
type ScopeUncheckedError struct{ Scopes []string }

func (e *ScopeUncheckedError) Error() string { return "unchecked " + strings.Join(e.Scopes, ", ") }

// WrongAthleteError is a token of another athlete than expected.
type WrongAthleteError struct {
	Want, Got int64
	Holder    string // the readable target that says who is expected, or who it holds; may be empty
	Unspent   bool   // found out before anything was sent to Strava
	Replaced  bool   // Strava replaced the refresh token
	Sealed    bool   // the recovery text was printed
}

func (e *WrongAthleteError) Error() string { return fmt.Sprintf("athlete %d, want %d", e.Got, e.Want) }

// AthleteUncheckedError is an expected athlete that could not be checked.
type AthleteUncheckedError struct {
	Want int64
	Err  error
}

func (e *AthleteUncheckedError) Error() string { return fmt.Sprintf("check athlete: %v", e.Err) }
func (e *AthleteUncheckedError) Unwrap() error { return e.Err }

// UnverifiedError is a proof of the access token that got no clear answer.
type UnverifiedError struct{ Err error }

func (e *UnverifiedError) Error() string { return fmt.Sprintf("verify: %v", e.Err) }
func (e *UnverifiedError) Unwrap() error { return e.Err }

// TokenExpiresError is a GitHub token that soon cannot write any more.
type TokenExpiresError struct {
	Target string
	When   time.Time
}

func (e *TokenExpiresError) Error() string { return "token ends " + e.When.Format(time.DateOnly) }

// StaleReason says why Strava refused a refresh token.
type StaleReason string

const (
	StaleRerun   StaleReason = "rerun"   // a re-run with the secret of an earlier attempt
	StaleMaybe   StaleReason = "maybe"   // a re-run, and nothing else is known
	StaleQueued  StaleReason = "queued"  // replaced by another run after this one was queued
	StaleDead    StaleReason = "dead"    // the newest one there is, and dead
	StaleOutside StaleReason = "outside" // outside a workflow: not the newest, or dead
	StaleUnknown StaleReason = "unknown" // any of these
	StaleStored  StaleReason = "stored"  // what a readable target holds is dead
	StaleRaced   StaleReason = "raced"   // other runs were faster each time
)

// StaleError is a refresh token that Strava refused, and why.
type StaleError struct {
	Reason  StaleReason
	Target  string         // the target that was updated last, if there is one
	Updated time.Time      // when it was
	Seen    words.Sentence // what strikes in the refresh token that was passed
	Err     error
}

func (e *StaleError) Error() string { return "refresh token refused: " + string(e.Reason) }
func (e *StaleError) Unwrap() error { return e.Err }
