package store

import (
	"time"

	"strava-token/internal/words"
)

// expiresSoon is how long before its end a GitHub token is warned about.
const expiresSoon = 14 * 24 * time.Hour

// TokenExpiresError is a GitHub token that soon cannot write any more.
type TokenExpiresError struct{ words.Failure }

// WarnOfExpiry returns a *TokenExpiresError if the token that writes target ends soon.
func (f Facts) WarnOfExpiry(target string) error {
	if f.TokenExpires.IsZero() || time.Until(f.TokenExpires) >= expiresSoon {
		return nil
	}
	return &TokenExpiresError{words.Failure{ID: "run-token-expires", Blanks: words.Blanks{"target": target, "when": words.Day(f.TokenExpires)}}}
}

// BlanksOf are the blanks for the target of this name, and for how it's written in
// a hint. A name that was written out needs no repository, but for a branch, which is
// always of this one.
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
