package action

import (
	"context"
	"strings"

	"strava-token/internal/doctor"
	"strava-token/internal/provider"
)

// examine runs the step with doctor: true. It sets no outputs.
func (e *edge) examine(ctx context.Context, run *provider.Run) provider.Status {
	report := doctor.Examine(ctx, run, e.Getenv("GITHUB_REPOSITORY"))
	var failures []error
	for _, f := range report.Findings {
		switch f.Level {
		case doctor.Failure:
			failures = append(failures, f.Err)
		case doctor.Warning:
			e.warn(f.Err)
		}
	}
	if len(failures) > 0 {
		e.fail(failures...)
	}
	marks := map[doctor.Level]string{doctor.OK: "✅", doctor.Warning: "⚠️", doctor.Failure: "❌"}
	summary := e.title("doctor-title")
	for _, f := range report.Findings {
		separator := "- " + marks[f.Level] + " "
		for _, line := range f.Lines(e.voice) {
			e.say(line)
			summary += separator + markdown(strings.TrimSpace(line))
			separator = "<br>"
		}
		summary += "\n"
	}
	e.addSummary(summary)
	return report.Status
}
