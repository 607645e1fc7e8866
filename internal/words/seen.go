package words

import (
	"slices"
	"strings"
	"unicode"
)

// Sentence is the id of a sentence; an empty one says nothing.
type Sentence string

// Strava's tokens and client secrets are 40 hexadecimal digits today.
const usualLength = 40

// ExampleClientID is the client id in the workflow that people copy.
const ExampleClientID = "12345"

func isHex(s string) bool { return strings.Trim(s, "0123456789abcdefABCDEF") == "" }

// Seen returns what a message says about a credential that Strava refused, without
// showing any of it. other is one that it may have been mixed up with.
func Seen(credential, other string) Sentence {
	n := len(credential)
	switch {
	case credential == other:
		return "log-seen-other"
	case strings.ContainsAny(credential, "*…•"):
		return "log-seen-hidden"
	case n >= 20 && n <= 80 && n != usualLength && isHex(credential):
		return "log-seen-length"
	case n > usualLength && slices.ContainsFunc(strings.FieldsFunc(credential, isPunctuation), isUsual):
		return "log-seen-around"
	case strings.ContainsFunc(credential, isNoCredentials):
		return "log-seen-signs"
	}
	return ""
}

// isNoCredentials reports whether no credential of Strava's contains c.
func isNoCredentials(c rune) bool { return c <= ' ' || c > '~' || strings.ContainsRune(`"'`, c) }

func isPunctuation(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }

func isUsual(word string) bool { return len(word) == usualLength && isHex(word) }
