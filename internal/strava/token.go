package strava

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
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
// It returns false for any other answer, and if a refresh token may follow the JSON.
func parse(answer []byte, now time.Time) (Token, bool) {
	answer = bytes.TrimPrefix(answer, []byte("\ufeff"))
	d := json.NewDecoder(bytes.NewReader(answer))
	var fields map[string]any
	if d.Decode(&fields) != nil || mentionsToken(answer[d.InputOffset():]) {
		return Token{}, false
	}
	names := regexp.MustCompile(`"refresh_token"\s*:`).FindAllIndex(answer, 2) // of equal ones, Decode takes the last
	refresh := text(fields["refresh_token"])
	if len(names) != 1 || secret.Inspect(refresh) != "" {
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
	athlete, _ := fields["athlete"].(map[string]any)
	token.AthleteID = number(athlete["id"], 1<<53)
	token.AthleteName = printable(text(athlete["firstname"]) + " " + text(athlete["lastname"]))
	return token, true
}

func text(v any) string {
	s, _ := v.(string)
	return s
}

// number reads a number from 1 to most, or returns 0. It may be a string or have a
// fraction.
func number(v any, most float64) int64 {
	n, err := strconv.ParseFloat(fmt.Sprint(v), 64)
	if err != nil || !(n >= 1 && n <= most) {
		return 0
	}
	return int64(n)
}

// readExpiry fills in whichever of expires_at and expires_in is missing.
func (t *Token) readExpiry(fields map[string]any, now time.Time) {
	in := number(fields["expires_in"], maxLifetime.Seconds())
	t.ExpiresIn = time.Duration(in) * time.Second
	t.ExpiresAt = time.Unix(number(fields["expires_at"], 1<<53), 0).UTC()
	if left := t.ExpiresAt.Sub(now); left < -24*time.Hour || left > 2*maxLifetime {
		t.ExpiresAt = now.Add(t.ExpiresIn).UTC().Truncate(time.Second)
		t.Odd = append(t.Odd, "expires_at")
	}
	if in == 0 {
		t.ExpiresIn = min(max(t.ExpiresAt.Sub(now), 0), maxLifetime)
		t.Odd = append(t.Odd, "expires_in")
	}
}

// readScope reads scopes from a text or a list, which are printed alike. It reads none
// if one is unknown, so that the API is asked.
func (t *Token) readScope(v any) {
	if v == nil {
		return // absent before 2026
	}
	list := SplitScopes(strings.Trim(fmt.Sprint(v), "[]"))
	if len(list) == 0 || slices.ContainsFunc(list, func(s string) bool { return !KnownScope(s) }) {
		t.Odd = append(t.Odd, "scope")
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
	if err != nil {
		return body
	}
	return plain
}

const maxUnpacked = 32 << 20

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
