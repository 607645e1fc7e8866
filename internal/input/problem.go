package input

import (
	"errors"

	"strava-token/internal/provider"
	"strava-token/internal/secret"
	"strava-token/internal/words"
)

// Error reports everything that is wrong with a command's inputs. Nothing was sent
// anywhere. Each problem is a *words.Failure, whose blank "input" names what it's about.
type Error struct{ Problems []error }

// problem returns what is wrong with an input. detail is what was written, which is shown
// if it can't be a secret.
func problem(name, id, detail string) *words.Failure {
	return &words.Failure{ID: id, Blanks: words.Blanks{"input": words.Input(name), "place": words.Place(name), "detail": secret.Quotable(detail)}}
}

// Misuse returns the error for a command line that can't be run as written.
func Misuse(id string, blanks words.Blanks) error {
	return &Error{[]error{&words.Failure{ID: id, Blanks: blanks}}}
}

// Wrong returns the error for one unusable input. id is that of the message.
func Wrong(name, id string) error { return &Error{[]error{problem(name, id, "")}} }

func (e *Error) Error() string { return errors.Join(e.Problems...).Error() }

// Unwrap returns the problems.
func (e *Error) Unwrap() []error { return e.Problems }

// Status returns the exit status of the command.
func (e *Error) Status() provider.Status { return provider.BadInput }
