// Package terminal talks to a person at a terminal: it asks, explains what went
// wrong, and prints a recovery text. Everything goes to standard error, since
// standard output belongs to programs.
package terminal

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
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

	lines  chan string // set while lines are read in the background
	mu     sync.Mutex
	stuck  atomic.Bool // a print takes too long
	status string      // the line of a countdown, if that's the last one shown
}

// print writes text in place of a countdown. The text may be the next countdown.
func (t *Terminal) print(text string, countdown bool) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	erased := ""
	if t.status != "" {
		erased = "\r" + strings.Repeat(" ", len(t.status)) + "\r" // blanks work on every terminal
	}
	t.status = ""
	if countdown {
		t.status = text
	}
	_, err := io.WriteString(t.Out, erased+text)
	return err
}

// countdownStep is how often the remaining time is shown: it shares the line with
// what a person types meanwhile.
const countdownStep = 10 * time.Second

// Countdown shows that the program waits, and for how much longer, until stop is
// called. If nobody is watching it says so once.
func (t *Terminal) Countdown(what string, limit time.Duration) (stop func()) {
	if !Is(t.Out) {
		t.Say(fmt.Sprintf("%s, for %d minutes at most.", what, int(limit.Minutes())))
		return func() {}
	}
	counting, cancel := context.WithCancel(context.Background())
	var shown sync.WaitGroup
	shown.Go(func() {
		for left := limit; left >= 0 && counting.Err() == nil; left -= countdownStep {
			_ = t.print(fmt.Sprintf("%s, %d:%02d left (Ctrl-C ends it) ", what, left/time.Minute, left%time.Minute/time.Second), true)
			select {
			case <-time.After(countdownStep):
			case <-counting.Done():
			}
		}
	})
	return func() {
		cancel()
		shown.Wait()
		_ = t.print("", false)
	}
}

// Say prints a line.
func (t *Terminal) Say(text string) { _ = t.print(text+"\n", false) }

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

// Recover prints a sealed refresh token. It returns false if nobody can read it.
func (t *Terminal) Recover(sealed string) bool {
	return t.InTime(func() error {
		t.Note("warning", t.Voice.Say("log-recovery", nil)+" "+t.Voice.Say("log-recovery-command", words.Blanks{"target": "TARGET"}))
		return t.print(sealed, false)
	})
}

// patience is how long a print may delay what matters more: a terminal that stands
// still (Ctrl-S) takes nothing.
const patience = 2 * time.Second

// InTime reports whether a print came through soon enough. While one is still under
// way it tries no other.
func (t *Terminal) InTime(print func() error) bool {
	if t.stuck.Load() {
		return false
	}
	printed := make(chan error, 1)
	go func() {
		printed <- print()
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
