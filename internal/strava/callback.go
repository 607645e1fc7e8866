package strava

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"net/url"
	"strings"

	"strava-token/internal/secret"
	"strava-token/internal/words"
)

// The errors of ParseCallback.
var (
	ErrWrongState error = &words.Failure{ID: "login-wrong-state"} // not the one that was sent
	ErrNoCode     error = &words.Failure{ID: "login-no-code"}
)

// DeniedError is an athlete who did not grant access.
type DeniedError struct{ Reason string }

func (e *DeniedError) Error() string { return "denied: " + e.Reason }

// Note is the error's message.
func (e *DeniedError) Note() words.Note { return words.Note{ID: "login-denied"} }

// Grant is what the athlete granted.
type Grant struct {
	Code   secret.Value
	Scopes []string // nil where the callback named none, as in a bare code
}

// NewState returns a state that nobody can guess.
func NewState() string {
	b := make([]byte, 16)
	_, _ = rand.Read(b) // never fails
	return hex.EncodeToString(b)
}

// KeyedState returns the state of a login that is spread over two runs, which
// can keep nothing between them: a keyed hash of what both know.
func KeyedState(clientSecret secret.Value, parts ...string) string {
	mac := hmac.New(sha256.New, []byte(clientSecret.Reveal()))
	for _, part := range append([]string{"strava-token state 1"}, parts...) {
		mac.Write([]byte(part))
		mac.Write([]byte{0})
	}
	return hex.EncodeToString(mac.Sum(nil)[:16])
}

// ParseCallback reads the parameters of a callback.
func ParseCallback(query url.Values, state string) (Grant, error) {
	if state == "" || subtle.ConstantTimeCompare([]byte(query.Get("state")), []byte(state)) != 1 {
		return Grant{}, ErrWrongState
	}
	if reason := query.Get("error"); reason != "" {
		return Grant{}, &DeniedError{Reason: known(reason)}
	}
	code := strings.TrimSpace(query.Get("code"))
	if secret.Inspect(code) != "" {
		return Grant{}, ErrNoCode
	}
	grant := Grant{Code: secret.New(code)}
	if query.Has("scope") {
		grant.Scopes = onlyKnown(query.Get("scope"))
	}
	return grant, nil
}

// ParseAddress reads the address that the browser ended on, or what follows its
// question mark.
func ParseAddress(text, state string) (Grant, error) {
	text = trimPasted(text)
	if _, query, ok := strings.Cut(text, "?"); ok {
		text = query
	}
	text, _, _ = strings.Cut(text, "#")
	values, err := url.ParseQuery(text)
	if err != nil || !values.Has("state") {
		return Grant{}, ErrNoCode
	}
	return ParseCallback(values, state)
}

// ParsePasted reads an address, or the code alone, perhaps with "&scope=…" still
// glued to it. A code alone carries no state; whatever does must carry the right
// one.
func ParsePasted(text, state string) (Grant, error) {
	text = trimPasted(text)
	if strings.ContainsAny(text, "?#") || strings.Contains(text, "state=") || strings.Contains(text, "error=") {
		return parseAddressOrState(text, state)
	}
	text = strings.TrimPrefix(text, "code=")
	code, rest, glued := strings.Cut(text, "&")
	if secret.Inspect(code) != "" || strings.ContainsAny(code, "=/:") {
		return Grant{}, ErrNoCode
	}
	grant := Grant{Code: secret.New(code)}
	if values, err := url.ParseQuery(rest); glued && err == nil && values.Has("scope") {
		grant.Scopes = onlyKnown(values.Get("scope"))
	}
	return grant, nil
}

// parseAddressOrState is ParseAddress where an address without a state is one of
// another login.
func parseAddressOrState(text, state string) (Grant, error) {
	grant, err := ParseAddress(text, state)
	if errors.Is(err, ErrNoCode) && !strings.Contains(text, "state=") && strings.Contains(text, "code=") {
		return Grant{}, ErrWrongState
	}
	return grant, err
}

func trimPasted(text string) string { return strings.Trim(strings.TrimSpace(text), `"'<> `) }

// onlyKnown leaves out what is no scope of Strava's: it will be printed.
func onlyKnown(text string) []string {
	scopes := []string{}
	for _, s := range SplitScopes(text) {
		if KnownScope(s) {
			scopes = append(scopes, s)
		}
	}
	return scopes
}

// known keeps a text from outside off the terminal unless it is the one that
// Strava sends.
func known(reason string) string {
	if reason == "access_denied" {
		return reason
	}
	return "another reason"
}

// Missing returns the scopes that were asked for and not granted. A grant that
// names no scopes is not judged.
func (g Grant) Missing(asked []string) []string {
	if g.Scopes == nil {
		return nil
	}
	var missing []string
	for _, scope := range asked {
		if !Covers(g.Scopes, scope) {
			missing = append(missing, scope)
		}
	}
	return missing
}
