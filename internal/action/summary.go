package action

import (
	"fmt"
	"regexp"
	"strings"

	"strava-token/internal/provider"
	"strava-token/internal/words"
)

// story tells in plain sentences what the run did. It contains no secret, and from
// outside only scopes and targets that were checked. code says that the run was given
// one, which may have been used already.
func (e *edge) story(o *provider.Outcome, code bool) (lines []string) {
	say := func(id string, b words.Blanks) { lines = append(lines, e.voice.Say(id, b)) }
	if code && !o.FromCode && !o.Token.RefreshToken.Empty() {
		say("log-code-used", nil)
	}
	if !o.Token.AccessToken.Empty() {
		say("log-issued", words.Blanks{"athlete": o.AthleteID, "left": o.Token.ExpiresIn, "until": words.Moment(o.Token.ExpiresAt)})
		if last := &lines[len(lines)-1]; o.Export != provider.ExportAll {
			*last = e.voice.Join(*last, e.voice.Say("log-not-handed-on", nil))
		}
	}
	kept, isKept := words.Blanks{"kept": o.Kept}, len(o.Kept) > 0
	switch {
	case o.Token.RefreshToken.Empty():
	case o.FromCode && isKept:
		say("log-first-kept", kept)
	case !o.Rotated && isKept:
		say("log-unchanged-kept", kept)
	case !o.Rotated:
		say("log-unchanged", nil)
	case isKept:
		say("log-replaced-kept", kept)
	case o.Recovery != "":
		say("log-replaced-sealed", nil)
	default:
		say("log-replaced", nil)
	}
	if o.FromCode && isKept && len(o.Failures) == 0 {
		say("log-set-up", nil)
	}
	return lines
}

// summary begins with what failed, and has the same story as the log.
func (e *edge) summary(o *provider.Outcome, story []string) string {
	text := e.title("summary-ready")
	if len(o.Failures) > 0 {
		text = e.title("summary-failed") + e.list("summary-failure", o.Failures...)
	}
	if len(o.Scope) > 0 {
		story = append(story, e.voice.Say("summary-scopes", words.Blanks{"scopes": o.Scope}))
	}
	for _, line := range story {
		text += "- " + markdown(line) + "\n"
	}
	return text + e.list("summary-warning", o.Warnings...)
}

// addSummary adds to the job's summary. It returns false if that's impossible, and
// loses nothing else.
func (e *edge) addSummary(markdown string) bool {
	return toFile(func() { e.sdk.AddStepSummary(markdown) }) == nil
}

func (e *edge) recoveryIntro() string {
	return e.voice.Say("log-recovery", nil) + " " + e.voice.Say("log-recovery-command", words.Blanks{"target": "TARGET"})
}

// sealedSection returns a recovery text, folded.
func (e *edge) sealedSection(sealed string) string {
	return fmt.Sprintf("<details><summary>%s</summary>\n\n%s\n\n```\n%s```\n\n</details>\n",
		e.voice.Say("summary-recovery", nil), markdown(e.recoveryIntro()), sealed)
}

func (e *edge) title(id string) string { return "### " + e.voice.Say(id, nil) + "\n\n" }

func (e *edge) list(label string, errs ...error) (items string) {
	for _, m := range e.explain(errs) {
		if m.Page != "" {
			m.Next += " " + m.Page
		}
		items += fmt.Sprintf("- **%s** %s\n", e.voice.Say(label, nil), strings.ReplaceAll(markdown(m.Text()), "\n", "<br>"))
	}
	return items
}

var markup = strings.NewReplacer(
	"&", "&amp;", "<", "&lt;", ">", "&gt;",
	"\\", "\\\\", "`", "\\`", "*", "\\*", "_", "\\_", "[", "\\[", "]", "\\]", "|", "\\|", "#", "\\#", "~", "\\~", "$", "\\$", "www.", "www\\.",
)

var addressOrMarkup = regexp.MustCompile(`https?://[^\s<>)]*[^\s<>).,;:]|www\.|[&<>\\\x60*_[\]|#~$]`)

// markdown escapes what Markdown or HTML would take for markup, and turns addresses into
// links that are shown without their parameters.
func markdown(s string) string {
	return addressOrMarkup.ReplaceAllStringFunc(s, func(found string) string {
		_, path, isAddress := strings.Cut(found, "://")
		if !isAddress {
			return markup.Replace(found)
		}
		shown, _, _ := strings.Cut(path, "?")
		return "[" + markup.Replace(shown) + "](" + found + ")"
	})
}
