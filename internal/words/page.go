package words

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"strava-token/docs"
)

// language is one language, with the page that has its messages.
type language struct {
	page                   *string // so that nothing is copied when a program starts
	extension              string
	inWorkflow, inTerminal string    // the beginning of a line for only one of them
	next, more             string    // what precedes the next step, and the id
	gap, comma             string    // between two sentences, and between the values of a list
	place                  string    // of an input's value, and the page where it's changed
	hours, minutes         [2]string // of one and of several
	underAMinute           string
	clock, day, moment     string // layouts, in UTC
}

var english = &language{
	page: &docs.Troubleshooting, extension: ".md",
	inWorkflow: "In a workflow: ", inTerminal: "In a terminal: ",
	next: "Next: ", more: "more: ", gap: " ", comma: ", ",
	place: "the secret that %s reads (%s)",
	hours: [2]string{"hour", "hours"}, minutes: [2]string{"minute", "minutes"}, underAMinute: "less than a minute",
	clock: "15:04 UTC", day: "2 January 2006", moment: "2 January 2006, 15:04 UTC",
}

var chinese = &language{
	page: &docs.TroubleshootingChinese, extension: ".zh-CN.md",
	inWorkflow: "在工作流里：", inTerminal: "在终端里：",
	next: "下一步：", more: "详见：", comma: "、",
	place: "%s 引用的 secret（%s ）",
	hours: [2]string{"小时", "小时"}, minutes: [2]string{"分钟", "分钟"}, underAMinute: "不到 1 分钟",
	clock: "15:04 UTC", day: "2006 年 1 月 2 日", moment: "2006 年 1 月 2 日 15:04 UTC",
}

// Speaks reports whether there is a page in a language; the empty name is English.
func Speaks(name string) bool { return name == "" || name == "en" || name == "zh" }

// row returns the paragraphs of a message (what happened, why, the next step), or the
// one sentence of an item of a list. Their ids begin a heading or the item.
func (l *language) row(id string) (paragraphs []string, found bool) {
	if _, item, isItem := strings.Cut(*l.page, "\n- `"+id+"`: "); isItem {
		sentence, _, _ := strings.Cut(item, "\n")
		return []string{sentence, "", ""}, true
	}
	_, body, found := strings.Cut(*l.page, `<a id="`+id+"\"></a>`"+id+"`\n\n")
	paragraphs = append(strings.SplitN(body, "\n\n", 4), "", "", "")
	return paragraphs[:3], found
}

// duration returns d as people say it, rounded down.
func (l *language) duration(d time.Duration) string {
	count := func(n int, units [2]string) string {
		if n <= 0 {
			return ""
		}
		return fmt.Sprintf("%d %s ", n, units[min(n, 2)-1])
	}
	text := count(int(d.Hours()), l.hours) + count(int(d.Minutes())%60, l.minutes)
	return cmp.Or(strings.TrimSpace(text), l.underAMinute)
}

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
