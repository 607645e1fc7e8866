package action

import (
	"fmt"
	"strings"
	"time"

	"strava-token/internal/provider"
)

// story tells in plain sentences what the run did. It holds no secret and no
// text from outside but scopes and targets, which were checked.
func story(o *provider.Outcome) []string {
	var lines []string
	if !o.Token.AccessToken.Empty() {
		whose := ""
		if o.AthleteID != 0 {
			whose = fmt.Sprintf(" for athlete %d", o.AthleteID)
		}
		handed := ""
		if o.Export != provider.ExportAll {
			handed = " It was not handed on."
		}
		lines = append(lines, fmt.Sprintf("Strava issued an access token%s. It is valid for %s, until %s.%s",
			whose, InWords(o.Token.ExpiresIn), o.Token.ExpiresAt.UTC().Format("2 January 2006 15:04 UTC"), handed))
	}
	switch {
	case o.Token.RefreshToken.Empty():
	case !o.Rotated && len(o.Kept) > 0:
		lines = append(lines, "The refresh token is unchanged, and is now kept in "+strings.Join(o.Kept, ", ")+", too.")
	case !o.Rotated:
		lines = append(lines, "The refresh token is unchanged, so nothing was written.")
	case len(o.Kept) > 0:
		lines = append(lines, "Strava replaced the refresh token. The new one is kept in "+strings.Join(o.Kept, ", ")+".")
	case o.Recovery != "":
		lines = append(lines, "Strava replaced the refresh token. The new one is kept in no target; it is sealed in the log.")
	default:
		lines = append(lines, "Strava replaced the refresh token. The new one is kept in no target.")
	}
	return lines
}

// InWords is d as people say it, rounded down.
func InWords(d time.Duration) string {
	hours, minutes := int(d.Hours()), int(d.Minutes())%60
	switch {
	case hours == 0 && minutes == 0:
		return "less than a minute"
	case hours == 0:
		return count(minutes, "minute")
	case minutes == 0:
		return count(hours, "hour")
	}
	return count(hours, "hour") + " " + count(minutes, "minute")
}

func count(n int, unit string) string {
	if n == 1 {
		return "1 " + unit
	}
	return fmt.Sprintf("%d %ss", n, unit)
}

// addSummary adds to the job's summary. A run without the file, or with one that
// cannot be written, loses nothing but that.
func (e *edge) addSummary(markdown string) bool {
	if e.getenv(summaryFile) == "" {
		return false
	}
	return file(func() { e.sdk.AddStepSummary(markdown) }) == nil
}

func summary(o *provider.Outcome, explain func(error) []Message) string {
	var b strings.Builder
	title := "Strava access token is ready"
	if len(o.Failures) > 0 {
		title = "Strava access token: the run failed"
	}
	fmt.Fprintf(&b, "### %s\n\n", title)
	for _, line := range story(o) {
		fmt.Fprintf(&b, "- %s\n", markdown(line))
	}
	if len(o.Scope) > 0 {
		fmt.Fprintf(&b, "- Scopes: %s\n", markdown(strings.Join(o.Scope, ", ")))
	}
	for _, err := range o.Failures {
		writeMessages(&b, "Failed", explain(err))
	}
	for _, err := range o.Warnings {
		writeMessages(&b, "Warning", explain(err))
	}
	return b.String()
}

// sealedSection shows a recovery text.
func sealedSection(sealed string) string {
	return fmt.Sprintf("### Recovery text\n\n%s\n\n```\n%s```\n", markdown(recoverIntro), sealed)
}

// refusal is the summary of a run whose inputs are wrong.
func refusal(messages []Message) string {
	var b strings.Builder
	b.WriteString("### Strava access token: the inputs are wrong\n\nNothing was sent anywhere.\n\n")
	writeMessages(&b, "Failed", messages)
	return b.String()
}

func writeMessages(b *strings.Builder, label string, messages []Message) {
	for _, m := range messages {
		fmt.Fprintf(b, "- **%s:** %s\n", label, strings.ReplaceAll(markdown(m.Text()), "\n", "<br>"))
	}
}

// markdown escapes what Markdown or HTML would take for markup.
func markdown(s string) string {
	return strings.NewReplacer(
		"&", "&amp;", "<", "&lt;", ">", "&gt;",
		"\\", "\\\\", "`", "\\`", "*", "\\*", "_", "\\_", "[", "\\[", "]", "\\]", "|", "\\|", "#", "\\#",
	).Replace(s)
}
