package recovery

import (
	"archive/zip"
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode/utf16"

	"filippo.io/age/armor"

	"strava-token/internal/sealed"
)

const (
	width      = 64        // characters in a line of a printed text
	maxTexts   = 100       // texts of one log that are kept: the newest
	maxBetween = 1 << 20   // bytes read of one text with all that is in between
	maxLog     = 256 << 20 // bytes read of one log
	maxArchive = 64 << 20  // bytes unpacked from a zip of logs
)

var (
	ansi   = lazily("\x1b\\[[0-9;?]*[ -/]*[@-~]")
	base64 = lazily(`^([A-Za-z0-9+/]+={0,2}|={1,2})$`)
	// marks are the beginning and the end of a text. A terminal may have wrapped them,
	// and dropped a blank there.
	marks = lazily(`-----\s*(?:(` + wrapped("BEGINAGEENCRYPTEDFILE-----") + ")|" + wrapped("ENDAGEENCRYPTEDFILE-----") + ")")
	// copied undoes what happens to a text that is copied: the blanks of formatted text,
	// and the line breaks of JSON, a workflow command or a page.
	copied = strings.NewReplacer("\u00a0", " ", "\u200b", "", "\u200c", "", "\u200d", "", "\ufeff", "",
		`\r`, "\n", `\n`, "\n", "%0A", "\n", "%0D", "\n", "<br>", "\n", "\r", "\n")
)

var errTooLong = errors.New("it has more than 256 MiB: pass the part with the recovery text")

func wrapped(mark string) string { return strings.Join(strings.Split(mark, ""), `\s*`) }

// lazily compiles a pattern that most runs don't need.
func lazily(pattern string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(pattern) })
}

// Find returns the sealed texts in r, in their order: a file, or a whole log,
// whose lines may carry prefixes and ANSI codes and may be wrapped; a zip of
// logs; UTF-8 or UTF-16. A text that can be read in several ways is returned in each,
// the likeliest last. An error is r's own, or that of a broken zip.
func Find(r io.Reader) (found []string, err error) {
	raw, readErr := io.ReadAll(io.LimitReader(r, maxLog+1))
	if len(raw) > maxLog {
		return nil, errTooLong // the newest text is at the end
	}
	plain, err := decode(raw)
	text := copied.Replace(ansi().ReplaceAllString(plain, "")) + "\n"
	all := marks().FindAllStringSubmatchIndex(text, -1)
	for i, mark := range all {
		end := len(text)
		if i+1 < len(all) {
			end = all[i+1][0]
		}
		if isHeader := mark[2] >= 0; !isHeader {
			continue
		}
		for _, words := range readings(text[mark[1]:end]) {
			if text := rewrap(strings.Join(words, "")); len(text) <= 2*sealed.MaxText && !slices.Contains(found, text) {
				found = append(found, text)
			}
		}
		found = found[max(0, len(found)-maxTexts):]
	}
	return found, cmp.Or(readErr, err)
}

// readings returns the base64 between two marks: all words, for lines that were joined
// by blanks, or the last word of each line, which skips what a log puts before it.
// Other lines may be in between: those of the text are of full width, except for the
// last one.
func readings(between string) (all [][]string) {
	var every, last []string
	for line := range strings.Lines(between[:min(len(between), maxBetween)]) {
		words := slices.DeleteFunc(strings.Fields(line), func(word string) bool { return !base64().MatchString(word) })
		every = append(every, words...)
		if len(words) > 0 && strings.HasSuffix(line, "\n") { // else it's the next mark's line
			last = append(last, words[len(words)-1])
		}
	}
	for _, words := range [][]string{every, last} {
		if n := len(words); n > 0 {
			others := func(word string) bool { return len(word) != width }
			all = append(all, words, append(slices.DeleteFunc(slices.Clone(words[:n-1]), others), words[n-1]))
		}
	}
	return all
}

// rewrap writes base64 in the lines of 64 characters that age wants.
func rewrap(body string) string {
	text := []byte(armor.Header + "\n")
	for line := range slices.Chunk([]byte(body), width) {
		text = append(append(text, line...), '\n')
	}
	return string(text) + armor.Footer + "\n"
}

// decode returns UTF-8 text: GitHub delivers logs as a zip, and a Windows shell
// writes UTF-16.
func decode(raw []byte) (string, error) {
	var order binary.ByteOrder = binary.LittleEndian
	switch {
	case bytes.HasPrefix(raw, []byte("PK\x03\x04")):
		return unzip(raw)
	case bytes.HasPrefix(raw, []byte{0xfe, 0xff}):
		order = binary.BigEndian
	case !bytes.HasPrefix(raw, []byte{0xff, 0xfe}):
		return string(raw), nil
	}
	units := make([]uint16, len(raw)/2)
	_, _ = binary.Decode(raw, order, units) // cannot fail: there are bytes for every unit
	return string(utf16.Decode(units)), nil
}

// unzip concatenates the files of an archive, in the order of their names.
func unzip(packed []byte) (string, error) {
	archive, err := zip.NewReader(bytes.NewReader(packed), int64(len(packed)))
	if err != nil {
		return "", fmt.Errorf("read the zip: %w", err)
	}
	slices.SortFunc(archive.File, func(a, b *zip.File) int { return strings.Compare(a.Name, b.Name) })
	var all bytes.Buffer
	for _, file := range archive.File {
		if content, err := file.Open(); err == nil { // what can be read may contain the text
			_, _ = io.Copy(&all, io.LimitReader(content, int64(maxArchive-all.Len())))
			_ = content.Close()
		}
		all.WriteByte('\n')
	}
	return all.String(), nil
}
