package strava

import (
	"bytes"
	"strings"

	"strava-token/internal/secret"
)

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

// about is how a fault of Strava's names the refresh token that it refuses.
var about = strings.NewReplacer("resourcerefreshtoken", "", "fieldrefreshtoken", "")

// mentionsToken reports whether an answer names a refresh token, in any case, quotes or
// letter width, other than as what is refused.
func mentionsToken(answer []byte) bool {
	letters := string(bytes.Map(func(r rune) rune {
		if (r|0x20) < 'a' || (r|0x20) > 'z' {
			return -1
		}
		return r | 0x20
	}, answer))
	if strings.Contains(letters, "errors") {
		letters = about.Replace(letters)
	}
	return strings.Contains(letters, "refreshtoken")
}
