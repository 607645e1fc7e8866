// Package secret keeps values from being printed by accident.
//
// A Value leaks under no fmt verb, in no JSON and in no log record, even deep
// inside a struct that somebody dumps. fmt reads unexported fields without
// calling their methods, so the text is behind a pointer, and fmt prints only
// its address. Reveal is the one way to the text, and easy to search for.
package secret

import (
	"crypto/subtle"
	"fmt"
	"io"
	"log/slog"
)

const redacted = "[secret]"

// Value is a text that must never be printed. The zero Value is empty.
//
// Don't compare with ==: that would compare addresses. Use Equal.
type Value struct {
	_ [0]func()
	p *string
}

// New wraps s.
func New(s string) Value {
	if s == "" {
		return Value{}
	}
	return Value{p: &s}
}

// Reveal returns the text itself, for the one place that needs it.
func (v Value) Reveal() string {
	if v.p == nil {
		return ""
	}
	return *v.p
}

// Empty reports whether there is no text.
func (v Value) Empty() bool { return v.p == nil }

// Equal reports, in constant time, whether both contain the same text.
func (v Value) Equal(other Value) bool {
	return subtle.ConstantTimeCompare([]byte(v.Reveal()), []byte(other.Reveal())) == 1
}

// Format prints the same placeholder under every verb.
func (v Value) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// LogValue keeps the text out of log/slog.
func (v Value) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText keeps the text out of JSON, XML and everything else that asks.
func (v Value) MarshalText() ([]byte, error) { return []byte(redacted), nil }
