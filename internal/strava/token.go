package strava

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"strava-token/internal/secret"
)

// Token is what the token endpoint issued.
type Token struct {
	AccessToken  secret.Value
	RefreshToken secret.Value
	ExpiresAt    time.Time
	ExpiresIn    time.Duration // what was left when Strava answered
	Scope        []string      // nil if the answer named none
	AthleteID    int64         // 0 if the answer named none
	AthleteName  string        // safe to print; empty if the answer named none
	Odd          []string      // the names of unreadable fields other than tokens
	// Unread holds answers, as they came, that may contain a refresh token that couldn't
	// be read: in place of RefreshToken, or beside an older one.
	Unread []secret.Value
}

// maxLifetime is how long an access token may last.
const maxLifetime = 366 * 24 * time.Hour

// parse reads a token answer: JSON with a usable refresh_token, once, in exactly that
// case. Nothing else is required; without a usable access_token the Token has none.
// It returns false for any other answer.
func parse(body []byte, now time.Time) (Token, bool) {
	fields, ok := members(unzip(body))
	refresh := text(fields["refresh_token"])
	if !ok || secret.Inspect(refresh) != "" {
		return Token{}, false
	}
	token := Token{RefreshToken: secret.New(refresh)}
	access := text(fields["access_token"])
	if secret.Inspect(access) != "" {
		return token, true
	}
	token.AccessToken = secret.New(access)
	token.readExpiry(fields, now)
	token.readScope(fields["scope"])
	var athlete struct {
		ID                  json.RawMessage
		FirstName, LastName string
	}
	if raw := fields["athlete"]; len(raw) > 0 {
		_ = json.Unmarshal(raw, &athlete)
		id, _ := number(athlete.ID)
		token.AthleteID = int64(id)
		token.AthleteName = printable(athlete.FirstName + " " + athlete.LastName)
	}
	return token, true
}

// members returns the members of a JSON object. It returns false for anything else, for
// a repeated member, and if a refresh token may follow the object.
func members(body []byte) (map[string]json.RawMessage, bool) {
	body = bytes.TrimPrefix(body, []byte("\ufeff"))
	d := json.NewDecoder(bytes.NewReader(body))
	if open, err := d.Token(); err != nil || open != json.Delim('{') {
		return nil, false
	}
	fields := map[string]json.RawMessage{}
	for d.More() {
		name, err := d.Token()
		var value json.RawMessage
		if err != nil || d.Decode(&value) != nil {
			return nil, false
		}
		key, _ := name.(string)
		if _, twice := fields[key]; twice {
			return nil, false
		}
		fields[key] = value
	}
	if _, err := d.Token(); err != nil {
		return nil, false
	}
	return fields, !mentionsToken(body[d.InputOffset():])
}

func text(raw json.RawMessage) (s string) {
	_ = json.Unmarshal(raw, &s)
	return s
}

// number reads a positive number. It may be a string or have a fraction.
func number(raw json.RawMessage) (float64, bool) {
	n, err := strconv.ParseFloat(strings.Trim(string(raw), `"`), 64)
	if err != nil || n < 1 || n > 1<<53 || math.IsNaN(n) {
		return 0, false
	}
	return n, true
}

// readExpiry fills in whichever of expires_at and expires_in is missing.
func (t *Token) readExpiry(fields map[string]json.RawMessage, now time.Time) {
	at, knownAt := number(fields["expires_at"])
	in, knownIn := number(fields["expires_in"])
	if knownIn = knownIn && in <= maxLifetime.Seconds(); knownIn {
		t.ExpiresIn = time.Duration(in) * time.Second
	}
	t.ExpiresAt = time.Unix(int64(at), 0).UTC()
	if left := t.ExpiresAt.Sub(now); knownAt && left < -24*time.Hour || left > 2*maxLifetime {
		knownAt = false
	}
	if !knownAt {
		t.ExpiresAt = now.Add(t.ExpiresIn).UTC().Truncate(time.Second)
		t.Odd = append(t.Odd, "expires_at")
	}
	if !knownIn {
		t.ExpiresIn = min(max(t.ExpiresAt.Sub(now), 0), maxLifetime)
		t.Odd = append(t.Odd, "expires_in")
	}
}

// readScope reads scopes from a text or a list.
func (t *Token) readScope(raw json.RawMessage) {
	var list []string
	if len(raw) == 0 || string(raw) == "null" {
		return // absent before 2026
	}
	if json.Unmarshal(raw, &list) != nil {
		list = SplitScopes(text(raw))
	}
	if len(list) == 0 || slices.ContainsFunc(list, func(s string) bool { return !validScope(s) }) {
		t.Odd = append(t.Odd, "scope") // so the API is asked
		return
	}
	t.Scope = list
}

// unzip returns the content of a gzip, since servers send one unasked, or else body.
func unzip(body []byte) []byte {
	packed, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		return body
	}
	plain, err := io.ReadAll(io.LimitReader(packed, maxUnpacked))
	if err != nil || len(plain) == maxUnpacked {
		return body
	}
	return plain
}

const maxUnpacked = 32 << 20

// mentionsToken reports whether an answer names a refresh token, in any case, quotes or
// letter width.
func mentionsToken(body []byte) bool {
	letters := bytes.Map(func(r rune) rune {
		if (r|0x20) < 'a' || (r|0x20) > 'z' {
			return -1
		}
		return r | 0x20
	}, body)
	return bytes.Contains(letters, []byte("refreshtoken"))
}

const maxName = 60

// printable drops the characters of a name that aren't safe on a terminal or a page.
func printable(name string) string {
	name = strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsMark(r) || r == ' ' || r == '-' || r == '.' {
			return r
		}
		return -1
	}, name)
	letters := []rune(strings.Join(strings.Fields(name), " "))
	if !strings.ContainsFunc(string(letters), unicode.IsLetter) {
		return ""
	}
	return string(letters[:min(len(letters), maxName)])
}
