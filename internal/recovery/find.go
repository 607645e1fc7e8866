package recovery

import (
	"bufio"
	"errors"
	"io"
	"regexp"
	"strings"
	"sync"

	"filippo.io/age/armor"

	"strava-token/internal/sealed"
)

const (
	maxLine = 1 << 20
	// width is how many characters a line of the text has as it was printed.
	width = 64
	// maxTexts bounds what is kept of one log: the newest count.
	maxTexts = 100
)

var (
	ansi   = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile("\x1b\\[[0-9;?]*[ -/]*[@-~]") })
	base64 = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^([A-Za-z0-9+/]+={0,2}|={1,2})$`) })
	// invisible are the blanks that formatted text is copied with.
	invisible = strings.NewReplacer("\u00a0", " ", "\u200b", "", "\u200c", "", "\u200d", "", "\ufeff", "")
)

// Find returns the sealed texts in r, in their order: a file, or a whole log,
// whose lines may carry prefixes and ANSI codes and may be wrapped; a zip of
// logs; UTF-8 or UTF-16. Where a text can be read in two ways, both are
// returned. An error is r's own.
//
// Of each line between the two marks the last word is taken, which leaves out
// what a log puts before it.
func Find(r io.Reader) ([]string, error) {
	plain, err := decode(r)
	if err != nil {
		return nil, err
	}
	f := &finder{}
	lines := bufio.NewReaderSize(plain, 64<<10)
	for {
		line, err := readLine(lines)
		f.take(line)
		if errors.Is(err, io.EOF) {
			f.end()
			return f.found, nil
		}
		if err != nil {
			return f.found, err
		}
	}
}

// readLine returns the next line; what is beyond the limit is left out.
func readLine(r *bufio.Reader) (string, error) {
	var line []byte
	for {
		part, more, err := r.ReadLine()
		if len(line) < maxLine {
			line = append(line, part...)
		}
		if err != nil || !more {
			return string(line), err
		}
	}
}

// finder reads a log line by line.
type finder struct {
	found  []string
	inside bool
	joined bool     // the lines of the text were joined by blanks
	words  []string // the last words of the lines since the header
	size   int
	held   string // a line that ends with the beginning of a mark
}

// breaks are what stands for a line break if a text was copied through JSON,
// a workflow command or a page.
var breaks = strings.NewReplacer(`\r`, "\n", `\n`, "\n", "%0A", "\n", "%0D", "\n", "<br>", "\n", "\r", "\n")

func (f *finder) take(line string) {
	line = breaks.Replace(invisible.Replace(ansi().ReplaceAllString(line, "")))
	for part := range strings.SplitSeq(line, "\n") {
		f.takePart(strings.TrimSpace(part))
	}
}

func (f *finder) takePart(line string) {
	line = f.held + line
	f.held = ""
	header, footer := strings.Index(line, armor.Header), strings.Index(line, armor.Footer)
	switch {
	case header >= 0:
		f.end()
		f.inside = true
		f.takeWords(line[header+len(armor.Header):])
		f.joined = len(f.words) > 0
	case footer >= 0:
		if f.inside && f.joined {
			f.takeWords(line[:footer])
		}
		f.end()
	case endsInMark(line):
		// A terminal wrapped the mark, and may have swallowed the blank at which
		// it did.
		i := strings.LastIndex(line, "-----")
		if f.inside && f.joined {
			f.takeWords(line[:i])
		}
		f.held = line[i:]
		for _, word := range []string{"BEGIN", "AGE", "ENCRYPTED", "END"} {
			if strings.HasSuffix(line, word) {
				f.held += " "
			}
		}
	case f.inside && f.joined:
		f.takeWords(line)
	case f.inside:
		words := strings.Fields(line)
		for i := len(words) - 1; i >= 0; i-- {
			if base64().MatchString(words[i]) {
				f.add64(words[i])
				return
			}
		}
	}
}

// takeWords takes a text whose lines were joined by blanks.
func (f *finder) takeWords(line string) {
	body, _, whole := strings.Cut(line, armor.Footer)
	for _, word := range strings.Fields(body) {
		if base64().MatchString(word) {
			f.add64(word)
		}
	}
	if whole {
		f.end()
	}
}

func (f *finder) add64(word string) {
	if f.size < 2*sealed.MaxText {
		f.words = append(f.words, word)
		f.size += len(word)
	}
}

// endsInMark reports whether a line ends with the beginning of a mark, from its
// dashes on.
func endsInMark(line string) bool {
	i := strings.LastIndex(line, "-----")
	if i < 0 {
		return false
	}
	rest := strings.TrimRight(line[i:], " ")
	for _, mark := range []string{armor.Header, armor.Footer} {
		if len(rest) < len(mark) && strings.HasPrefix(mark, rest) {
			return true
		}
	}
	return false
}

// end closes a text, at its footer or if something else begins.
func (f *finder) end() {
	if f.inside && len(f.words) > 0 {
		all := rewrap(strings.Join(f.words, ""))
		f.add(all)
		// Other lines may stand in between: those of the text are of full width,
		// but for the last one.
		var full []string
		for i, word := range f.words {
			if len(word) == width || i == len(f.words)-1 {
				full = append(full, word)
			}
		}
		if whole := rewrap(strings.Join(full, "")); whole != all {
			f.add(whole)
		}
	}
	f.inside, f.joined, f.words, f.size = false, false, nil, 0
}

func (f *finder) add(text string) {
	for _, known := range f.found {
		if known == text {
			return
		}
	}
	f.found = append(f.found, text)
	if len(f.found) > maxTexts {
		f.found = f.found[1:]
	}
}

// rewrap writes base64 in the lines of 64 characters that age wants.
func rewrap(body string) string {
	var text strings.Builder
	text.WriteString(armor.Header + "\n")
	for len(body) > width {
		text.WriteString(body[:width] + "\n")
		body = body[width:]
	}
	text.WriteString(body + "\n" + armor.Footer + "\n")
	return text.String()
}
