package provider

import (
	"errors"

	"strava-token/internal/strava"
)

// Export says which outputs a run may set.
type Export int

const (
	ExportNone Export = iota // the least first
	ExportWithoutAccessToken
	ExportAll
)

// Status is what the process ends with, which scripts may rely on.
type Status int

const (
	Done     Status = 0
	Failed   Status = 1
	BadInput Status = 2 // nothing was sent anywhere
	NotKept  Status = 3 // a new refresh token is not in every target; outranks Failed
)

// Outcome is how a run ended.
type Outcome struct {
	Token     strava.Token
	FromCode  bool     // and not from what a target held, since the code was used already
	Rotated   bool     // Strava issued a new refresh token
	AthleteID int64    // 0 if unknown
	Scope     []string // nil if unknown
	Kept      []string // the targets that now hold the new refresh token
	Recovery  string   // the sealed refresh token, if it was printed
	Export    Export
	Failures  []error // why the run failed; empty if it did not
	Warnings  []error

	notKept    bool
	handedOver *NoTargetError // the warning that an output has the refresh token, and no target; or nil
}

// Status returns how the process ends after this run.
func (o *Outcome) Status() Status {
	switch {
	case o.notKept:
		return NotKept
	case len(o.Failures) > 0:
		return Failed
	}
	return Done
}

// Fail records that what came after the run failed.
func (o *Outcome) Fail(err error) { o.Failures = append(o.Failures, err) }

// NotExported records that the outputs could not be set.
func (o *Outcome) NotExported(err error) {
	o.Fail(err)
	if o.handedOver != nil {
		*o.handedOver = *noTarget(o.Recovery != "", false) // nobody got it after all
		o.notKept = o.Recovery == ""
	}
}

// EndError is a run that failed. Its Status is the outcome's.
type EndError struct{ *Outcome }

// Err returns the end of the run as an error, or nil if nothing failed.
func (o *Outcome) Err() error {
	if o.Status() == Done {
		return nil
	}
	return &EndError{o}
}

func (e *EndError) Error() string { return errors.Join(e.Failures...).Error() }

// Unwrap returns what failed.
func (e *EndError) Unwrap() []error { return e.Failures }
