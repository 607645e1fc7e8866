// Package words is the one place that turns errors into text for people. A
// message exists once in each language: on docs/troubleshooting.md, under its id.
// An error brings the id and the values for the blanks, and a Voice fills them in
// as a workflow step or a terminal needs them.
package words

import (
	"strings"
	"time"
)

// GitHub is the server unless another one is known.
const GitHub = "https://github.com"

// Blanks are the values for the blanks of a message, by name: an inner error (What
// and Why of its own message), one of the types below, or what fmt prints. A value is
// empty if its text is, and so are the numbers and times that are zero.
type Blanks map[string]any

// Speaker is an error that has a message.
type Speaker interface {
	error
	Note() Failure
}

// Failure is an error that is only a message.
type Failure struct {
	ID     string
	Blanks Blanks
	Page   string // an address that may not be in a log, or empty
}

func (f *Failure) Error() string { return f.ID }

// Note returns the message.
func (f *Failure) Note() Failure { return *f }

type (
	// Input is the name of an input as action.yml has it: "client-secret" in a
	// step, "STRAVA_CLIENT_SECRET" in a terminal.
	Input string
	// Place is the name of an input as well, but says where its value belongs: "the
	// secret that client-secret reads", "STRAVA_CLIENT_SECRET".
	Place string
	// Page is the path of a page on the GitHub server, such as "octocat/sync/settings".
	Page string
	// Sentence is the id of a sentence; an empty one says nothing.
	Sentence string

	// Clock is a time of day, such as "15:04 UTC".
	Clock time.Time
	// Day is a date, such as "2 January 2006".
	Day time.Time
	// Moment is both.
	Moment time.Time

	// Short is an inner error shown only by its What.
	Short struct{ Err error }
	// Command is a command line that a person can paste into a POSIX shell.
	Command []string
)

func (c Command) String() string {
	quoted := make([]string, len(c))
	for i, word := range c {
		quoted[i] = Quote(word)
	}
	return strings.Join(quoted, " ")
}

// Message is an error in words: what happened, why, and the one next step.
type Message struct {
	ID, What, Why, Next string
	More                string // the address of the message on the page, or "more: ID"
	Page                string // in a step: an address for only the summary
	label               string // what Text writes before Next, as "Next: "
}

// Text returns the message, one part per line.
func (m Message) Text() string {
	text := m.What
	for _, line := range []string{m.Why, m.label + m.Next, m.More} {
		if line != "" && line != m.label {
			text += "\n" + line
		}
	}
	return text
}
