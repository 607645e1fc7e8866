package provider

import (
	"errors"

	"strava-token/internal/strava"
	"strava-token/internal/words"
)

// Export says which outputs a run may set.
type Export int

const (
	ExportNone Export = iota // the least first
	ExportWithoutAccessToken
	ExportAll
)

// Status is the exit status of the process. Scripts may rely on these four. A Status
// may also be 130, for an interrupted command, or that of the command that exec ran.
type Status int

const (
	Done     Status = 0
	Failed   Status = 1
	BadInput Status = 2 // nothing was sent anywhere
	NotKept  Status = 3 // a new refresh token isn't in every target; outranks Failed
)

// Outcome is how a run ended. It is an error if the run failed.
type Outcome struct {
	Token     strava.Token
	FromCode  bool     // and not from what a target held, since the code was used already
	Rotated   bool     // Strava issued a new refresh token
	AthleteID int64    // 0 if unknown
	Scope     []string // nil if unknown
	Kept      []string // the targets that had to be written and now have the refresh token
	Recovery  string   // the recovery text, if it was printed or left in a file
	Export    Export
	Failures  []error // why the run failed; empty if it didn't
	Warnings  []error

	notKept    bool
	handedOver *words.Failure // the warning that an output has the refresh token and no target does; or nil
}

// Status returns the exit status for this outcome.
func (o *Outcome) Status() Status {
	switch {
	case o.notKept:
		return NotKept
	case len(o.Failures) > 0:
		return Failed
	}
	return Done
}

// Fail adds a failure.
func (o *Outcome) Fail(err error) { o.Failures = append(o.Failures, err) }

// NotExported records that the outputs couldn't be set.
func (o *Outcome) NotExported(err error) {
	o.Fail(err)
	if o.handedOver != nil {
		o.handedOver.ID = noTarget[[2]bool{o.Recovery != "", false}] // the caller didn't get it after all
		o.notKept = o.Recovery == ""
	}
}

// Err returns the outcome as an error, or nil if nothing failed.
func (o *Outcome) Err() error {
	if o.Status() == Done {
		return nil
	}
	return o
}

func (o *Outcome) Error() string { return errors.Join(o.Failures...).Error() }

// Unwrap returns the failures.
func (o *Outcome) Unwrap() []error { return o.Failures }
