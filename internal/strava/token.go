package strava

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"time"

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
	AthleteName  string        // safe on a terminal; empty if the answer named none
	Odd          []string      // the names of unreadable fields other than tokens
	// Unread holds answers, as they came, that may contain a refresh token that couldn't
	// be read: in place of RefreshToken, or beside an older one.
	Unread []secret.Value
}

// maxLifetime is how long an access token may last.
const maxLifetime = 366 * 24 * time.Hour

// parse reads a token answer: JSON with a usable refresh_token, once, in exactly that
// case. Nothing else is required; without a usable access_token the Token has none.
// There's none in any other answer, and if another may follow the JSON.
func parse(answer []byte, now time.Time) (token Token) {
	answer = bytes.TrimPrefix(answer, []byte("\ufeff"))
	d := json.NewDecoder(bytes.NewReader(answer))
	var fields map[string]any
	if d.Decode(&fields) != nil || mentionsToken(answer[d.InputOffset():]) {
		return token
	}
	// Of equal names, even if one is escaped, Decode takes the last.
	names := regexp.MustCompile(`"(refresh_token|\w*\\u[\w\\]*)"\s*:`).FindAllIndex(answer, 2)
	refresh := text(fields["refresh_token"])
	if len(names) != 1 || secret.Inspect(refresh) != "" {
		return token
	}
	token.RefreshToken = secret.New(refresh)
	access := text(fields["access_token"])
	if secret.Inspect(access) != "" {
		return token
	}
	token.AccessToken = secret.New(access)
	token.readExpiry(fields, now)
	token.readScope(fields["scope"])
	athlete, _ := fields["athlete"].(map[string]any)
	token.AthleteID = number(athlete["id"], 1<<53)
	token.AthleteName = secret.Quotable(strings.TrimSpace(text(athlete["firstname"]) + " " + text(athlete["lastname"])))
	return token
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
// if one is malformed, so that the API is asked.
func (t *Token) readScope(v any) {
	if v == nil {
		return // absent before 2026
	}
	_, isText := v.(string)
	_, isList := v.([]any)
	if list := SplitScopes(strings.Trim(fmt.Sprint(v), "[]")); (isText || isList) && areScopes(list) {
		t.Scope = list
	} else {
		t.Odd = append(t.Odd, "scope")
	}
}

// unzip returns the content of a gzip, since servers send one unasked, or else body. Of a
// bomb it returns the beginning.
func unzip(body []byte) []byte {
	packed, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		return body
	}
	plain, err := io.ReadAll(io.LimitReader(packed, 32<<20))
	if err != nil {
		return body
	}
	return plain
}

// shortest is less than any answer with a name and a token, and more than the framing
// of a body that is empty.
const shortest = 16

// unread returns an answer as it came, its body and what arrived on the wire, unless
// there's nothing in it.
func unread(body, wire []byte) (all []secret.Value) {
	behind := wire
	if bytes.HasPrefix(wire, []byte("HTTP/1.")) {
		_, behind, _ = bytes.Cut(wire, []byte("\r\n\r\n"))
	}
	if len(bytes.TrimSpace(body)) == 0 && len(bytes.TrimSpace(behind)) < shortest && !mentionsToken(wire) {
		return nil
	}
	if !bytes.Contains(wire, body) { // it's in pieces there, or a proxy's tunnel hides it
		all = append(all, secret.New(string(body)))
	}
	if len(wire) > 0 {
		all = append(all, secret.New(string(wire)))
	}
	return all
}

// mentionsToken reports whether an answer names a refresh token, in any case, quotes or
// letter width, other than as what a fault refuses.
func mentionsToken(answer []byte) bool {
	letters := string(bytes.Map(func(r rune) rune {
		switch {
		case strings.ContainsRune(":,{}[", r): // between a value and the next name
			return r
		case (r|0x20) < 'a' || (r|0x20) > 'z':
			return -1
		}
		return r | 0x20
	}, answer))
	if strings.Contains(letters, "errors") {
		letters = regexp.MustCompile(`(resource|field):refreshtoken|message:[a-z]*`).ReplaceAllString(letters, "")
	}
	return strings.Contains(letters, "refreshtoken")
}
