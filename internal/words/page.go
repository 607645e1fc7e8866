package words

import "strings"

// marks are what a line of the page is made of, beside its text: blanks with an example,
// parts in parentheses, ends of sentences, and Markdown that no message shows.
var marks = []string{
	`<var title="`, "<code>", "</code>", "`", "*", " (", "(", "（", ")", "）", ". ", "? ", "! ", "。", "？", "！",
}

// cutMark cuts a line around its first mark.
func cutMark(line string) (text, mark, rest string) {
	for i := range line {
		for _, mark := range marks {
			if rest, found := strings.CutPrefix(line[i:], mark); found {
				return line[:i], mark, rest
			}
		}
	}
	return line, "", ""
}

// fill renders a paragraph for this voice, without the lines that begin with the other
// place's name.
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
		for line != "" {
			var sentence string
			if sentence, line = v.fillSentence(line, b); sentence != "" {
				text = append(text, strings.TrimSuffix(sentence, l.gap))
			}
		}
	}
	return strings.Join(text, l.gap)
}

// fillSentence renders the first sentence of a line, and returns the rest. It leaves out
// each part in parentheses, or else the sentence, with a blank whose value is empty.
func (v Voice) fillSentence(line string, b Blanks) (filled, rest string) {
	var text, mark string
	var inCommand, isEmpty, isEmptyOutside, ends bool
	part := -1 // where the part in parentheses begins
	for line != "" && !ends {
		text, mark, line = cutMark(line)
		filled += text
		switch mark {
		case "`", "*":
		case "<code>", "</code>":
			inCommand = mark == "<code>"
		case `<var title="`:
			name, example, _ := strings.Cut(line, `">`)
			example, line, _ = strings.Cut(example, "</var>")
			value := v.blank(name, inCommand, b)
			filled, isEmpty = filled+value, isEmpty || value == ""
			// An example that ends with a full stop says that the value is whole sentences.
			isWhole := strings.HasSuffix(example, "。") || strings.HasSuffix(example, ".") && strings.HasPrefix(line, " ")
			ends = isWhole && part < 0
		case " (", "(", "（":
			part, isEmptyOutside, isEmpty = len(filled), isEmpty, false
			filled += mark
		case ")", "）":
			filled += mark
			if isEmpty {
				filled = filled[:part]
			}
			part, isEmpty = -1, isEmptyOutside
		default:
			filled += mark
			ends = part < 0
		}
	}
	if isEmpty {
		filled = ""
	}
	return filled, strings.TrimPrefix(line, " ")
}
