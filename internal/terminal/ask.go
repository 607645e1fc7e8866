package terminal

import (
	"context"
	"errors"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"strava-token/internal/secret"
	"strava-token/internal/words"
)

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
	var value, none T
	var err error
	done := make(chan struct{})
	go func() {
		defer close(done)
		value, err = f()
	}()
	select {
	case <-done:
		if ctx.Err() == nil {
			return value, err
		}
	case <-ctx.Done():
	}
	return none, ctx.Err()
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
