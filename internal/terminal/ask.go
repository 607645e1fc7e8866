package terminal

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"strava-token/internal/secret"
	"strava-token/internal/words"
)

// NobodyError is a question that nobody can answer.
type NobodyError struct {
	Secret bool // it takes a terminal, since the answer isn't shown
}

func (e *NobodyError) Error() string { return "there is nobody to ask" }

// Note is the error's message.
func (e *NobodyError) Note() words.Note { return words.Note{ID: "recover-no-secret"} }

// Ask asks for a line. If ctx ends first, its error is returned; a *NobodyError if
// the input does.
func (t *Terminal) Ask(ctx context.Context, question string) (string, error) {
	_ = t.print(question)
	read := t.readLine
	if t.lines != nil {
		read = t.nextLine
	}
	line, err := Interruptible(ctx, read)
	if err != nil {
		t.Say("") // the question is left without an answer
	}
	return line, err
}

// nextLine is readLine if lines are read in the background.
func (t *Terminal) nextLine() (string, error) {
	line, open := <-t.lines
	if !open {
		return "", &NobodyError{}
	}
	return line, nil
}

// Interruptible waits for f, which may wait for people, or for the end of ctx.
func Interruptible[T any](ctx context.Context, f func() (T, error)) (T, error) {
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
		if ctx.Err() == nil {
			return r.value, r.err
		}
	case <-ctx.Done():
	}
	var none T
	return none, ctx.Err()
}

// Confirm asks a question that is answered by yes or no; an empty answer is
// fallback.
func (t *Terminal) Confirm(ctx context.Context, question string, fallback bool) (bool, error) {
	choice := " [y/N] "
	if fallback {
		choice = " [Y/n] "
	}
	for {
		answer, err := t.Ask(ctx, question+choice)
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
		t.Say("Answer y or n.")
	}
}

// readLine reads one line, byte by byte: what follows belongs to the next
// question.
func (t *Terminal) readLine() (string, error) {
	var line []byte
	one := make([]byte, 1)
	for {
		n, err := t.In.Read(one)
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
			return "", &NobodyError{}
		}
	}
}

// Listen begins to read lines in the background, for as long as the process
// lives.
func (t *Terminal) Listen() <-chan string {
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

// AskSecret asks for a secret, without echo. If standard input is taken it asks
// at the controlling terminal. Its errors are those of Ask.
func (t *Terminal) AskSecret(ctx context.Context, question string) (secret.Value, error) {
	tty, ok := t.In.(*os.File)
	if !ok || !term.IsTerminal(int(tty.Fd())) {
		opened, err := os.OpenFile("/dev/tty", os.O_RDWR, 0)
		if err != nil {
			return secret.Value{}, &NobodyError{Secret: true}
		}
		defer opened.Close()
		tty = opened
	}
	_ = t.print(question)
	fd := int(tty.Fd())
	state, err := term.GetState(fd)
	if err != nil {
		return secret.Value{}, fmt.Errorf("read the terminal: %w", err)
	}
	text, err := Interruptible(ctx, func() ([]byte, error) { return term.ReadPassword(fd) })
	_ = term.Restore(fd, state) // the echo comes back whatever ended the question
	t.Say("")
	switch {
	case ctx.Err() != nil:
		return secret.Value{}, ctx.Err()
	case errors.Is(err, io.EOF):
		return secret.Value{}, &NobodyError{} // Ctrl-D
	case err != nil:
		return secret.Value{}, errors.Join(&NobodyError{Secret: true}, err)
	}
	return secret.New(strings.TrimSpace(string(text))), nil
}
