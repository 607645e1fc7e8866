package words

import "regexp"

// ExampleClientID is the client id in the workflow that people copy.
const ExampleClientID = "12345"

// Seen returns what a message says about a credential that Strava refused, without
// showing any of it. other is one that it may have been mixed up with. Strava's tokens
// and client secrets are 40 hexadecimal digits today.
func Seen(credential, other string) Sentence {
	has := func(pattern string) bool { return regexp.MustCompile(pattern).MatchString(credential) }
	switch {
	case credential == other:
		return "log-seen-other"
	case has(`[*…•]`):
		return "log-seen-hidden"
	case len(credential) != 40 && has(`^[0-9a-fA-F]{20,80}$`):
		return "log-seen-length"
	case len(credential) > 40 && has(`(^|[^0-9A-Za-z])[0-9a-fA-F]{40}([^0-9A-Za-z]|$)`):
		return "log-seen-around"
	case has(`[^!#-&(-~]`): // blanks, quotation marks and what isn't ASCII
		return "log-seen-signs"
	}
	return ""
}
