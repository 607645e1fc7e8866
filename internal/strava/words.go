package strava

import (
	"errors"

	"strava-token/internal/words"
)

// Note returns the message for a failed call. For a refused refresh token it says only
// that it's dead: package provider finds out why.
func (e *Error) Note() words.Note {
	id := "strava-" + string(e.Kind)
	if e.Kind == InvalidRefreshToken {
		id = "stale-dead"
	}
	return words.Note{ID: id, Blanks: words.Blanks{
		"host": e.Host, "status": e.Status, "until": words.Clock(e.Until), "seen": e.seen,
	}}
}

// ProbeCause returns the blank for why Strava gave no clear answer to a question. The
// error's whole message would also speak of a refresh token, and none was at stake.
func ProbeCause(err error) any {
	if e, ok := errors.AsType[*Error](err); ok {
		return words.Short{Err: e}
	}
	return words.Sentence("log-no-access-token")
}
