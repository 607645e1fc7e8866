package strava

import (
	"bytes"
	"net/http"

	"strava-token/internal/secret"
)

// unread returns an answer as it came, its body and what arrived on the wire, unless
// there's nothing in it.
func unread(body, wire []byte) (all []secret.Value) {
	if !bytes.Contains(wire, body) && len(bytes.TrimSpace(body)) > 0 {
		all = append(all, secret.New(string(body)))
	}
	behind := bytes.TrimSpace(withoutHeads(wire))
	framing := len(behind) < 16 && len(bytes.Trim(behind, "0123456789abcdefABCDEF\r\n ")) == 0 // of chunks
	if !framing || mentionsToken(wire) {
		all = append(all, secret.New(string(wire)))
	}
	return all
}

// withoutHeads returns what follows the heads of answers at the beginning of wire, or
// nothing if one is incomplete.
func withoutHeads(wire []byte) []byte {
	for bytes.HasPrefix(wire, []byte("HTTP/1.")) || len(wire) < 7 && bytes.HasPrefix([]byte("HTTP/1."), wire) {
		_, wire, _ = bytes.Cut(wire, []byte("\r\n\r\n"))
		if len(wire) == 0 {
			break
		}
	}
	return wire
}

// beyond returns what arrived on the wire besides the body that was read.
func beyond(resp *http.Response, wire, body []byte) []byte {
	if len(resp.TransferEncoding) > 0 {
		_, after, _ := bytes.Cut(wire, []byte("\r\n0\r\n\r\n"))
		return after
	}
	if len(body) == 0 {
		return wire
	}
	return bytes.ReplaceAll(wire, body, nil)
}
