package strava

import "strava-token/internal/words"

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
