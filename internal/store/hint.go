package store

import (
	"time"

	"strava-token/internal/words"
)

// expiresSoon is how long before it expires a GitHub token is warned about.
const expiresSoon = 14 * 24 * time.Hour

// TokenExpiresError warns that a GitHub token expires soon.
type TokenExpiresError struct{ words.Failure }

// WarnOfExpiry returns a *TokenExpiresError if the token that writes target expires soon.
func (f Facts) WarnOfExpiry(target string) error {
	if f.TokenExpires.IsZero() || time.Until(f.TokenExpires) >= expiresSoon {
		return nil
	}
	return &TokenExpiresError{words.Failure{ID: "run-token-expires", Blanks: words.Blanks{"target": target, "when": words.Day(f.TokenExpires)}}}
}

// BlanksOf returns the blanks that name a target in a message. Only the name of a
// branch lacks its repository, and any will do here.
func BlanksOf(name string) words.Blanks {
	b := words.Blanks{"target": name, "destination": "", "branch": "", "file": "", "printed": ""}
	t, err := Parse(name, "owner/repo")
	switch {
	case err != nil: // standard output
		b["printed"] = name
	case t.IsBranch():
		b["branch"] = name
	default:
		b["destination"] = name
	}
	if t.IsFile() {
		b["file"] = name
	}
	return b
}
