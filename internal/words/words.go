// Package words is the one place that turns errors into text for people. A
// message exists once in each language: on docs/troubleshooting.md, under its id.
// An error brings the id and the values for the blanks, and a Voice fills them in
// as a workflow step or a terminal needs them.
package words

import "time"

// Blanks are the values for the blanks of a message, by name. A value is a
// string, int, int64, []string, time.Duration, fmt.Stringer, an inner error (What
// and Why of its own message), or one of the types below. A value is empty if its
// text is, and so are the numbers and times that are zero.
type Blanks map[string]any

// Note is what an error says about itself.
type Note struct {
	ID     string
	Blanks Blanks
	Page   string // an address that may not be in a log, or empty
}

// Speaker is an error that has a message.
type Speaker interface {
	error
	Note() Note
}

type (
	// Input is the name of an input as action.yml has it: "client-secret" in a
	// step, "STRAVA_CLIENT_SECRET" in a terminal.
	Input string
	// Place is the name of an input as well, but says where its value belongs: "the
	// secret that client-secret reads", "STRAVA_CLIENT_SECRET".
	Place string
	// Page is the path of a page on the GitHub server, such as "octocat/sync/settings".
	Page string

	// Clock is a time of day, such as "15:04 UTC".
	Clock time.Time
	// Day is a date, such as "2 January 2006".
	Day time.Time
	// Moment is both.
	Moment time.Time

	// Short is an inner error shown only by its What.
	Short struct{ Err error }
	// System is an inner error shown only by the operating system's reason, such as
	// "permission denied".
	System struct{ Err error }
)

// Message is an error in words: what happened, why, and the one next step.
type Message struct {
	ID, What, Why, Next string
	More                string // the address of the message on the page, or "more: ID"
	Page                string // in a step: an address for only the summary
	Label               string // what Text writes before Next, as "Next: "
}

// Text returns the message, one part per line.
func (m Message) Text() string {
	text := m.What
	for _, line := range []string{m.Why, m.Label + m.Next, m.More} {
		if line != "" && line != m.Label {
			text += "\n" + line
		}
	}
	return text
}
