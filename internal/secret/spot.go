package secret

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
)

const (
	maxQuoted = 100 // characters
	longWord  = 24  // this many letters and digits in a row may be a token
	// Strava's tokens and client secrets are 40 hexadecimal digits.
	hexLength = 40
)

var (
	// Lengths are checked separately: a count in a pattern takes long to compile, at
	// every start.
	word = regexp.MustCompile(`[0-9A-Za-z]+`)
	// ghp_, gho_, ghs_, github_pat_ and the like.
	gitHubToken = regexp.MustCompile(`(?:gh._|github_pat_)\w*`)
)

// IsHexToken reports whether the whole of s looks like a token or a client
// secret of Strava's.
func IsHexToken(s string) bool { return len(s) == hexLength && isHex(s) }

func isHex(s string) bool { return strings.Trim(s, "0123456789abcdefABCDEF") == "" }

// HasHexToken reports whether a word of s looks like a token of Strava's.
func HasHexToken(s string) bool {
	return slices.ContainsFunc(word.FindAllString(s, -1), func(w string) bool {
		return len(w) >= hexLength && isHex(w)
	})
}

// HasGitHubToken reports whether s contains the prefix of a GitHub token.
func HasGitHubToken(s string) bool { return gitHubToken.MatchString(s) }

// Redacted returns s without anything that looks like a token.
func Redacted(s string) string {
	return word.ReplaceAllStringFunc(gitHubToken.ReplaceAllString(s, "…"), func(w string) string {
		if len(w) >= longWord {
			return "…"
		}
		return w
	})
}

// Quotable returns s as a message may show it: short, on one line, and empty if it
// could be a secret in the wrong place.
func Quotable(s string) string {
	s = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, s)
	if len(s) > maxQuoted || Redacted(s) != s { // only now: a sign that can't be seen may have parted it
		return ""
	}
	return s
}

// HasAny reports whether text has one of hidden in it, in any spelling: only letters and
// digits are compared, in lower case.
func HasAny(text string, hidden ...Value) bool {
	text = squeezed(text)
	return slices.ContainsFunc(hidden, func(v Value) bool {
		part := squeezed(v.Reveal())
		return part != "" && strings.Contains(text, part)
	})
}

func squeezed(s string) string {
	return strings.Map(func(c rune) rune {
		if unicode.IsLetter(c) || unicode.IsDigit(c) {
			return unicode.ToLower(c)
		}
		return -1
	}, s)
}
