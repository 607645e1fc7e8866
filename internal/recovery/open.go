package recovery

import (
	"encoding/json"
	"fmt"

	"strava-token/internal/sealed"
	"strava-token/internal/secret"
	"strava-token/internal/words"
)

// The errors of Open.
var (
	ErrWrongSecret error = &words.Failure{ID: "recover-wrong-secret"} // or the text is damaged
	ErrNotOurs     error = &words.Failure{ID: "recover-not-ours"}
)

// Open opens one text that Find returned. An error is ErrWrongSecret or
// ErrNotOurs, or wraps one of them.
func Open(text string, clientSecret secret.Value) (Content, error) {
	plain, err := sealed.Open(text, clientSecret)
	if err != nil {
		return Content{}, fmt.Errorf("%w: %w", ErrWrongSecret, err)
	}
	var b box
	if json.Unmarshal(plain, &b) != nil || b.Version != version || b.Purpose != purpose ||
		secret.Inspect(b.RefreshToken) != "" && len(b.Unread) == 0 {
		return Content{}, ErrNotOurs
	}
	var unread []secret.Value
	for _, packed := range b.Unread {
		unread = append(unread, secret.New(string(unpack(packed))))
	}
	return Content{
		ClientID: b.ClientID, AthleteID: b.AthleteID,
		Targets: b.Targets, RepositoryID: b.RepositoryID,
		RefreshToken: secret.New(b.RefreshToken), Unread: unread,
	}, nil
}
