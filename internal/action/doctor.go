package action

import (
	"context"
	"fmt"
	"strings"

	"strava-token/internal/doctor"
	"strava-token/internal/provider"
)

// examine is the step with doctor: true. It sets no outputs.
func (e *edge) examine(ctx context.Context, run *provider.Run, explain func(error) []Message) provider.Status {
	report := doctor.Examine(ctx, run, e.getenv("GITHUB_REPOSITORY"))
	findings := report.Findings
	var failures []Message
	for _, f := range findings {
		switch f.Level {
		case doctor.Failure:
			failures = append(failures, explain(f.Err)...)
		case doctor.Warning:
			e.warning(text(explain(f.Err)))
		}
	}
	if len(failures) > 0 {
		e.failure(text(failures))
	}
	for _, f := range findings {
		for _, line := range Checklist(f, explain) {
			e.say(line)
		}
	}
	e.addSummary(checklistSummary(findings, explain))
	return report.Status
}

// Checklist is a finding as lines of text.
func Checklist(f doctor.Finding, explain func(error) []Message) []string {
	if f.Err == nil {
		return []string{fmt.Sprintf("%-8s %s: %s", f.Level, f.About, f.Says)}
	}
	var lines []string
	for _, m := range explain(f.Err) {
		lines = append(lines, fmt.Sprintf("%-8s %s: %s", f.Level, f.About, m.What))
		if m.Why != "" {
			lines = append(lines, "         "+m.Why)
		}
		if m.Next != "" {
			lines = append(lines, "         Next: "+m.Next)
		}
	}
	return lines
}

func checklistSummary(findings []doctor.Finding, explain func(error) []Message) string {
	var b strings.Builder
	b.WriteString("### strava-token doctor\n\n")
	for _, f := range findings {
		lines := Checklist(f, explain)
		for i := range lines {
			lines[i] = markdown(strings.TrimSpace(lines[i]))
		}
		mark := map[doctor.Level]string{doctor.OK: "✅", doctor.Warning: "⚠️", doctor.Failure: "❌"}[f.Level]
		fmt.Fprintf(&b, "- %s %s\n", mark, strings.Join(lines, "<br>"))
	}
	return b.String()
}
