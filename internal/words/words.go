// Package words is the one place that turns errors into text for people. A
// message exists once in each language: on docs/troubleshooting.md, under its id.
// An error brings the id and the values for the blanks, and a Voice fills them in
// as a workflow step or a terminal needs them.
package words

import (
	"cmp"
	"context"
	"slices"
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

// Voice speaks one language in one place. The zero one speaks English at a terminal,
// about github.com and an unknown repository.
type Voice struct {
	Step       bool    // in a step of a workflow
	Language   string  // "zh", or English
	Help       string  // the address of docs/troubleshooting.md on GitHub, if known
	Server     string  // of GitHub
	Repository string  // owner/name
	Link       string  // to authorize at Strava; empty if it can't be made here
	Workflow   string  // the page where this workflow is run
	Edit       string  // the page where its file is changed
	Login      Command // gets a new refresh token
}

func (v Voice) language() *language {
	if v.Language == "zh" {
		return chinese
	}
	return english
}

func (v Voice) repository() string { return cmp.Or(v.Repository, "OWNER/REPO") }

// Asks reports whether a message's next step is to authorize.
func (v Voice) Asks(err error) bool {
	return slices.ContainsFunc(notesOf(err), func(n Failure) bool {
		row, _ := v.language().row(n.ID)
		return strings.Contains(row[2], `<var title="authorize">`)
	})
}

// Explain renders the outermost Speaker, or each joined one. Anything else is
// run-internal, except a bare context.Canceled.
func (v Voice) Explain(err error) (messages []Message) {
	notes := notesOf(err)
	if err == context.Canceled {
		notes = []Failure{{ID: "run-cancelled"}}
	} else if len(notes) == 0 {
		notes = []Failure{unforeseen(err.Error())}
	}
	for _, n := range notes {
		messages = append(messages, v.message(n))
	}
	return messages
}

func notesOf(err error) (all []Failure) {
	switch e := err.(type) {
	case Speaker:
		return []Failure{e.Note()}
	case interface{ Unwrap() error }:
		return notesOf(e.Unwrap())
	case interface{ Unwrap() []error }:
		for _, inner := range e.Unwrap() {
			all = append(all, notesOf(inner)...)
		}
	}
	return all
}

// unforeseen returns the note for an error without words. Errors of the system contain
// no secret: everything that could is a Speaker.
func unforeseen(cause string) Failure {
	if cause != "" {
		cause = strings.ToUpper(cause[:1]) + cause[1:] + "."
	}
	return Failure{ID: "run-internal", Blanks: Blanks{"cause": cause}}
}

func (v Voice) message(n Failure) Message {
	l := v.language()
	row, known := l.row(n.ID)
	if !known {
		n = unforeseen("there are no words for " + n.ID)
		row, _ = l.row(n.ID)
	}
	m := Message{
		ID: n.ID, What: v.fill(row[0], n.Blanks), Why: v.fill(row[1], n.Blanks), Next: v.fill(row[2], n.Blanks),
		More: l.more + n.ID, label: l.next,
	}
	if v.Step && v.Repository != "" && isEdit(n.ID, row[2]) && !strings.Contains(m.Next, "://") {
		m.Next = v.Join(m.Next, v.Say("log-edit", nil))
	}
	if v.Step && v.Help != "" {
		m.More = strings.TrimSuffix(v.Help, ".md") + l.extension + "#" + n.ID
	}
	if v.Step {
		m.Page = Visible(n.Page)
	} else if n.Page != "" {
		m.Next += " " + Visible(n.Page)
	}
	return m
}

// isEdit reports whether the next step is to change the workflow.
func isEdit(id, next string) bool {
	return strings.HasPrefix(id, "input-") && id != "input-code-without-state" || id == "target-code-branch" ||
		strings.Contains(next, `<var title="rotate-to">`) || strings.Contains(next, `<var title="expected-athlete">`)
}

// Join joins sentences into one text.
func (v Voice) Join(sentences ...string) string {
	return strings.TrimSpace(strings.Join(sentences, v.language().gap))
}

// Say returns one sentence: that of the log, the summary or the checklist with
// this id, or the first part of a message.
func (v Voice) Say(id string, b Blanks) string { return v.message(Failure{ID: id, Blanks: b}).What }
