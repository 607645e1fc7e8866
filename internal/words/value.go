package words

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// blank returns the text for a blank. In a command it's quoted for a shell, unless it's
// a whole Command.
func (v *Voice) blank(name string, b Blanks) string {
	name, inCommand := strings.CutPrefix(name, command)
	value, given := b[name]
	if !given {
		value, _ = v.own(name)
	}
	text, _ := v.value(value)
	if _, whole := value.(Command); inCommand && text != "" && !whole {
		return Quote(text)
	}
	return text
}

// value renders a value in the voice's language. It returns false for a type
// that has no words.
func (v *Voice) value(value any) (text string, known bool) {
	switch value := value.(type) {
	case nil:
		return "", true
	case string:
		return Visible(value), true
	case []string:
		return Visible(strings.Join(value, v.table.comma)), true
	case int:
		return number(int64(value)), true
	case int64:
		return number(value), true
	case time.Duration:
		return v.table.duration(value), true
	case Clock:
		return timeAs(v.table.clock, time.Time(value)), true
	case Day:
		return timeAs(v.table.day, time.Time(value)), true
	case Moment:
		return timeAs(v.table.moment, time.Time(value)), true
	case Input:
		return v.input(string(value)), true
	case Place:
		return v.place(string(value)), true
	case Page:
		if value == "" {
			return "", true
		}
		return Visible(v.server + "/" + string(value)), true
	case Sentence:
		if value == "" {
			return "", true
		}
		return v.Say(string(value), nil), true
	case Short:
		return v.Explain(value.Err)[0].What, true
	case System:
		return Visible(systemReason(value.Err)), true
	case error:
		m := v.Explain(value)[0]
		if m.ID == "run-internal" {
			return m.Why, true
		}
		return v.Join(m.What, m.Why), true
	case fmt.Stringer:
		return Visible(value.String()), true
	}
	return "", false
}

func (v *Voice) input(name string) string {
	switch called, known := terminalNames[name]; {
	case v.step:
	case known:
		return called
	case name != "" && name == strings.ToLower(name):
		return "--" + name
	}
	return Visible(name)
}

// place returns the input, and for a secret in a workflow also where it's kept.
func (v *Voice) place(input string) string {
	switch input {
	case "client-secret", "refresh-token", "github-token":
		if v.step {
			return fmt.Sprintf(v.table.place, input, v.server+"/"+v.repository+"/settings/secrets/actions")
		}
	}
	return v.input(input)
}

func number(n int64) string {
	if n == 0 {
		return ""
	}
	return strconv.FormatInt(n, 10)
}

func timeAs(layout string, t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(layout)
}

// systemReason returns what the system said about a file, without the file's name.
func systemReason(err error) string {
	var path *fs.PathError
	var link *os.LinkError
	switch {
	case errors.As(err, &path):
		err = path.Err
	case errors.As(err, &link):
		err = link.Err
	}
	if err == nil {
		return "no reason"
	}
	return err.Error()
}

// Visible returns s on one line, and escapes what can't be seen or changes how the rest
// is shown: names of environments and the like come from outside.
func Visible(s string) string {
	if !strings.ContainsFunc(s, func(c rune) bool { return !unicode.IsPrint(c) }) {
		return s
	}
	var b strings.Builder
	for _, c := range s {
		switch {
		case unicode.IsPrint(c):
			b.WriteRune(c)
		case unicode.IsSpace(c):
			b.WriteByte(' ')
		default:
			b.WriteString(strings.Trim(strconv.QuoteRuneToASCII(c), "'"))
		}
	}
	return b.String()
}

// Quote returns s as one word of a POSIX shell.
func Quote(s string) string {
	if s != "" && !strings.ContainsFunc(s, func(c rune) bool {
		return !strings.ContainsRune("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-/:,@", c)
	}) {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
