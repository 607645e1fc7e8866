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

// The errors of ParseCallback, ParseAddress and ParsePasted.
var (
	ErrWrongState error = &words.Failure{ID: "login-wrong-state"} // not the state that was sent
	ErrNoCode     error = &words.Failure{ID: "login-no-code"}
	ErrDenied     error = &words.Failure{ID: "login-denied"} // the athlete did not grant access
)

// Grant is what the athlete granted.
type Grant struct {
	Code   secret.Value
	Scopes []string // nil if the callback named none, as in a bare code
	// Stateless says that nothing shows which link the grant comes from.
	Stateless bool
}

// NewState returns a state that nobody can guess.
func NewState() string {
	b := make([]byte, 16)
	_, _ = rand.Read(b) // never fails
	return hex.EncodeToString(b)
}

// KeyedState returns the state of a login that spans two runs with nothing kept
// between them: a keyed hash of what both know. It consists of letters, so that no
// mask of a number hits it.
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
	if query.Get("error") != "" {
		return Grant{}, ErrDenied
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

// ParseAddress reads the address that the browser ended on, or the part after its
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
// attached. Without a state the Grant is Stateless, since nothing shows which link it
// comes from; any other state must be the right one.
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

// trimPasted undoes, once, what copying does to an address: quotes and punctuation
// around it, blanks in it, an encoding, and HTML's or a full-width ampersand.
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

// onlyKnown returns the scopes that Strava has, since they will be printed.
func onlyKnown(text string) []string {
	scopes := []string{}
	for _, s := range SplitScopes(text) {
		if KnownScope(s) {
			scopes = append(scopes, s)
		}
	}
	return scopes
}

// Missing returns the scopes that were asked for and not granted. It returns none if
// the grant names no scopes.
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
