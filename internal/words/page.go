package words

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// row is one message as the page has it. A sentence of the log, the summary or the
// checklist has no why and no next.
type row struct{ what, why, next string }

// newTable parses the page of t. A message is a heading with its id and three
// paragraphs; a sentence is an item of a list that begins with its id. It panics if
// a message is malformed: the page is part of the program.
func newTable(t Table) Table {
	size := strings.Count(t.page, "`\n") + strings.Count(t.page, "\n- `") // one allocation, at every start
	t.rows, t.ids = make(map[string]row, size), make([]string, 0, size)
	for _, part := range strings.Split(t.page, "\n#")[1:] {
		if heading, ok := strings.CutPrefix(part, `## <a id="`); ok {
			id, body, _ := strings.Cut(heading, `"></a>`+"`")
			title, body, _ := strings.Cut(body, "`\n")
			what, rest, _ := strings.Cut(strings.TrimSpace(body), "\n\n")
			why, next, whole := strings.Cut(rest, "\n\n")
			if title != id || !whole || strings.Contains(next, "\n\n") {
				panic("words: the message " + id + " must have its id twice in the heading, and three paragraphs")
			}
			t.add(id, row{what, why, next})
			continue
		}
		if strings.HasPrefix(part, "##") {
			panic("words: a message without an id: " + part)
		}
		for line := range strings.Lines(part) {
			if item, ok := strings.CutPrefix(line, "- `"); ok {
				id, sentence, _ := strings.Cut(strings.TrimSpace(item), "`: ")
				t.add(id, row{what: sentence})
			}
		}
	}
	return t
}

func (t *Table) add(id string, r row) {
	if _, twice := t.rows[id]; twice || r.what == "" {
		panic("words: " + id + " is on the page twice, or empty")
	}
	t.rows[id] = r
	t.ids = append(t.ids, id)
}

// In the text of a line, without its markup, a blank is its name between two
// marks, with command after the first one if it's part of a command. An end follows
// a blank whose example ends with a full stop: it takes whole sentences.
const (
	mark    = "\x00"
	command = "$"
	end     = "\x01"
)

var markup = strings.NewReplacer("`", "", "*", "", "<code>", "", "</code>", "")

// unmark returns a line without its markup, with marks for its blanks.
func (t *Table) unmark(line string) string {
	var b strings.Builder
	inCommand := false
	for {
		before, rest, found := strings.Cut(line, `<var title="`)
		b.WriteString(markup.Replace(before))
		if !found {
			return b.String()
		}
		if i, j := strings.LastIndex(before, "<code>"), strings.LastIndex(before, "</code>"); i != j {
			inCommand = i > j
		}
		name, rest, _ := strings.Cut(rest, `">`)
		example, rest, closed := strings.Cut(rest, "</var>")
		if !closed {
			panic("words: a blank is not closed: " + line)
		}
		b.WriteString(mark)
		if inCommand {
			b.WriteString(command)
		}
		b.WriteString(name + mark)
		if last, _ := utf8.DecodeLastRuneInString(example); strings.ContainsRune("."+t.stops, last) {
			b.WriteString(end)
		}
		line = rest
	}
}

// blanksOf returns the names of the blanks in a text, in its order.
func (t *Table) blanksOf(text string) []string { return blanksOfMarked(t.unmark(text)) }

func blanksOfMarked(text string) []string {
	var names []string
	for i, part := range strings.Split(text, mark) {
		if i%2 == 1 {
			names = append(names, strings.TrimPrefix(part, command))
		}
	}
	return names
}

// fill renders a paragraph for this voice. Lines that begin with the other
// place's name are left out, and so is each sentence, and each part in parentheses,
// with a blank whose value is empty.
func (v *Voice) fill(paragraph string, b Blanks) string {
	here, elsewhere := v.table.inWorkflow, v.table.inTerminal
	if !v.step {
		here, elsewhere = elsewhere, here
	}
	var text []string
	for line := range strings.SplitSeq(paragraph, "\n") {
		if strings.HasPrefix(line, elsewhere) {
			continue
		}
		for _, sentence := range v.table.sentences(v.table.unmark(strings.TrimPrefix(line, here))) {
			if filled := v.fillSentence(sentence, b); filled != "" {
				text = append(text, filled)
			}
		}
	}
	return strings.Join(text, v.table.gap)
}

// sentences splits a text after each stop that a gap follows, outside parentheses.
func (t *Table) sentences(text string) []string {
	var all []string
	depth, from := 0, 0
	for i, c := range text {
		next := i + utf8.RuneLen(c)
		switch {
		case string(c) == t.open:
			depth++
		case string(c) == t.close:
			depth--
		case depth == 0 && strings.ContainsRune(t.stops+end, c) && strings.HasPrefix(text[next:], t.gap):
			all = append(all, text[from:next])
			from = next + len(t.gap)
		}
	}
	return append(all, text[from:])
}

// fillSentence renders a sentence, or returns "" if a blank outside parentheses is empty.
func (v *Voice) fillSentence(s string, b Blanks) string {
	var kept strings.Builder
	for {
		before, rest, found := strings.Cut(s, v.table.gap+v.table.open)
		part, after, closed := strings.Cut(rest, v.table.close)
		kept.WriteString(before)
		if !found || !closed {
			break
		}
		if !slices.ContainsFunc(blanksOfMarked(part), func(name string) bool { return v.blank(name, b) == "" }) {
			kept.WriteString(v.table.gap + v.table.open + part + v.table.close)
		}
		s = after
	}
	parts := strings.Split(kept.String(), mark)
	for i := 1; i < len(parts); i += 2 {
		value := v.blank(parts[i], b)
		if value == "" {
			return ""
		}
		parts[i] = value
	}
	return strings.ReplaceAll(strings.Join(parts, ""), end, "")
}
