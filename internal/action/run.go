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
	"strconv"
	"time"

	"strava-token/internal/input"
	"strava-token/internal/provider"
	"strava-token/internal/store"
	"strava-token/internal/transport"
	"strava-token/internal/words"
)

// Config is what a step runs in.
type Config struct {
	Getenv func(string) string
	Stdout io.Writer
	Stderr io.Writer          // for a recovery text that can't be printed elsewhere; may be nil
	Dial   transport.DialFunc // nil: over TCP
}

// Run runs one workflow step. Cancelling ctx before the token request ends it at
// once; after it, the step only hurries.
func Run(ctx context.Context, c Config) provider.Status {
	e := newEdge(c.Getenv, c.Stdout)
	e.stderr = c.Stderr
	in, err := e.read()
	e.voice.Language = in.Language
	if err != nil {
		e.offerDeadEnd(in, err)
		messages := e.voice.Explain(err)
		e.failure(text(messages))
		e.addSummary(e.refusal(messages))
		return provider.BadInput
	}
	var otherLogin []error // warnings that the code is from another login, shown with the link
	for _, warning := range append(in.OtherHosts(), in.Warnings...) {
		if e.voice.Asks(warning) && !in.Doctor {
			otherLogin = append(otherLogin, warning)
			continue
		}
		e.warning(text(e.voice.Explain(warning)))
	}
	network := transport.New(c.Dial)
	if c.Dial != nil {
		defer network.Close() // a separate process ends right after, and its connections with it
	}
	run := in.Run(network, e, !in.Begins()) // without a token it checks the targets, and spends nothing
	run.Snapshot = e.snapshot(in.GitHub(network))
	run.CodeIsShared = true
	if in.Doctor {
		return e.examine(ctx, run)
	}
	outcome := run.Do(ctx)
	if isWithoutToken(outcome) {
		outcome.Failures = []error{e.firstStep(ctx, in, run, errors.Join(otherLogin...))}
	} else {
		outcome.Warnings = append(otherLogin, outcome.Warnings...)
	}
	if err := e.export(in, outcome); err != nil {
		outcome.NotExported(err)
	}
	e.offerLink(ctx, in, run, outcome)
	e.report(outcome, !in.Code.Empty())
	return outcome.Status()
}

// isWithoutToken reports whether the only failure is that nobody has authorized yet.
func isWithoutToken(o *provider.Outcome) bool {
	if len(o.Failures) != 1 {
		return false
	}
	_, ok := errors.AsType[*provider.NotAuthorizedError](o.Failures[0])
	return ok
}

// read reads every input, and checks that the outputs can be written.
func (e *edge) read() (*input.Inputs, error) {
	in, err := input.Read(&input.Workflow{Getenv: e.getenv, Input: e.sdk.GetInput, Hide: e.Mask, Event: e.event}, true)
	var problems []input.Problem
	if wrong, ok := err.(*input.Error); ok {
		problems = wrong.Problems
	}
	for _, variable := range []string{outputFile, envFile} {
		if (variable == outputFile || in.ExportEnv) && !e.writable(variable) {
			problems = append(problems, input.Unwritable(variable))
		}
	}
	if len(problems) > 0 {
		return in, &input.Error{Problems: problems}
	}
	return in, nil
}

// snapshot returns when this run read its secrets.
func (e *edge) snapshot(gh *store.GitHub) store.Snapshot {
	attempt, err := strconv.Atoi(e.getenv("GITHUB_RUN_ATTEMPT"))
	if err != nil || attempt < 1 {
		attempt = 1
	}
	owner, repo, ok := store.SplitRepository(e.getenv("GITHUB_REPOSITORY"))
	runID, err := strconv.ParseInt(e.getenv("GITHUB_RUN_ID"), 10, 64)
	if !ok || err != nil {
		return store.Snapshot{Attempt: attempt}
	}
	return store.Snapshot{
		Attempt: attempt,
		Queued: func(ctx context.Context) (time.Time, bool) {
			return gh.Queued(ctx, owner, repo, runID)
		},
	}
}

// report prints what people read: warnings, then at most one error, then what
// happened. code says that the run was given one.
func (e *edge) report(o *provider.Outcome, code bool) {
	for _, err := range o.Warnings {
		e.warning(text(e.voice.Explain(err)))
	}
	waiting := isFirstStep(o.Failures)
	switch messages := e.explain(o.Failures); {
	case waiting != nil:
		e.titled(messages[0])
		e.say(waiting.link) // on its own line, so that it can be clicked
	case len(messages) > 0:
		e.failure(text(messages))
	}
	for _, line := range e.story(o, code) {
		e.say(line)
	}
	if waiting != nil {
		e.finishSummary(e.summaryOfFirstStep(waiting))
		return
	}
	e.finishSummary(e.summary(o, code))
}

func (e *edge) explain(errs []error) []words.Message {
	var all []words.Message
	for _, err := range errs {
		all = append(all, e.voice.Explain(err)...)
	}
	return all
}
