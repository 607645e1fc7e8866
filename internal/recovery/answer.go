package recovery

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"html"
	"io"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"strava-token/internal/secret"
)

const (
	maxPacked   = 24 << 10 // bytes of the answers in one text, which has to fit into a log
	around      = 3 << 10  // bytes kept on each side of what looks like a token, if an answer is too large
	maxAnswer   = 64 << 20 // bytes unpacked from an answer, and of all its readings
	maxReadings = 32       // of one answer
	maxTokens   = 8        // that are tried at Strava
)

// The name in any letter width, or a token in the form of Strava's today.
var tokenMark = lazily(`(?i)r\x00?e\x00?f\x00?r\x00?e\x00?s\x00?h\x00?.?\x00?t\x00?o\x00?k\x00?e\x00?n|[0-9a-f]{40}`)

// pack compresses an answer into at most limit bytes: all of it, or else the parts
// around anything that looks like a token.
func pack(answer []byte, limit int) []byte {
	packed := compress(answer)
	for span := around; len(packed) > limit && span > 0; span /= 2 {
		marks := tokenMark().FindAllIndex(answer, limit/span+1)
		if marks == nil { // nothing looks like one
			marks = [][]int{{0, 0}, {len(answer), len(answer)}}
		}
		var parts []byte
		end := 0
		for _, at := range marks {
			from, to := max(end, at[0]-span), min(len(answer), at[1]+span)
			if from < to {
				parts = append(append(parts, answer[from:to]...), '\n')
				end = to
			}
		}
		packed = compress(parts)
	}
	return packed
}

func compress(b []byte) []byte {
	var packed bytes.Buffer
	w, _ := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	_, _ = w.Write(b) // to memory
	_ = w.Close()
	return packed.Bytes()
}

// unpack returns the content of a gzip, as far as it can be read.
func unpack(packed []byte) []byte {
	r, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil
	}
	plain, _ := io.ReadAll(io.LimitReader(r, maxAnswer))
	return plain
}

// Tokens returns the possible refresh tokens of a text, the likeliest first: those
// found in answers, and then the one that was read.
func (c Content) Tokens() []secret.Value {
	var all []secret.Value
	for _, answer := range slices.Backward(c.Unread) {
		for _, token := range search(answer.Reveal()) {
			all = append(all, secret.New(token))
		}
	}
	if all = all[:min(len(all), maxTokens)]; !c.RefreshToken.Empty() {
		all = append(all, c.RefreshToken)
	}
	return all
}

// field matches the value after the name: a text in quotes, even an incomplete one,
// or a word.
var field = lazily(`(?is)refresh[-_ ]?token["']?\s*[:=>]+\s*(?:"((?:[^"\\]|\\.)*)|'([^']*)|([^\s"'&,;<>{}\[\]]+))`)

// search looks for refresh tokens in an answer and in all its decodings. The last one
// in each reading comes first, since in JSON the last member wins.
func search(answer string) (found []string) {
	readings, size := []string{answer}, 0
	for i := 0; i < min(len(readings), maxReadings) && size < maxAnswer; i++ {
		size += len(readings[i])
		for _, m := range slices.Backward(field().FindAllStringSubmatch(readings[i], maxTokens)) {
			v := m[1] + m[2] + m[3]
			if m[1] != "" {
				_ = json.Unmarshal([]byte(`"`+m[1]+`"`), &v) // of escapes
			}
			if strings.TrimSpace(v) != "" && !secret.IsPlaceholder(v) && !slices.Contains(found, v) {
				found = append(found, v)
			}
		}
		for _, other := range decodings(readings[i]) {
			if other != "" && !slices.Contains(readings, other) {
				readings = append(readings, other)
			}
		}
	}
	return found
}

var escapes = strings.NewReplacer(`\\`, `\`, `\"`, `"`, `\/`, `/`, `\u0022`, `"`, `\u0026`, "&")

// decodings undoes the encodings that servers and proxies may have applied.
func decodings(s string) []string {
	zipped := s[max(0, strings.Index(s, "\x1f\x8b")):]
	unwide := strings.ReplaceAll(s, "\x00", "") // of UTF-16 and UTF-32
	all := []string{html.UnescapeString(s), chunk().ReplaceAllString(s, ""), string(unpack([]byte(zipped))), unwide, escapes.Replace(s)}
	if plain, err := url.QueryUnescape(s); err == nil && strings.Contains(s, "%") {
		all = append(all, plain)
	}
	return all
}

// chunk is the mark before a chunk of a body.
var chunk = lazily(`\r\n[0-9a-fA-F]{1,8}\r\n`)

// Shown returns an answer for its owner to read at a terminal, without anything that
// controls one.
func Shown(answer secret.Value) string {
	quoted := strconv.QuoteToASCII(answer.Reveal())
	return strings.NewReplacer(`\"`, `"`, `\n`, "\n", `\r`, "").Replace(quoted[1 : len(quoted)-1])
}
