// Package terminal talks to a person at a terminal: it asks, and explains what went
// wrong. Everything goes to standard error, since standard output belongs to programs.
package terminal

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/term"

	"strava-token/internal/secret"
	"strava-token/internal/words"
)

// Terminal asks people. It reads one line at a time and never further, so that a
// question without echo can follow one with it.
type Terminal struct {
	In    io.Reader
	Out   io.Writer // safe to write to from several goroutines, as a file is
	Voice words.Voice

	lines chan string // set while lines are read in the background
	stuck atomic.Bool // a print takes too long
}

// Waiting says what the program waits for, and, at a terminal, for how much longer, every
// minute until stop is called.
func (t *Terminal) Waiting(what string, limit time.Duration) (stop func()) {
	if !Is(t.Out) {
		t.Say(fmt.Sprintf("Waiting for %s, for %d minutes at most.", what, limit/time.Minute))
		return func() {}
	}
	waiting, stop := context.WithCancel(context.Background())
	go func() {
		for left := limit; left > 0 && waiting.Err() == nil; left -= time.Minute {
			t.Say(fmt.Sprintf("Waiting for %s, %d min left (Ctrl-C ends it)", what, left/time.Minute))
			time.Sleep(time.Minute)
		}
	}()
	return stop
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

var errNoTerminal error = &words.Failure{ID: "recover-no-secret"}

// Ask asks for a line. It returns ctx's error if ctx ends first, and io.EOF if the
// input does.
func (t *Terminal) Ask(ctx context.Context, question string) (string, error) {
	_, _ = io.WriteString(t.Out, question)
	line, err := Interruptible(ctx, func() (string, error) {
		if t.lines == nil {
			return t.readLine()
		}
		line, open := <-t.lines
		if !open {
			return "", io.EOF
		}
		return line, nil
	})
	if err != nil {
		t.Say("") // end the line of the unanswered question
	}
	return line, err
}

// Interruptible waits for f to return or for ctx to end.
func Interruptible[T any](ctx context.Context, f func() (T, error)) (T, error) {
	var value T
	var err error
	done := make(chan struct{})
	go func() {
		defer close(done)
		value, err = f()
	}()
	select {
	case <-done:
	case <-ctx.Done():
	}
	if ctx.Err() != nil {
		return *new(T), ctx.Err()
	}
	return value, err
}

// Confirm asks a yes-or-no question; an empty answer is fallback.
func (t *Terminal) Confirm(ctx context.Context, question string, fallback bool) (bool, error) {
	choice := map[bool]string{true: " [Y/n] ", false: " [y/N] "}
	answers := map[string]bool{"": fallback, "y": true, "yes": true, "n": false, "no": false}
	for {
		answer, err := t.Ask(ctx, question+choice[fallback])
		if err != nil {
			return false, err
		}
		if yes, known := answers[strings.ToLower(strings.TrimSpace(answer))]; known {
			return yes, nil
		}
		t.Say("Answer y or n.")
	}
}

// readLine reads one line, byte by byte: what follows belongs to the next
// question.
func (t *Terminal) readLine() (string, error) {
	var line []byte
	for one := make([]byte, 1); ; {
		n, err := t.In.Read(one)
		line = append(line, one[:n]...)
		text, whole := strings.CutSuffix(string(line), "\n")
		switch {
		case whole || err != nil && text != "":
			return strings.TrimSuffix(text, "\r"), nil
		case err != nil:
			return "", io.EOF
		}
	}
}

// Listen starts, once, to read lines in the background, until the process ends.
func (t *Terminal) Listen() <-chan string {
	t.lines = make(chan string)
	go func() {
		defer close(t.lines)
		for line, err := t.readLine(); err == nil; line, err = t.readLine() {
			t.lines <- line
		}
	}()
	return t.lines
}

// AskSecret asks for a secret, without echo. If standard input isn't a terminal it asks
// at the controlling one. Its errors are those of Ask, and recover-no-secret.
func (t *Terminal) AskSecret(ctx context.Context, question string) (secret.Value, error) {
	tty, _ := t.In.(*os.File)
	if !Is(t.In) {
		opened, err := os.OpenFile("/dev/tty", os.O_RDWR, 0)
		if err != nil {
			return secret.Value{}, errNoTerminal
		}
		defer opened.Close()
		tty = opened
	}
	_, _ = io.WriteString(t.Out, question)
	fd := int(tty.Fd())
	state, err := term.GetState(fd)
	if err != nil {
		return secret.Value{}, errNoTerminal
	}
	text, err := Interruptible(ctx, func() ([]byte, error) { return term.ReadPassword(fd) })
	_ = term.Restore(fd, state) // restore the echo however the question ended
	t.Say("")
	if err != nil && ctx.Err() == nil && !errors.Is(err, io.EOF) { // io.EOF is Ctrl-D
		err = errNoTerminal
	}
	return secret.New(strings.TrimSpace(string(text))), err
}
