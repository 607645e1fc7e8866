package recovery

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"filippo.io/age"
	"filippo.io/age/armor"

	"strava-token/internal/secret"
)

// maxText bounds one sealed text; a real one has less than a kilobyte.
const maxText = 64 << 10

// The errors of Open.
var (
	ErrWrongSecret = errors.New("sealed under another client secret, or damaged")
	ErrNotOurs     = errors.New("not a recovery text of this program")
)

// Open opens one text that Find returned. An error is ErrWrongSecret or
// ErrNotOurs, or wraps one of them.
func Open(text string, clientSecret secret.Value) (Content, error) {
	if len(text) > 2*maxText || clientSecret.Empty() {
		return Content{}, ErrWrongSecret
	}
	identity, err := age.NewScryptIdentity(clientSecret.Reveal())
	if err != nil {
		return Content{}, fmt.Errorf("%w: %w", ErrWrongSecret, err)
	}
	identity.SetMaxWorkFactor(workFactor)
	box, err := age.Decrypt(armor.NewReader(strings.NewReader(text)), identity)
	if err != nil {
		return Content{}, fmt.Errorf("%w: %w", ErrWrongSecret, err)
	}
	plain, err := io.ReadAll(io.LimitReader(box, maxText))
	if err != nil {
		return Content{}, fmt.Errorf("%w: %w", ErrWrongSecret, err)
	}
	var s sealed
	if json.Unmarshal(plain, &s) != nil || s.Version != version || s.Purpose != purpose ||
		secret.Inspect(s.RefreshToken) != "" {
		return Content{}, ErrNotOurs
	}
	return Content{
		ClientID: s.ClientID, AthleteID: s.AthleteID,
		Targets: s.Targets, RepositoryID: s.RepositoryID,
		RefreshToken: secret.New(s.RefreshToken),
	}, nil
}
