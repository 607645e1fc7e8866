// Package doctor examines everything that a run depends on and says what it
// found, line by line. It spends a refresh token only if its successor can
// be kept: then the last part of the examination is a normal run.
package doctor

import (
	"context"
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

// The levels.
const (
	OK      Level = "ok"
	Warning Level = "warning"
	Failure Level = "failure"
)

// Finding is one line of the checklist: what was examined, and either what was
// found or what is wrong.
type Finding struct {
	Level Level
	About string       // a target, or empty if Part says what
	Part  string       // the id of what was examined
	Says  []words.Note // if nothing is wrong
	Err   error
}

// Lines returns the finding as lines of text.
func (f Finding) Lines(voice *words.Voice) (lines []string) {
	about := words.Visible(f.About)
	if about == "" {
		about = voice.Say(f.Part, nil)
	}
	head := fmt.Sprintf("%-8s %s: ", voice.Say("doctor-"+string(f.Level), nil), about)
	if f.Err == nil {
		var says []string
		for _, note := range f.Says {
			says = append(says, voice.Say(note.ID, note.Blanks))
		}
		return []string{head + strings.Join(says, " ")}
	}
	for _, m := range voice.Explain(f.Err) {
		lines = append(lines, strings.Split(head+strings.ReplaceAll(m.Text(), "\n", "\n         "), "\n")...)
	}
	return lines
}

// examination limits the checks before the normal run, which has its own deadline.
const examination = 30 * time.Second

// Examine checks the app and the targets in parallel, and, if all of them are fine, the
// refresh token with a normal run. repository is where the workflow runs, as
// "owner/repo". The status is that of the run, or, if it's Done or there was no
// run, Failed if a finding is a failure.
func Examine(ctx context.Context, run *provider.Run, repository string) Report {
	checking, cancel := context.WithTimeout(ctx, examination)
	defer cancel()
	targets := run.Targets()
	found := make([][]Finding, 1+len(targets))
	var all sync.WaitGroup
	all.Go(func() { found[0] = []Finding{examineApp(checking, run)} })
	for i, t := range targets {
		all.Go(func() { found[1+i] = examineTarget(checking, t, repository) })
	}
	all.Wait()
	r := Report{Findings: slices.Concat(found...)}
	switch {
	case len(targets) == 0:
		r.Findings = append(r.Findings, Finding{Level: Warning, Part: "doctor-refresh-token", Err: &words.Failure{ID: "doctor-no-target"}})
	case r.failed():
		r.Findings = append(r.Findings, Finding{Level: Warning, Part: "doctor-refresh-token", Err: &words.Failure{ID: "doctor-not-tried"}})
	default:
		outcome := run.Do(ctx)
		r.Findings = append(r.Findings, examineOutcome(outcome)...)
		r.Status = outcome.Status()
	}
	if r.Status == provider.Done && r.failed() {
		r.Status = provider.Failed
	}
	return r
}

// Report is what an examination found.
type Report struct {
	Findings []Finding
	Status   provider.Status
}

func (r Report) failed() bool {
	return slices.ContainsFunc(r.Findings, func(f Finding) bool { return f.Level == Failure })
}

func examineApp(ctx context.Context, run *provider.Run) Finding {
	f := Finding{Level: OK, Part: "doctor-app", Says: []words.Note{{ID: "doctor-app-fits"}}}
	f.Err = run.Strava.CheckApp(ctx)
	switch {
	case slices.Contains(unclear, strava.KindOf(f.Err)):
		f.Level, f.Err = Warning, &words.Failure{ID: "doctor-app-unchecked", Blanks: words.Blanks{"cause": strava.ProbeCause(f.Err)}}
	case f.Err != nil:
		f.Level = Failure
	}
	return f
}

// unclear lists the kinds that say nothing about the app. They are warnings only, since
// nothing was at stake.
var unclear = []strava.Kind{
	strava.NoAnswer, strava.Unreachable, strava.Outage, strava.RateLimited, strava.Malformed, strava.Unrecognized,
}

func examineTarget(ctx context.Context, t provider.Target, repository string) []Finding {
	about := t.String()
	facts, err := provider.CheckTarget(ctx, t)
	if err != nil {
		return []Finding{{Level: Failure, About: about, Err: err}}
	}
	findings := []Finding{{Level: OK, About: about, Says: describe(facts)}}
	warn := func(err error) { findings = append(findings, Finding{Level: Warning, About: about, Err: err}) }
	doubt := func(id string, by []string) {
		warn(&words.Failure{ID: id, Blanks: words.Blanks{"target": about, "by": by}})
	}
	if !facts.WriteProven && !facts.WriteBelieved {
		doubt("doctor-unproven-write", nil)
	}
	if err := facts.WarnOfExpiry(about); err != nil {
		warn(err)
	}
	if s, ok := t.(*store.Secret); ok {
		by, known := s.Shadows(ctx, repository)
		if len(by) > 0 {
			doubt("doctor-shadowed", by)
		} else if !known {
			doubt("doctor-shadows-unknown", nil)
		}
	}
	return findings
}

func describe(f store.Facts) (says []words.Note) {
	add := func(id string, blanks words.Blanks) { says = append(says, words.Note{ID: id, Blanks: blanks}) }
	switch updated := (words.Blanks{"updated": words.Day(f.UpdatedAt)}); {
	case !f.Exists:
		add("doctor-target-new", updated)
	case f.Held:
		add("doctor-target-holds", updated)
	default:
		add("doctor-target-exists", updated)
	}
	switch {
	case f.Exists && f.WriteProven:
		add("doctor-target-writable", nil)
	case f.WriteBelieved:
		add("doctor-target-believed", nil)
	}
	switch {
	case f.Local:
	case f.TokenExpires.IsZero():
		add("doctor-github-token-endless", nil)
	default:
		add("doctor-github-token-ends", words.Blanks{"when": words.Day(f.TokenExpires)})
	}
	return says
}

func examineOutcome(o *provider.Outcome) (findings []Finding) {
	ok := func(part, id string, blanks words.Blanks) {
		findings = append(findings, Finding{Level: OK, Part: part, Says: []words.Note{{ID: id, Blanks: blanks}}})
	}
	switch {
	case o.Token.RefreshToken.Empty():
	case !o.Rotated:
		ok("doctor-refresh-token", "doctor-works", nil)
	case len(o.Kept) > 0:
		ok("doctor-refresh-token", "doctor-works-replaced", words.Blanks{"kept": o.Kept})
	}
	if o.AthleteID != 0 {
		ok("doctor-access-token", "doctor-active", words.Blanks{"athlete": o.AthleteID})
	}
	if len(o.Scope) > 0 {
		ok("doctor-scopes", "doctor-scopes-are", words.Blanks{"scopes": o.Scope})
	}
	for _, err := range o.Failures {
		findings = append(findings, Finding{Level: Failure, Part: "doctor-run", Err: err})
	}
	for _, err := range o.Warnings {
		if failure, ok := err.(*words.Failure); !ok || failure.ID != store.TokenExpires { // which the target told
			findings = append(findings, Finding{Level: Warning, Part: "doctor-run", Err: err})
		}
	}
	return findings
}
