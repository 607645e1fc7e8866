package words

import (
	"cmp"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// blank returns the text for a blank. In a command it's quoted for a shell, unless it's a
// whole Command. A blank that nothing fills in keeps its name in angle brackets.
func (v Voice) blank(name string, inCommand bool, b Blanks) string {
	value, given := b[name]
	if !given {
		value, given = v.own(name)
	}
	if !given {
		return "<" + name + ">"
	}
	text := v.Text(value)
	if _, whole := value.(Command); text != "" && inCommand && !whole {
		return Quote(text)
	}
	return text
}

// Text renders a value in the voice's language.
func (v Voice) Text(value any) string {
	switch value {
	case nil, 0, int64(0), Clock{}, Day{}, Moment{}, Page(""), Sentence(""):
		return ""
	}
	l := v.language()
	switch value := value.(type) {
	case []string:
		return Visible(strings.Join(value, l.comma))
	case time.Duration:
		return l.duration(value)
	case Clock:
		return time.Time(value).UTC().Format(l.clock)
	case Day:
		return time.Time(value).UTC().Format(l.day)
	case Moment:
		return time.Time(value).UTC().Format(l.moment)
	case Input:
		return v.input(string(value))
	case Place: // of a secret in a workflow, where it's kept
		if kept := value == "client-secret" || value == "refresh-token" || value == "github-token"; kept && v.Step {
			return fmt.Sprintf(l.place, string(value), v.Text(Page(v.repository()+"/settings/secrets/actions")))
		}
		return v.input(string(value))
	case Page:
		return Visible(strings.TrimSuffix(cmp.Or(v.Server, GitHub), "/") + "/" + string(value))
	case Sentence:
		return v.Say(string(value), nil)
	case Short:
		return v.Explain(value.Err)[0].What
	case error:
		m := v.Explain(value)[0]
		if m.ID == "run-internal" {
			return m.Why
		}
		return v.Join(m.What, m.Why)
	}
	return Visible(fmt.Sprint(value))
}

// terminalNames are the inputs that messages name by themselves, as a terminal has
// them. Other inputs are called the same in both.
var terminalNames = map[string]string{
	"client-id": "STRAVA_CLIENT_ID", "client-secret": "STRAVA_CLIENT_SECRET", "refresh-token": "STRAVA_REFRESH_TOKEN",
	"github-token": "GH_TOKEN", "strava-url": "STRAVA_URL", "strava-api-url": "STRAVA_API_URL",
	"rotate-to": "--rotate-to", "expected-athlete": "--expected-athlete", "require-scopes": "--require-scopes",
	"scope": "--scope", "repo": "--repo", "code": "code",
}

func (v Voice) input(name string) string {
	switch called, known := terminalNames[name]; {
	case v.Step: // as action.yml has it
	case known:
		return called
	case name != "" && name == strings.ToLower(name):
		return "--" + name
	}
	return Visible(name)
}

// own returns the value of a blank that fills itself: what the voice knows, the name of
// an input, or the place of its value.
func (v Voice) own(name string) (value any, known bool) {
	authorize, login := Sentence("log-authorize"), Command{"strava-token", "login"}
	if v.Link == "" {
		authorize = "log-authorize-elsewhere"
	}
	if v.Login != nil {
		login = v.Login
	}
	input, isPlace := strings.CutSuffix(name, "-place")
	if _, isInput := terminalNames[input]; isInput && isPlace {
		return Place(input), true
	} else if isInput {
		return Input(input), true
	}
	value, known = map[string]any{
		"repository": v.repository(), "repository-page": Page(v.repository()),
		"tokens-page": Page("settings/personal-access-tokens"), "classic-tokens-page": Page("settings/tokens"),
		"workflow-page": cmp.Or(v.Workflow, v.Text(Page(v.repository()+"/actions"))), "edit-page": v.Edit,
		"link": v.Link, "authorize": authorize, "login": login,
	}[name]
	return value, known
}

// Reason returns the operating system's reason for an error, such as "permission
// denied", without the file's name. Of several errors it's the first one's.
func Reason(err error) string {
	switch e := err.(type) {
	case nil:
		return ""
	case interface{ Unwrap() error }:
		return Reason(e.Unwrap())
	case interface{ Unwrap() []error }:
		return Reason(e.Unwrap()[0])
	}
	return err.Error()
}

// Seen returns what a message says about a credential that Strava refused, without
// showing any of it. other is one that it may have been mixed up with. Strava's tokens
// and client secrets are 40 hexadecimal digits today.
func Seen(credential, other string) Sentence {
	has := func(pattern string) bool { return regexp.MustCompile(pattern).MatchString(credential) }
	switch {
	case credential == other:
		return "log-seen-other"
	case strings.ContainsAny(credential, "*…•"):
		return "log-seen-hidden"
	case len(credential) != 40 && has(`^[0-9a-fA-F]{20,80}$`):
		return "log-seen-length"
	case len(credential) > 40 && has(`(^|[^0-9A-Za-z])[0-9a-fA-F]{40}([^0-9A-Za-z]|$)`):
		return "log-seen-around"
	case strings.ContainsFunc(credential, func(c rune) bool { return c <= ' ' || c > '~' || c == '"' || c == '\'' }):
		return "log-seen-signs"
	}
	return ""
}

// Visible returns s on one line, and escapes what can't be seen or changes how the rest
// is shown: names of environments and the like come from outside.
func Visible(s string) string {
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
	if s != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-/:,@") == "" {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
