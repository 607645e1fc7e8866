package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"strava-token/internal/secret"
)

// terminal asks people. It reads a line at a time and never further, so that a
// question without echo can follow one with it.
type terminal struct {
	ctx   context.Context // ends every question
	in    io.Reader
	out   io.Writer
	lines chan string // set while lines are read in the background
}

var errNoAnswer = errors.New("there is nobody to ask")

// ask asks for a line.
func (t *terminal) ask(question string) (string, error) {
	_, _ = fmt.Fprint(t.out, question)
	if t.lines != nil {
		select {
		case line, open := <-t.lines:
			if !open {
				return "", errNoAnswer
			}
			return line, nil
		case <-t.ctx.Done():
			return "", t.ctx.Err()
		}
	}
	return interruptible(t.ctx, t.readLine)
}

// interruptible waits for f, which may wait for people, or for the end of ctx.
func interruptible[T any](ctx context.Context, f func() (T, error)) (T, error) {
	type result struct {
		value T
		err   error
	}
	done := make(chan result, 1)
	go func() {
		value, err := f()
		done <- result{value, err}
	}()
	select {
	case r := <-done:
		return r.value, r.err
	case <-ctx.Done():
		var none T
		return none, ctx.Err()
	}
}

// confirm asks a question that is answered by yes or no; an empty answer is
// fallback.
func (t *terminal) confirm(question string, fallback bool) (bool, error) {
	choice := " [y/N] "
	if fallback {
		choice = " [Y/n] "
	}
	for {
		answer, err := t.ask(question + choice)
		if err != nil {
			return false, err
		}
		switch strings.ToLower(strings.TrimSpace(answer)) {
		case "":
			return fallback, nil
		case "y", "yes":
			return true, nil
		case "n", "no":
			return false, nil
		}
	}
}

// readLine reads one line, byte by byte: what follows belongs to the next
// question.
func (t *terminal) readLine() (string, error) {
	var line []byte
	one := make([]byte, 1)
	for {
		n, err := t.in.Read(one)
		if n == 1 && one[0] == '\n' {
			return strings.TrimSuffix(string(line), "\r"), nil
		}
		if n == 1 {
			line = append(line, one[0])
		}
		if err != nil {
			if len(line) > 0 {
				return string(line), nil
			}
			return "", errNoAnswer
		}
	}
}

// listen begins to read lines in the background, for as long as the process
// lives.
func (t *terminal) listen() <-chan string {
	if t.lines == nil {
		t.lines = make(chan string)
		go func() {
			defer close(t.lines)
			for {
				line, err := t.readLine()
				if err != nil {
					return
				}
				t.lines <- line
			}
		}()
	}
	return t.lines
}

// askSecret asks for a secret, without echo. Where standard input is taken it
// asks at the controlling terminal.
func (t *terminal) askSecret(question string) (secret.Value, error) {
	tty, ok := t.in.(*os.File)
	if !ok || !term.IsTerminal(int(tty.Fd())) {
		opened, err := os.OpenFile("/dev/tty", os.O_RDWR, 0)
		if err != nil {
			return secret.Value{}, fmt.Errorf("open the terminal: %w", err)
		}
		defer opened.Close()
		tty = opened
	}
	_, _ = fmt.Fprint(t.out, question)
	fd := int(tty.Fd())
	state, err := term.GetState(fd)
	if err != nil {
		return secret.Value{}, fmt.Errorf("read the terminal: %w", err)
	}
	text, err := interruptible(t.ctx, func() ([]byte, error) { return term.ReadPassword(fd) })
	_ = term.Restore(fd, state) // the echo comes back whatever ended the question
	_, _ = fmt.Fprintln(t.out)
	if err != nil {
		return secret.Value{}, fmt.Errorf("read the secret: %w", err)
	}
	return secret.New(strings.TrimSpace(string(text))), nil
}
