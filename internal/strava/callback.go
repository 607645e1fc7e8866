package strava

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
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
	Scopes []string // nil if the callback named none, as in a bare code
	// Stateless says that nothing tells which link it comes from.
	Stateless bool
}

// NewState returns a state that nobody can guess.
func NewState() string {
	b := make([]byte, 16)
	_, _ = rand.Read(b) // never fails
	return hex.EncodeToString(b)
}

// KeyedState returns the state of a login that is spread over two runs, which
// can keep nothing between them: a keyed hash of what both know. It is spelt in
// letters, so that no mask of a number hits it.
func KeyedState(clientSecret secret.Value, parts ...string) string {
	mac := hmac.New(sha256.New, []byte(clientSecret.Reveal()))
	for _, part := range append([]string{"strava-token state 2"}, parts...) {
		mac.Write([]byte(part))
		mac.Write([]byte{0})
	}
	letters := make([]byte, 0, 32)
	for _, b := range mac.Sum(nil)[:16] {
		letters = append(letters, 'a'+b>>4, 'a'+b&0xf)
	}
	return string(letters)
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
// glued to it. Neither a code alone nor an address with an empty state says which
// link it comes from, which Stateless tells; any other state must be the right one.
func ParsePasted(text, state string) (Grant, error) {
	text = trimPasted(text)
	query := text
	if _, after, ok := strings.Cut(text, "?"); ok {
		query = after
	}
	query, _, _ = strings.Cut(query, "#")
	if first, _, _ := strings.Cut(query, "&"); !strings.Contains(first, "=") {
		if strings.ContainsAny(first, "/:") {
			return Grant{}, ErrNoCode // an address without a question mark
		}
		query = "code=" + query
	}
	values, err := url.ParseQuery(query)
	if err != nil {
		return Grant{}, ErrNoCode
	}
	stateless := values.Get("state") == ""
	if stateless {
		values.Set("state", state)
	}
	grant, err := ParseCallback(values, state)
	grant.Stateless = stateless && err == nil
	return grant, err
}

// trimPasted undoes, once, what was done to an address on its way: signs around
// it, blanks in it, an encoding, and HTML's or a full-width ampersand.
func trimPasted(text string) string {
	text = strings.Trim(strings.TrimSpace(text), "\"'<> \u200b\ufeff")
	text = strings.TrimRight(text, ".,;)]") // of the sentence around it
	if strings.Contains(text, "=") || strings.Contains(text, "%3D") {
		text = strings.Join(strings.Fields(text), "")
	}
	if !strings.ContainsAny(text, "&=") {
		if decoded, err := url.QueryUnescape(text); err == nil {
			text = decoded
		}
	}
	return strings.NewReplacer("&amp;", "&", "＆", "&").Replace(text)
}

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
