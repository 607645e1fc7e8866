package action

import (
	"context"
	"fmt"
	"strings"

	"strava-token/internal/doctor"
	"strava-token/internal/provider"
)

// examine runs the step with doctor: true. It sets no outputs.
func (e *edge) examine(ctx context.Context, run *provider.Run) provider.Status {
	report := doctor.Examine(ctx, run, e.getenv("GITHUB_REPOSITORY"))
	var failures []error
	for _, f := range report.Findings {
		switch f.Level {
		case doctor.Failure:
			failures = append(failures, f.Err)
		case doctor.Warning:
			e.warning(text(e.voice.Explain(f.Err)))
		}
	}
	if len(failures) > 0 {
		e.failure(text(e.explain(failures)))
	}
	var b strings.Builder
	e.title(&b, "doctor-title")
	marks := map[doctor.Level]string{doctor.OK: "✅", doctor.Warning: "⚠️", doctor.Failure: "❌"}
	for _, f := range report.Findings {
		var shown []string
		for _, line := range f.Lines(e.voice) {
			e.say(line)
			shown = append(shown, markdown(strings.TrimSpace(line)))
		}
		fmt.Fprintf(&b, "- %s %s\n", marks[f.Level], strings.Join(shown, "<br>"))
	}
	e.addSummary(b.String())
	return report.Status
}
