package recovery

import (
	"encoding/json"
	"errors"
	"fmt"

	"strava-token/internal/sealed"
	"strava-token/internal/secret"
)

// The errors of Open.
var (
	ErrWrongSecret = errors.New("sealed under another client secret, or damaged")
	ErrNotOurs     = errors.New("not a recovery text of this program")
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
		secret.Inspect(b.RefreshToken) != "" {
		return Content{}, ErrNotOurs
	}
	return Content{
		ClientID: b.ClientID, AthleteID: b.AthleteID,
		Targets: b.Targets, RepositoryID: b.RepositoryID,
		RefreshToken: secret.New(b.RefreshToken),
	}, nil
}
