// Package action implements a workflow step: the runner's protocol, the outputs, the
// summary, and the link to authorize.
//
// No write to standard output can end the run: a reader that went away must not
// cost a refresh token.
package action

import (
	"context"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"strava-token/internal/doctor"
	"strava-token/internal/input"
	"strava-token/internal/provider"
	"strava-token/internal/store"
	"strava-token/internal/transport"
)

// Config is what a step runs in.
type Config struct {
	Getenv func(string) string
	Stdout io.Writer
	Stderr io.Writer          // for a recovery text that can't be printed elsewhere
	Dial   transport.DialFunc // nil: over TCP
}

// Run runs one workflow step. Cancelling ctx before the token request ends it at
// once; after it, the step only hurries.
func Run(ctx context.Context, c Config) provider.Status {
	e := newEdge(c)
	in, err := input.Read(&input.Workflow{Action: e.sdk, Event: e.event}, true)
	e.voice.Language = in.Language
	if err != nil {
		if e.voice.Asks(err) && len(in.Targets) > 0 && in.StravaURL != nil && input.Inspect("client-id", in.ClientID) == "" {
			e.offer(ctx, in, in.Strava(nil), nil)
		}
		e.fail(err)
		e.addSummary(e.title("summary-inputs") + e.voice.Say("summary-nothing-sent", nil) + "\n\n" + e.list("summary-failure", err))
		return provider.BadInput
	}
	var otherLogin []error // warnings that the code is from another login, shown with the link
	for _, warning := range in.Warnings {
		if e.voice.Asks(warning) && !in.Doctor {
			otherLogin = append(otherLogin, warning)
			continue
		}
		e.warn(warning)
	}
	network := transport.New(c.Dial)
	if c.Dial != nil {
		defer network.Close() // a separate process ends right after, and its connections with it
	}
	mayBegin := !in.Input.Empty() || slices.ContainsFunc(in.Targets, store.Target.Readable)
	run := in.Run(network, e, !mayBegin) // without a token it checks the targets, and spends nothing
	run.Snapshot = e.snapshot(in.GitHub(network))
	run.CodeIsShared = true
	if in.Doctor {
		return e.examine(ctx, run)
	}
	outcome := run.Do(ctx)
	if _, ok := errors.AsType[*provider.NotAuthorizedError](outcome.Err()); ok {
		outcome.Failures = []error{e.firstStep(ctx, in, run, errors.Join(otherLogin...))}
	} else {
		outcome.Warnings = append(otherLogin, outcome.Warnings...)
	}
	if err := e.export(in, outcome); err != nil {
		outcome.NotExported(err)
	}
	e.offerIfAsked(ctx, in, run, outcome)
	e.report(outcome, !in.Code.Empty())
	return outcome.Status()
}

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

// snapshot returns when this run read its secrets.
func (e *edge) snapshot(gh *store.GitHub) store.Snapshot {
	attempt, _ := strconv.Atoi(e.Getenv("GITHUB_RUN_ATTEMPT"))
	s := store.Snapshot{Attempt: max(attempt, 1)}
	owner, repo, ok := store.SplitRepository(e.Getenv("GITHUB_REPOSITORY"))
	if runID, err := strconv.ParseInt(e.Getenv("GITHUB_RUN_ID"), 10, 64); ok && err == nil {
		s.Queued = func(ctx context.Context) (time.Time, bool) { return gh.Queued(ctx, owner, repo, runID) }
	}
	return s
}

// report prints what people read: warnings, then at most one error, then what happened;
// and the summary. code says that the run was given one.
func (e *edge) report(o *provider.Outcome, code bool) {
	for _, err := range o.Warnings {
		e.warn(err)
	}
	story := e.story(o, code)
	summary := e.summary(o, story)
	switch {
	case e.first != nil:
		m := e.voice.Explain(e.first)[0]
		titled := e.sdk.WithFieldsMap(map[string]string{"title": m.What})
		m.What = ""
		titled.Errorf("%s", strings.TrimSpace(m.Text()))
		e.say(e.voice.Link) // on its own line, so that it can be clicked
		summary = e.stepsLeft()
	case len(o.Failures) > 0:
		e.fail(o.Failures...)
	}
	for _, line := range story {
		e.say(line)
	}
	if o.Recovery != "" {
		summary += "\n" + e.sealedSection(o.Recovery)
	}
	e.addSummary(summary)
}
