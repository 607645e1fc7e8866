// Package terminal speaks to a person at a terminal: it asks, explains what went
// wrong, and prints a recovery text. Everything goes to standard error, since
// standard output belongs to programs.
package terminal

import (
	"io"
	"sync"

	"strava-token/internal/secret"
	"strava-token/internal/words"
)

// Terminal asks people. It reads a line at a time and never further, so that a
// question without echo can follow one with it.
type Terminal struct {
	In    io.Reader
	Out   io.Writer
	Voice *words.Voice

	lines  chan string // set while lines are read in the background
	mu     sync.Mutex
	status string // the line of a countdown, if that's the last one shown
}

// print writes text, in place of a countdown.
func (t *Terminal) print(text string) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	text, t.status = erase(t.status)+text, ""
	_, err := io.WriteString(t.Out, text)
	return err
}

// Say prints a line.
func (t *Terminal) Say(text string) { _ = t.print(text + "\n") }

// Note prints a line under a label, such as warning.
func (t *Terminal) Note(label, text string) { t.Say("strava-token: " + label + ": " + text) }

// Error explains an error, which may be several.
func (t *Terminal) Error(err error) { t.explain("error", err) }

// Warn explains an error that ends nothing.
func (t *Terminal) Warn(err error) { t.explain("warning", err) }

func (t *Terminal) explain(label string, err error) {
	for _, m := range t.Voice.Explain(err) {
		t.Note(label, m.What)
		if m.Why != "" {
			t.Note("why", m.Why)
		}
		if m.Next != "" {
			t.Note("hint", m.Next)
		}
		t.Note("more", m.ID)
	}
}

// Mask does nothing: nobody reads masks here, and nothing secret is printed.
func (t *Terminal) Mask(secret.Value) bool { return true }

// Recover prints a sealed refresh token. It returns false if nobody can read it.
func (t *Terminal) Recover(sealed string) bool {
	t.Note("warning", t.Voice.Say("log-recovery", nil)+" "+t.Voice.Say("log-recovery-command", words.Blanks{"target": "TARGET"}))
	return t.print(sealed) == nil
}
