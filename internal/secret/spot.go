package secret

import (
	"regexp"
	"strings"
	"unicode"
)

const maxQuoted = 100

var (
	// Strava's tokens and client secrets are 40 hexadecimal digits.
	hexToken = regexp.MustCompile(`(?i)\b[0-9a-f]{40,}\b`)
	// ghp_, gho_, ghs_, github_pat_ and the like.
	gitHubToken = regexp.MustCompile(`gh._|github_pat_`)
	// One as a whole.
	wholeGitHubToken = regexp.MustCompile(`(?:gh._|github_pat_)\w*`)
	longWord         = regexp.MustCompile(`[0-9A-Za-z]{24,}`)
)

// IsHexToken reports whether the whole of s looks like a token or a client
// secret of Strava's.
func IsHexToken(s string) bool { return len(s) == 40 && hexToken.MatchString(s) }

// HasHexToken reports whether a word of s looks like a token of Strava's.
func HasHexToken(s string) bool { return hexToken.MatchString(strings.ReplaceAll(s, "_", " ")) }

// HasGitHubToken reports whether s has the mark of a GitHub token in it.
func HasGitHubToken(s string) bool { return gitHubToken.MatchString(s) }

// Redacted is s without whatever in it looks like a token.
func Redacted(s string) string {
	return longWord.ReplaceAllString(wholeGitHubToken.ReplaceAllString(s, "…"), "…")
}

// Quotable is s as a message may show it: short, on one line, and empty if it
// could be a secret in the wrong place.
func Quotable(s string) string {
	if len(s) > maxQuoted || longWord.MatchString(s) || HasGitHubToken(s) {
		return ""
	}
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, s)
}
