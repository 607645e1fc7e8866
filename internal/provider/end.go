package provider

import "errors"

// EndError is a run that failed.
type EndError struct {
	Failures []error
	status   Status
}

// Err returns the end of the run as an error, or nil if nothing failed.
func (o *Outcome) Err() error {
	if o.Status() == Done {
		return nil
	}
	return &EndError{Failures: o.Failures, status: o.Status()}
}

func (e *EndError) Error() string { return errors.Join(e.Failures...).Error() }

// Unwrap returns what failed.
func (e *EndError) Unwrap() []error { return e.Failures }

// Status is what a command ends with.
func (e *EndError) Status() Status { return e.status }
