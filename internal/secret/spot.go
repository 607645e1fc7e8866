package secret

import (
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode"
)

const maxQuoted = 100 // bytes

// HasHexToken reports whether a word of s looks like a token or a client secret of
// Strava's, which have 40 hexadecimal digits.
func HasHexToken(s string) bool {
	parts := func(r rune) bool { return (r < '0' || r > '9') && (r|0x20 < 'a' || r|0x20 > 'z') }
	return slices.ContainsFunc(strings.FieldsFunc(s, parts), func(w string) bool {
		return len(w) >= 40 && strings.Trim(w, "0123456789abcdefABCDEF") == ""
	})
}

// HasGitHubToken reports whether s contains the prefix of a GitHub token: ghp_, gho_,
// ghs_, github_pat_ and the like.
func HasGitHubToken(s string) bool {
	_, after, found := strings.Cut(s, "gh")
	return strings.Contains(s, "github_pat_") || found && (len(after) > 1 && after[1] == '_' || HasGitHubToken(after))
}

// tokens is compiled late, since most runs redact nothing.
var tokens = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`\w*(?:gh._|github_pat_)\w*|[0-9A-Za-z]{24,}`)
})

// Redacted returns s without anything that looks like a token.
func Redacted(s string) string { return tokens().ReplaceAllString(s, "…") }

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
