package words

import (
	"regexp"
	"slices"
	"strings"
)

var (
	aCommand = regexp.MustCompile(`<code>.*?</code>`)
	markup   = strings.NewReplacer("`", "", "*", "", "<code>", "", "</code>", "")
	// A blank has an example on the page. If that ends with a full stop, the value is
	// whole sentences.
	anExample = regexp.MustCompile(`<var title="([$a-z-]+)">[^<]*?([.。]?)</var>`)
	// Without its example and the markup a blank is its name, with a $ in front if it's
	// in a command, and a stop behind if its value ends a sentence.
	aBlank = regexp.MustCompile(`<\$?([a-z-]+)[.。]?>`)
	// A sentence has the gap after it, an optional part the one before it.
	aSentence  = regexp.MustCompile(`(\([^()]*\)|（[^（）]*）|<[^>]*>|[^()（）<])*?(<[^>]*\.> |<[^>]*。>|[.?!] |[。？！]|$)`)
	isOptional = regexp.MustCompile(` \([^)]*\)|（[^）]*）`)
)

// unmark returns a line of the page without its markup and its examples.
func unmark(line string) string {
	line = aCommand.ReplaceAllStringFunc(line, func(code string) string {
		return strings.ReplaceAll(code, `<var title="`, `<var title="$`)
	})
	return anExample.ReplaceAllString(markup.Replace(line), "<$1$2>")
}

// fill renders a paragraph for this voice. Lines that begin with the other
// place's name are left out, and so is each sentence, and each part in parentheses,
// with a blank whose value is empty.
func (v Voice) fill(paragraph string, b Blanks) string {
	l := v.language()
	elsewhere := l.inWorkflow
	if v.Step {
		elsewhere = l.inTerminal
	}
	var text []string
	for line := range strings.SplitSeq(paragraph, "\n") {
		if strings.HasPrefix(line, elsewhere) {
			continue
		}
		line = strings.TrimPrefix(strings.TrimPrefix(line, l.inWorkflow), l.inTerminal)
		for _, sentence := range aSentence.FindAllString(unmark(line), -1) {
			if filled := v.fillSentence(strings.TrimSuffix(sentence, l.gap), b); filled != "" {
				text = append(text, filled)
			}
		}
	}
	return strings.Join(text, l.gap)
}

// fillSentence renders a sentence, or returns "" if a blank outside parentheses is empty.
func (v Voice) fillSentence(sentence string, b Blanks) string {
	isEmpty := func(blank string) bool { return v.blank(blank, b) == "" }
	sentence = isOptional.ReplaceAllStringFunc(sentence, func(part string) string {
		if slices.ContainsFunc(aBlank.FindAllString(part, -1), isEmpty) {
			return ""
		}
		return part
	})
	if slices.ContainsFunc(aBlank.FindAllString(sentence, -1), isEmpty) {
		return ""
	}
	return aBlank.ReplaceAllStringFunc(sentence, func(blank string) string { return v.blank(blank, b) })
}
