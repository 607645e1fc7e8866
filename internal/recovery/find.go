package recovery

import (
	"bufio"
	"errors"
	"io"
	"regexp"
	"slices"
	"strings"
	"sync"

	"filippo.io/age/armor"

	"strava-token/internal/sealed"
)

const (
	// width is how many characters a line of the text has as it was printed.
	width = 64
	// maxTexts bounds what is kept of one log: the newest count.
	maxTexts = 100
)

var (
	ansi   = lazily("\x1b\\[[0-9;?]*[ -/]*[@-~]")
	base64 = lazily(`^([A-Za-z0-9+/]+={0,2}|={1,2})$`)
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
	for err == nil {
		var line string
		line, err = lines.ReadString('\n')
		f.take(strings.TrimSuffix(line, "\n"))
	}
	if !errors.Is(err, io.EOF) {
		return f.found, err
	}
	f.end()
	return f.found, nil
}

// lazily compiles a pattern that most runs don't need.
func lazily(pattern string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(pattern) })
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
	header, footer, cut := strings.Index(line, armor.Header), strings.Index(line, armor.Footer), cutMark(line)
	switch {
	case header >= 0:
		f.end()
		f.inside = true
		f.takeWords(line[header+len(armor.Header):])
		f.joined = len(f.words) > 0
	case footer >= 0:
		if f.joined {
			f.takeWords(line[:footer])
		}
		f.end()
	case cut >= 0:
		// A terminal wrapped the mark, and may have swallowed the blank at which
		// it did.
		if f.joined {
			f.takeWords(line[:cut])
		}
		f.held = line[cut:]
		for _, word := range []string{"BEGIN", "AGE", "ENCRYPTED", "END"} {
			if strings.HasSuffix(line, word) {
				f.held += " "
			}
		}
	case f.joined:
		f.takeWords(line)
	case f.inside:
		for _, word := range slices.Backward(strings.Fields(line)) {
			if f.take64(word) {
				return
			}
		}
	}
}

// takeWords takes a text whose lines were joined by blanks.
func (f *finder) takeWords(line string) {
	body, _, whole := strings.Cut(line, armor.Footer)
	for word := range strings.FieldsSeq(body) {
		f.take64(word)
	}
	if whole {
		f.end()
	}
}

// take64 takes a word if it can be one of the text, and reports whether it can.
func (f *finder) take64(word string) bool {
	if !base64().MatchString(word) {
		return false
	}
	if f.size < 2*sealed.MaxText {
		f.words = append(f.words, word)
		f.size += len(word)
	}
	return true
}

// cutMark is where the beginning of a mark is with which a line ends, or -1.
func cutMark(line string) int {
	i := strings.LastIndex(line, "-----")
	if i >= 0 {
		rest := strings.TrimRight(line[i:], " ")
		for _, mark := range []string{armor.Header, armor.Footer} {
			if len(rest) < len(mark) && strings.HasPrefix(mark, rest) {
				return i
			}
		}
	}
	return -1
}

// end closes a text, at its footer or if something else begins.
func (f *finder) end() {
	if len(f.words) > 0 {
		f.add(rewrap(strings.Join(f.words, "")))
		// Other lines may stand in between: those of the text are of full width,
		// but for the last one.
		last := f.words[len(f.words)-1]
		full := slices.DeleteFunc(f.words[:len(f.words)-1], func(word string) bool { return len(word) != width })
		f.add(rewrap(strings.Join(full, "") + last))
	}
	*f = finder{found: f.found, held: f.held}
}

func (f *finder) add(text string) {
	if slices.Contains(f.found, text) {
		return
	}
	f.found = append(f.found, text)
	f.found = f.found[max(0, len(f.found)-maxTexts):]
}

// rewrap writes base64 in the lines of 64 characters that age wants.
func rewrap(body string) string {
	text := []byte(armor.Header + "\n")
	for line := range slices.Chunk([]byte(body), width) {
		text = append(append(text, line...), '\n')
	}
	return string(text) + armor.Footer + "\n"
}
