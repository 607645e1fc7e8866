package recovery

import (
	"bufio"
	"io"
	"regexp"
	"strings"
	"sync"

	"filippo.io/age/armor"
)

const maxLine = 1 << 20

var (
	ansi   = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile("\x1b\\[[0-9;?]*[ -/]*[@-~]") })
	base64 = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^([A-Za-z0-9+/]+={0,2}|={1,2})$`) })
)

// Find returns the sealed texts in r, in their order: a file, or a whole log,
// whose lines may carry prefixes and ANSI codes and may be wrapped.
//
// Of each line between the two marks the last word is taken, which leaves out
// what a log puts before it. An error is r's own.
func Find(r io.Reader) ([]string, error) {
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 0, 64<<10), maxLine)
	var found []string
	var body strings.Builder
	inside := false
	for lines.Scan() {
		line := strings.TrimSpace(ansi().ReplaceAllString(lines.Text(), ""))
		switch {
		case strings.Contains(line, armor.Header):
			inside = true
			body.Reset()
		case strings.Contains(line, armor.Footer):
			if inside && body.Len() > 0 {
				found = append(found, rewrap(body.String()))
			}
			inside = false
		case inside && body.Len() < maxText:
			words := strings.Fields(line)
			if len(words) > 0 && base64().MatchString(words[len(words)-1]) {
				body.WriteString(words[len(words)-1])
			}
		}
	}
	return found, lines.Err()
}

// rewrap writes base64 in the lines of 64 characters that age wants.
func rewrap(body string) string {
	var text strings.Builder
	text.WriteString(armor.Header + "\n")
	for len(body) > 64 {
		text.WriteString(body[:64] + "\n")
		body = body[64:]
	}
	text.WriteString(body + "\n" + armor.Footer + "\n")
	return text.String()
}
