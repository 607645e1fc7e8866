package strava

import (
	"errors"

	"strava-token/internal/words"
)

// Note returns the words for a call that failed. A refused refresh token says no
// more here than that it's dead: why is for package provider to find out.
func (e *Error) Note() words.Note {
	id := "strava-" + string(e.Kind)
	if e.Kind == InvalidRefreshToken {
		id = "stale-dead"
	}
	return words.Note{ID: id, Blanks: words.Blanks{
		"host": e.Host, "status": e.Status, "until": words.Clock(e.Until), "seen": e.seen,
	}}
}

// ProbeCause is the blank for why Strava gave no clear answer to a question. Its
// own message says more than that, of a refresh token that was not at stake.
func ProbeCause(err error) any {
	if e, ok := errors.AsType[*Error](err); ok {
		return words.Short{Err: e}
	}
	return words.Sentence("log-no-access-token")
}
