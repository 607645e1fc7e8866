package input

import (
	"errors"
	"strings"

	"strava-token/internal/provider"
	"strava-token/internal/words"
)

// Problem is one thing that is wrong with a command's inputs.
type Problem struct {
	*words.Failure
	Input string // its name, as in action.yml, if it's about one
}

// problem returns what is wrong with an input. detail is what was written, if it can be
// shown.
func problem(name, id, detail string) Problem {
	blanks := words.Blanks{"input": words.Input(name), "place": words.Place(name), "detail": detail}
	return Problem{&words.Failure{ID: id, Blanks: blanks}, name}
}

// isMissing reports whether the problem is an empty input.
func (p Problem) isMissing() bool { return strings.HasPrefix(p.ID, "input-missing-") }

// Error reports everything that is wrong with a command's inputs. Nothing was sent
// anywhere.
type Error struct{ Problems []Problem }

// Misuse returns the error for a command line that can't be run as written.
func Misuse(id string, blanks words.Blanks) error {
	return &Error{[]Problem{{Failure: &words.Failure{ID: id, Blanks: blanks}}}}
}

// Wrong returns the error for one unusable input. id is that of the message.
func Wrong(name, id string) error { return &Error{[]Problem{problem(name, id, "")}} }

func (e *Error) Error() string { return errors.Join(e.Unwrap()...).Error() }

// Unwrap returns the problems.
func (e *Error) Unwrap() []error {
	all := make([]error, len(e.Problems))
	for i, p := range e.Problems {
		all[i] = p
	}
	return all
}

// Status returns the exit status of the command.
func (e *Error) Status() provider.Status { return provider.BadInput }
