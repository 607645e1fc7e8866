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
func (e *edge) story(o *provider.Outcome, code bool) []string {
	var lines []string
	first := o.FromCode
	if code && !first && !o.Token.RefreshToken.Empty() {
		lines = append(lines, e.voice.Say("log-code-used", nil))
	}
	if !o.Token.AccessToken.Empty() {
		line := e.voice.Say("log-issued", words.Blanks{
			"athlete": o.AthleteID, "left": o.Token.ExpiresIn, "until": words.Moment(o.Token.ExpiresAt),
		})
		if o.Export != provider.ExportAll {
			line = e.voice.Join(line, e.voice.Say("log-not-handed-on", nil))
		}
		lines = append(lines, line)
	}
	id := ""
	switch {
	case o.Token.RefreshToken.Empty():
		return lines
	case first && len(o.Kept) > 0:
		id = "log-first-kept"
	case !o.Rotated && len(o.Kept) > 0:
		id = "log-unchanged-kept"
	case !o.Rotated:
		id = "log-unchanged"
	case len(o.Kept) > 0:
		id = "log-replaced-kept"
	case o.Recovery != "":
		id = "log-replaced-sealed"
	default:
		id = "log-replaced"
	}
	lines = append(lines, e.voice.Say(id, words.Blanks{"kept": o.Kept}))
	if first && len(o.Failures) == 0 && len(o.Kept) > 0 {
		lines = append(lines, e.voice.Say("log-set-up", nil))
	}
	return lines
}

// addSummary adds to the job's summary. It returns false if that's impossible, and
// loses nothing else.
func (e *edge) addSummary(markdown string) bool {
	if e.getenv(summaryFile) == "" {
		return false
	}
	return file(func() { e.sdk.AddStepSummary(markdown) }) == nil
}

// finishSummary writes the summary: what failed first, a recovery text last.
func (e *edge) finishSummary(markdown string) {
	if e.sealed != "" {
		markdown += "\n" + e.sealedSection(e.sealed)
	}
	e.addSummary(markdown)
}

func (e *edge) summary(o *provider.Outcome, code bool) string {
	var b strings.Builder
	title := "summary-ready"
	if len(o.Failures) > 0 {
		title = "summary-failed"
	}
	e.title(&b, title)
	e.list(&b, "summary-failure", e.explain(o.Failures))
	for _, line := range e.story(o, code) {
		fmt.Fprintf(&b, "- %s\n", markdown(line))
	}
	if len(o.Scope) > 0 {
		fmt.Fprintf(&b, "- %s\n", markdown(e.voice.Say("summary-scopes", words.Blanks{"scopes": o.Scope})))
	}
	e.list(&b, "summary-warning", e.explain(o.Warnings))
	return b.String()
}

func (e *edge) recoveryIntro() string {
	return e.voice.Say("log-recovery", nil) + " " + e.voice.Say("log-recovery-command", words.Blanks{"target": "TARGET"})
}

// sealedSection returns a recovery text, folded.
func (e *edge) sealedSection(sealed string) string {
	return fmt.Sprintf("<details><summary>%s</summary>\n\n%s\n\n```\n%s```\n\n</details>\n",
		e.voice.Say("summary-recovery", nil), markdown(e.recoveryIntro()), sealed)
}

// refusal returns the summary of a run whose inputs are wrong.
func (e *edge) refusal(messages []words.Message) string {
	var b strings.Builder
	e.title(&b, "summary-inputs")
	fmt.Fprintf(&b, "%s\n\n", e.voice.Say("summary-nothing-sent", nil))
	e.list(&b, "summary-failure", messages)
	return b.String()
}

func (e *edge) title(b *strings.Builder, id string) {
	fmt.Fprintf(b, "### %s\n\n", e.voice.Say(id, nil))
}

func (e *edge) list(b *strings.Builder, label string, messages []words.Message) {
	for _, m := range messages {
		if m.Page != "" {
			m.Next += " " + m.Page
		}
		fmt.Fprintf(b, "- **%s** %s\n", e.voice.Say(label, nil), strings.ReplaceAll(markdown(m.Text()), "\n", "<br>"))
	}
}

func text(messages []words.Message) string {
	texts := make([]string, len(messages))
	for i, m := range messages {
		texts[i] = m.Text()
	}
	return strings.Join(texts, "\n")
}

var markup = strings.NewReplacer(
	"&", "&amp;", "<", "&lt;", ">", "&gt;",
	"\\", "\\\\", "`", "\\`", "*", "\\*", "_", "\\_", "[", "\\[", "]", "\\]", "|", "\\|", "#", "\\#", "~", "\\~", "$", "\\$", "www.", "www\\.",
)

var address = regexp.MustCompile(`https?://[^\s<>)]*[^\s<>).,;:]`)

// markdown escapes what Markdown or HTML would take for markup, and turns addresses into
// links that are shown without their parameters.
func markdown(s string) string {
	var b strings.Builder
	for {
		at := address.FindStringIndex(s)
		if at == nil {
			return b.String() + markup.Replace(s)
		}
		to := s[at[0]:at[1]]
		label, _, _ := strings.Cut(to, "?")
		label = strings.TrimPrefix(strings.TrimPrefix(label, "https://"), "http://")
		b.WriteString(markup.Replace(s[:at[0]]) + "[" + markup.Replace(label) + "](" + to + ")")
		s = s[at[1]:]
	}
}
