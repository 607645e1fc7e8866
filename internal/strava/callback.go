package strava

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"io"
	"net/url"
	"slices"
	"strings"

	"strava-token/internal/secret"
	"strava-token/internal/words"
)

// The errors of ParseCallback and ParsePasted.
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
func NewState() string { return KeyedState(secret.New(rand.Text())) }

// KeyedState returns the state of a login that spans two runs with nothing kept
// between them: a keyed hash of what both know. It consists of letters, so that no
// mask of a number hits it.
func KeyedState(clientSecret secret.Value, parts ...string) string {
	mac := hmac.New(sha256.New, []byte(clientSecret.Reveal()))
	_, _ = io.WriteString(mac, "strava-token state 2\x00"+strings.Join(parts, "\x00")+"\x00")
	letters := make([]byte, 0, 32)
	for _, b := range mac.Sum(nil)[:16] {
		letters = append(letters, 'a'+b>>4, 'a'+b&0xf)
	}
	return string(letters)
}

// ParseCallback reads the parameters of a callback, which must bring one of states.
func ParseCallback(query url.Values, states ...string) (Grant, error) {
	got := query.Get("state")
	if got == "" || !slices.ContainsFunc(states, func(s string) bool { return subtle.ConstantTimeCompare([]byte(got), []byte(s)) == 1 }) {
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
		unknown := func(s string) bool { return !KnownScope(s) } // they will be printed
		grant.Scopes = slices.DeleteFunc(SplitScopes(query.Get("scope")), unknown)
	}
	return grant, nil
}

// ParsePasted reads the address that the browser ended on, the part after its question
// mark, or the code alone, perhaps with "&scope=…" still attached. Without a state the
// Grant is Stateless, since nothing shows which link it comes from; any other state must
// be one of states.
func ParsePasted(text string, states ...string) (Grant, error) {
	query := trimPasted(text)
	if _, after, ok := strings.Cut(query, "?"); ok {
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
		values.Set("state", states[0])
		values.Del("error") // anybody could have made that one
	}
	grant, err := ParseCallback(values, states...)
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
