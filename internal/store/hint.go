package store

import (
	"time"

	"strava-token/internal/words"
)

// expiresSoon is how long before it expires a GitHub token is warned about.
const expiresSoon = 14 * 24 * time.Hour

// TokenExpires is the id of the warning that a GitHub token expires soon.
const TokenExpires = "run-token-expires"

// WarnOfExpiry returns a warning if the token that writes target expires soon.
func (f Facts) WarnOfExpiry(target string) error {
	if f.TokenExpires.IsZero() || time.Until(f.TokenExpires) >= expiresSoon {
		return nil
	}
	return &words.Failure{ID: TokenExpires, Blanks: words.Blanks{"target": target, "when": words.Day(f.TokenExpires)}}
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
	case t.IsFile():
		b["destination"], b["file"] = name, name
	default:
		b["destination"] = name
	}
	return b
}
