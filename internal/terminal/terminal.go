// Package terminal talks to a person at a terminal: it asks, and explains what went
// wrong. Everything goes to standard error, since standard output belongs to programs.
package terminal

import (
	"context"
	"fmt"
	"io"
	"os"
	"sync/atomic"
	"time"

	"golang.org/x/term"

	"strava-token/internal/words"
)

// Terminal asks people. It reads one line at a time and never further, so that a
// question without echo can follow one with it.
type Terminal struct {
	In    io.Reader
	Out   io.Writer
	Voice words.Voice

	lines chan string // set while lines are read in the background
	stuck atomic.Bool // a print takes too long
}

// Countdown says that the program waits, and, if somebody is watching, every minute for
// how much longer, until stop is called.
func (t *Terminal) Countdown(what string, limit time.Duration) (stop func()) {
	if !Is(t.Out) {
		t.Say(fmt.Sprintf("%s, for %d minutes at most.", what, limit/time.Minute))
		return func() {}
	}
	counting, cancel := context.WithCancel(context.Background())
	go func() {
		for left := limit; left > 0 && counting.Err() == nil; left -= time.Minute {
			t.Say(fmt.Sprintf("%s, %d min left (Ctrl-C ends it)", what, left/time.Minute))
			select {
			case <-time.After(time.Minute):
			case <-counting.Done():
			}
		}
	}()
	return cancel
}

// Say prints a line.
func (t *Terminal) Say(text string) { _, _ = fmt.Fprintln(t.Out, text) }

// Note prints a line under a label, such as warning.
func (t *Terminal) Note(label, text string) { t.Say("strava-token: " + label + ": " + text) }

// Error explains an error, perhaps one of several parts.
func (t *Terminal) Error(err error) { t.explain("error", err) }

// Warn explains an error that doesn't end anything.
func (t *Terminal) Warn(err error) { t.explain("warning", err) }

func (t *Terminal) explain(label string, err error) {
	for _, m := range t.Voice.Explain(err) {
		for _, part := range [][2]string{{label, m.What}, {"why", m.Why}, {"hint", m.Next}, {"more", m.ID}} {
			if part[1] != "" {
				t.Note(part[0], part[1])
			}
		}
	}
}

// Is reports whether a stream is a terminal.
func Is(stream any) bool {
	f, isFile := stream.(*os.File)
	return isFile && term.IsTerminal(int(f.Fd()))
}

// patience is how long a print may delay what matters more: a terminal that stands
// still (Ctrl-S) takes nothing.
const patience = 2 * time.Second

// InTime prints a text, and reports whether that came through soon enough. While one is
// still under way it tries no other.
func (t *Terminal) InTime(text string) bool {
	if t.stuck.Load() {
		return false
	}
	printed := make(chan error, 1)
	go func() {
		_, err := io.WriteString(t.Out, text)
		printed <- err
		t.stuck.Store(false)
	}()
	select {
	case err := <-printed:
		return err == nil
	case <-time.After(patience):
		t.stuck.Store(true)
		return false
	}
}
