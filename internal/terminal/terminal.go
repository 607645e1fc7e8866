// Package terminal speaks to a person at a terminal: it asks, explains what went
// wrong, and prints a recovery text. Everything goes to standard error, since
// standard output belongs to programs.
package terminal

import (
	"fmt"
	"io"

	"strava-token/internal/secret"
	"strava-token/internal/words"
)

// Terminal asks people. It reads a line at a time and never further, so that a
// question without echo can follow one with it.
type Terminal struct {
	In    io.Reader
	Out   io.Writer
	Voice *words.Voice
	lines chan string // set while lines are read in the background
}

// Say prints a line.
func (t *Terminal) Say(text string) { _, _ = fmt.Fprintln(t.Out, text) }

// Note prints a line under a label, such as warning.
func (t *Terminal) Note(label, text string) {
	_, _ = fmt.Fprintf(t.Out, "strava-token: %s: %s\n", label, text)
}

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
	_, err := io.WriteString(t.Out, sealed)
	return err == nil
}
