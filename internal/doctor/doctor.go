// Package doctor examines everything that a run depends on and says what it
// found, line by line. It spends a refresh token only if its successor can
// be kept: then the last part of the examination is a normal run.
package doctor

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"strava-token/internal/provider"
	"strava-token/internal/store"
	"strava-token/internal/strava"
	"strava-token/internal/words"
)

// Level is how much a finding matters.
type Level string

const (
	OK      Level = "ok"
	Warning Level = "warning"
	Failure Level = "failure"
)

// Finding is one line of the checklist: what was examined, and what was found or is
// wrong.
type Finding struct {
	Level Level
	About any // a target, or the words.Sentence that says what
	Err   error
}

// Lines returns the finding as lines of text.
func (f Finding) Lines(voice words.Voice) (lines []string) {
	head := fmt.Sprintf("%-8s %s:", voice.Say("doctor-"+string(f.Level), nil), voice.Text(f.About))
	if f.Level == OK {
		for _, m := range voice.Explain(f.Err) {
			head += " " + m.What
		}
		return []string{head}
	}
	for _, m := range voice.Explain(f.Err) {
		lines = append(lines, strings.Split(head+" "+strings.ReplaceAll(m.Text(), "\n", "\n         "), "\n")...)
	}
	return lines
}

// Report is what an examination found.
type Report struct {
	Findings []Finding
	Status   provider.Status
}

func (r *Report) add(level Level, about any, err error) {
	r.Findings = append(r.Findings, Finding{level, about, err})
}

func (r *Report) failed() bool {
	return slices.ContainsFunc(r.Findings, func(f Finding) bool { return f.Level == Failure })
}

// examination limits the checks before the normal run, which has its own deadline.
const examination = 30 * time.Second

// Examine checks the app and the targets in parallel, and, if all of them are fine, the
// refresh token with a normal run. repository is where the workflow runs, as
// "owner/repo". The status is that of the run, or, if it's Done or there was no
// run, Failed if a finding is a failure.
func Examine(ctx context.Context, run *provider.Run, repository string) (r Report) {
	checking, cancel := context.WithTimeout(ctx, examination)
	defer cancel()
	targets := run.Targets()
	parts := make([]Report, 1+len(targets))
	var all sync.WaitGroup
	all.Go(func() { parts[0].examineApp(checking, run) })
	for i, t := range targets {
		all.Go(func() { parts[1+i].examineTarget(checking, t, repository) })
	}
	all.Wait()
	for _, part := range parts {
		r.Findings = append(r.Findings, part.Findings...)
	}
	switch {
	case len(targets) == 0:
		r.add(Warning, words.Sentence("doctor-refresh-token"), &words.Failure{ID: "doctor-no-target"})
	case r.failed():
		r.add(Warning, words.Sentence("doctor-refresh-token"), &words.Failure{ID: "doctor-not-tried"})
	default:
		r.examineOutcome(run.Do(ctx))
	}
	if r.Status == provider.Done && r.failed() {
		r.Status = provider.Failed
	}
	return r
}

// unclear lists the kinds that say nothing about the app. They are warnings only, since
// nothing was at stake.
var unclear = []strava.Kind{
	strava.NoAnswer, strava.Unreachable, strava.Outage, strava.RateLimited, strava.Malformed, strava.Unrecognized,
}

func (r *Report) examineApp(ctx context.Context, run *provider.Run) {
	const app = words.Sentence("doctor-app")
	switch err := run.Strava.CheckApp(ctx); {
	case err == nil:
		r.add(OK, app, &words.Failure{ID: "doctor-app-fits"})
	case slices.Contains(unclear, strava.KindOf(err)):
		r.add(Warning, app, &words.Failure{ID: "doctor-app-unchecked", Blanks: words.Blanks{"cause": strava.ProbeCause(err)}})
	default:
		r.add(Failure, app, err)
	}
}

func (r *Report) examineTarget(ctx context.Context, t provider.Target, repository string) {
	facts, err := provider.CheckTarget(ctx, t)
	if err != nil {
		r.add(Failure, t, err)
		return
	}
	r.add(OK, t, describe(facts))
	if !facts.WriteProven && !facts.WriteBelieved {
		r.add(Warning, t, &words.Failure{ID: "doctor-unproven-write", Blanks: words.Blanks{"target": t}})
	}
	if err := facts.WarnOfExpiry(t.String()); err != nil {
		r.add(Warning, t, err)
	}
	if s, ok := t.(*store.Secret); ok {
		by, known := s.Shadows(ctx, repository)
		if len(by) > 0 {
			r.add(Warning, t, &words.Failure{ID: "doctor-shadowed", Blanks: words.Blanks{"target": t, "by": by}})
		} else if !known {
			r.add(Warning, t, &words.Failure{ID: "doctor-shadows-unknown", Blanks: words.Blanks{"target": t}})
		}
	}
}

// describe says what is known about a target.
func describe(f store.Facts) (said error) {
	say := func(isSo bool, id string, blanks words.Blanks) {
		if isSo {
			said = errors.Join(said, &words.Failure{ID: id, Blanks: blanks})
		}
	}
	say(!f.Exists, "doctor-target-new", nil)
	say(f.Exists && !f.Held, "doctor-target-exists", words.Blanks{"updated": words.Day(f.UpdatedAt)})
	say(f.Exists && f.Held, "doctor-target-holds", words.Blanks{"updated": words.Day(f.UpdatedAt)})
	say(f.Exists && f.WriteProven, "doctor-target-writable", nil)
	say(f.WriteBelieved, "doctor-target-believed", nil)
	say(!f.Local && f.TokenExpires.IsZero(), "doctor-github-token-endless", nil)
	say(!f.Local && !f.TokenExpires.IsZero(), "doctor-github-token-ends", words.Blanks{"when": words.Day(f.TokenExpires)})
	return said
}

func (r *Report) examineOutcome(o *provider.Outcome) {
	r.Status = o.Status()
	say := func(isSo bool, about words.Sentence, id string, blanks words.Blanks) {
		if isSo {
			r.add(OK, about, &words.Failure{ID: id, Blanks: blanks})
		}
	}
	say(!o.Token.RefreshToken.Empty() && !o.Rotated, "doctor-refresh-token", "doctor-works", nil)
	say(o.Rotated && len(o.Kept) > 0, "doctor-refresh-token", "doctor-works-replaced", words.Blanks{"kept": o.Kept})
	say(o.AthleteID != 0, "doctor-access-token", "doctor-active", words.Blanks{"athlete": o.AthleteID})
	say(len(o.Scope) > 0, "doctor-scopes", "doctor-scopes-are", words.Blanks{"scopes": o.Scope})
	for _, err := range o.Failures {
		r.add(Failure, words.Sentence("doctor-run"), err)
	}
	for _, err := range o.Warnings {
		if failure, ok := err.(*words.Failure); !ok || failure.ID != store.TokenExpires { // which the target told
			r.add(Warning, words.Sentence("doctor-run"), err)
		}
	}
}
