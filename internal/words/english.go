package words

import (
	"fmt"
	"time"

	"strava-token/docs"
)

// Table is one language. Each is a file like this, and its page in package docs.
type Table struct {
	page                   string // the text of the page, as docs/troubleshooting.md has it
	extension              string // of the page's name
	inWorkflow, inTerminal string // what a line begins with that only one of them says
	next, more             string // what precedes the next step, and the id
	stops, gap             string // the ends of sentences, and what's between two of them
	open, close            string // the parentheses around a part that can be left out
	comma                  string // between the values of a list
	place                  func(input string) string
	duration               func(time.Duration) string
	clock, day, moment     string // layouts, in UTC

	rows map[string]row
	ids  []string
}

// English is what the program speaks unless a step asks for another language.
var English = newTable(Table{
	page: docs.Troubleshooting, extension: ".md",
	inWorkflow: "In a workflow: ", inTerminal: "In a terminal: ",
	next: "Next: ", more: "more: ",
	stops: ".?!", gap: " ", open: "(", close: ")", comma: ", ",
	place:    func(input string) string { return "the secret that " + input + " reads" },
	duration: englishDuration,
	clock:    "15:04 UTC", day: "2 January 2006", moment: "2 January 2006, 15:04 UTC",
})

// englishDuration is d as people say it, rounded down.
func englishDuration(d time.Duration) string {
	count := func(n int, unit string) string {
		if n == 1 {
			return "1 " + unit
		}
		return fmt.Sprintf("%d %ss", n, unit)
	}
	hours, minutes := int(d.Hours()), int(d.Minutes())%60
	switch {
	case hours == 0 && minutes == 0:
		return "less than a minute"
	case hours == 0:
		return count(minutes, "minute")
	case minutes == 0:
		return count(hours, "hour")
	}
	return count(hours, "hour") + " " + count(minutes, "minute")
}
