package secret

import (
	"slices"
	"strings"
)

// Flaw says why a text can't be a credential. An empty Flaw means that it may be
// one.
type Flaw string

// The flaws, worst first.
const (
	Missing     Flaw = "missing"     // nothing, or blanks only
	Placeholder Flaw = "placeholder" // a word that stands for a value
	Expression  Flaw = "expression"  // a ${{ }} that was never evaluated
	Quoted      Flaw = "quoted"      // in quotes that were copied along
	Whitespace  Flaw = "whitespace"  // a blank or a line break inside
	Unprintable Flaw = "unprintable" // something other than printable ASCII
	Short       Flaw = "short"       // fewer than minLength characters
	Long        Flaw = "long"        // more than maxLength characters
)

// Strava's tokens are 40 characters today, and nothing promises that they stay
// so. The limits only keep out what can't be a token: a mask of a few
// characters would also mangle everything else in the log.
const (
	minLength = 8
	maxLength = 2048
)

const placeholders = `null nil none undefined nan true false todo changeme secret
	your_client_id your_client_secret your_refresh_token client_id client_secret refresh_token access_token`

// Inspect returns the first flaw in s, taken as it is: trim it first if blanks
// around it do no harm.
func Inspect(s string) Flaw {
	switch {
	case strings.TrimSpace(s) == "":
		return Missing
	case IsPlaceholder(s):
		return Placeholder
	case strings.Contains(s, "${"):
		return Expression
	case len(s) > 1 && strings.ContainsAny(s[:1], "\"'") && s[:1] == s[len(s)-1:]:
		return Quoted
	case strings.ContainsAny(s, " \t\r\n\v\f"):
		return Whitespace
	case strings.ContainsFunc(s, func(r rune) bool { return r < 0x21 || r > 0x7e }):
		return Unprintable
	case len(s) < minLength:
		return Short
	case len(s) > maxLength:
		return Long
	}
	return ""
}

// MayHold reports whether s may contain a credential, perhaps with something around
// it: it's long enough, and isn't a placeholder, an expression or a sealed text, whose
// mask would make every other one unreadable.
func MayHold(s string) bool {
	return !slices.Contains([]Flaw{Missing, Placeholder, Expression}, Inspect(s)) && len(s) >= minLength && !strings.Contains(s, "AGE ENCRYPTED FILE")
}

// IsPlaceholder reports whether s is a word that people and programs leave
// where a value belongs: null, undefined, xxx, -, ***, <token> and the like.
func IsPlaceholder(s string) bool {
	s = strings.ToLower(strings.TrimSpace(s))
	consistsOf := func(marks string) bool { return strings.Trim(s, marks) == "" }
	return s != "" && (slices.Contains(strings.Fields(placeholders), strings.ReplaceAll(s, "-", "_")) ||
		slices.ContainsFunc([]string{"*", "x", ".…", "-_"}, consistsOf) || strings.HasPrefix(s, "<") && strings.HasSuffix(s, ">"))
}
