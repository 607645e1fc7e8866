package words

import (
	"regexp"
	"strings"
)

// Sentence is the id of a sentence; an empty one says nothing.
type Sentence string

// Strava's tokens and client secrets are 40 hexadecimal digits today.
var (
	looksWhole = regexp.MustCompile(`(?i)(?:^|[^0-9a-z])[0-9a-f]{40}(?:$|[^0-9a-z])`)
	looksCut   = regexp.MustCompile(`(?i)^[0-9a-f]{20,39}$|^[0-9a-f]{41,80}$`)
)

// Seen is what a message says of a credential that Strava refused, without showing
// any of it.
func Seen(credential string) Sentence {
	switch {
	case strings.ContainsAny(credential, "*…•"):
		return "log-seen-hidden"
	case looksCut.MatchString(credential):
		return "log-seen-length"
	case len(credential) > 40 && looksWhole.MatchString(credential):
		return "log-seen-around"
	}
	return ""
}
