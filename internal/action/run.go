// Package action is a workflow step: the runner's protocol, the outputs, the
// summary, and the link to authorize.
//
// No write to standard output can end the run: a reader that went away must not
// cost a refresh token.
package action

import (
	"context"
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
	Dial   transport.DialFunc // nil: over TCP
}

// Run is one workflow step. Cancelling ctx before the token request ends it at
// once; after it, the step only hurries.
func Run(ctx context.Context, c Config) provider.Status {
	e := newEdge(c.Getenv, c.Stdout)
	in, err := e.read()
	if err != nil {
		messages := e.voice.Explain(err)
		e.failure(text(messages))
		e.addSummary(e.refusal(messages))
		return provider.BadInput
	}
	for _, other := range in.OtherHosts() {
		e.warning(text(e.voice.Explain(other)))
	}
	network := transport.New(c.Dial)
	if c.Dial != nil {
		defer network.Close() // a process of its own ends right after, and its connections with it
	}
	run := in.Run(network, e, false)
	run.Snapshot = e.snapshot(in.GitHub(network))
	switch {
	case in.Ask:
		return e.ask(ctx, in, run)
	case in.Doctor:
		return e.examine(ctx, run)
	}
	outcome := run.Do(ctx)
	if err := e.export(in, outcome); err != nil {
		outcome.NotExported(err)
	}
	e.report(outcome)
	return outcome.Status()
}

// read reads every input, and makes sure that the outputs can be written.
func (e *edge) read() (*input.Inputs, error) {
	in, err := input.Read(input.Workflow{Getenv: e.getenv, Input: e.sdk.GetInput, Hide: e.Mask}, true)
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
		return nil, &input.Error{Problems: problems}
	}
	return in, nil
}

// snapshot tells when this run read its secrets.
func (e *edge) snapshot(gh *store.GitHub) provider.Snapshot {
	attempt, err := strconv.Atoi(e.getenv("GITHUB_RUN_ATTEMPT"))
	if err != nil || attempt < 1 {
		attempt = 1
	}
	owner, repo, ok := store.SplitRepository(e.getenv("GITHUB_REPOSITORY"))
	runID, err := strconv.ParseInt(e.getenv("GITHUB_RUN_ID"), 10, 64)
	if !ok || err != nil {
		return provider.Snapshot{Attempt: attempt}
	}
	return provider.Snapshot{
		Attempt: attempt,
		Queued: func(ctx context.Context) (time.Time, bool) {
			return gh.Queued(ctx, owner, repo, runID)
		},
	}
}

// report prints what people read: warnings, then at most one error, then what
// happened.
func (e *edge) report(o *provider.Outcome) {
	for _, err := range o.Warnings {
		e.warning(text(e.voice.Explain(err)))
	}
	if messages := e.explain(o.Failures); len(messages) > 0 {
		e.failure(text(messages))
	}
	for _, line := range e.story(o) {
		e.say(line)
	}
	e.addSummary(e.summary(o))
}

func (e *edge) explain(errs []error) []words.Message {
	var all []words.Message
	for _, err := range errs {
		all = append(all, e.voice.Explain(err)...)
	}
	return all
}
