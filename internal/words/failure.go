package words

import "strings"

// Failure is an error that is only a message.
type Failure struct {
	ID     string
	Blanks Blanks
}

func (f *Failure) Error() string { return f.ID }

// Note returns the error's message.
func (f *Failure) Note() Note { return Note{ID: f.ID, Blanks: f.Blanks} }

// Command is a command line that a person can paste into a POSIX shell.
type Command []string

func (c Command) String() string {
	quoted := make([]string, len(c))
	for i, word := range c {
		quoted[i] = Quote(word)
	}
	return strings.Join(quoted, " ")
}
