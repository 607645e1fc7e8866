package words

import (
	"fmt"
	"strings"
	"time"

	"strava-token/docs"
)

// Table is one language. Each is a file like this, and its page in package docs.
type Table struct {
	page                   string    // the text of the page, as docs/troubleshooting.md has it
	extension              string    // of the page's name
	inWorkflow, inTerminal string    // the beginning of a line for only one of them
	next, more             string    // what precedes the next step, and the id
	stops, gap             string    // the ends of sentences, and the space between two
	open, close            string    // the parentheses around a part that can be left out
	comma                  string    // between the values of a list
	place                  string    // of an input's value, and the page where it's changed
	hours, minutes         [2]string // of one and of several
	underAMinute           string
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
	place: "the secret that %s reads (%s)",
	hours: [2]string{"hour", "hours"}, minutes: [2]string{"minute", "minutes"}, underAMinute: "less than a minute",
	clock: "15:04 UTC", day: "2 January 2006", moment: "2 January 2006, 15:04 UTC",
})

// duration returns d as people say it, rounded down.
func (t *Table) duration(d time.Duration) string {
	var parts []string
	for _, part := range []struct {
		n     int
		units [2]string
	}{{int(d.Hours()), t.hours}, {int(d.Minutes()) % 60, t.minutes}} {
		if part.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", part.n, part.units[min(part.n, 2)-1]))
		}
	}
	if parts == nil {
		return t.underAMinute
	}
	return strings.Join(parts, " ")
}
