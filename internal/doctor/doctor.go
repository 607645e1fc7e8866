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

// Lines are the finding as lines of text.
func (f Finding) Lines(voice *words.Voice) []string {
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
	var lines []string
	for _, m := range voice.Explain(f.Err) {
		lines = append(lines, head+m.What)
		for _, line := range strings.Split(m.Text(), "\n")[1:] {
			lines = append(lines, "         "+line)
		}
	}
	return lines
}

// examination bounds what is examined before the normal run, which has a
// deadline of its own.
const examination = 30 * time.Second

// shadowed is a target that can tell whether workflows read another secret.
type shadowed interface {
	Shadows(ctx context.Context, repository string) (shadows []string, known bool)
}

// Examine looks at the app, the targets, and, if the targets can keep what
// comes, at the refresh token by a normal run. repository is where the
// workflow runs, as "owner/repo". The status is that of the whole: Failed if
// a finding is a failure.
func Examine(ctx context.Context, run *provider.Run, repository string) Report {
	targets := run.Targets()
	findings := examineFirst(ctx, run, targets, repository)
	status := provider.Done
	switch {
	case len(run.Targets()) == 0:
		findings = append(findings, Finding{Level: Warning, Part: "doctor-refresh-token", Err: &words.Failure{ID: "doctor-no-target"}})
	case failed(findings):
		findings = append(findings, Finding{Level: Warning, Part: "doctor-refresh-token", Err: &words.Failure{ID: "doctor-not-tried"}})
	default:
		outcome := run.Do(ctx)
		findings = append(findings, examineOutcome(outcome)...)
		status = outcome.Status()
	}
	if status == provider.Done && failed(findings) {
		status = provider.Failed
	}
	return Report{Findings: findings, Status: status}
}

// Report is what an examination found.
type Report struct {
	Findings []Finding
	Status   provider.Status
}

// examineFirst examines what can be examined without spending anything, side by
// side.
func examineFirst(ctx context.Context, run *provider.Run, targets []provider.Target, repository string) []Finding {
	ctx, cancel := context.WithTimeout(ctx, examination)
	defer cancel()
	app := make(chan Finding, 1)
	go func() { app <- examineApp(ctx, run) }()
	found := make([][]Finding, len(targets))
	var all sync.WaitGroup
	for i, t := range targets {
		all.Go(func() { found[i] = examineTarget(ctx, t, repository) })
	}
	all.Wait()
	return slices.Concat(append([][]Finding{{<-app}}, found...)...)
}

func failed(findings []Finding) bool {
	for _, f := range findings {
		if f.Level == Failure {
			return true
		}
	}
	return false
}

func examineApp(ctx context.Context, run *provider.Run) Finding {
	const part = "doctor-app"
	err := run.Strava.CheckApp(ctx)
	if unclear(strava.KindOf(err)) {
		return Finding{Level: Warning, Part: part, Err: &words.Failure{ID: "doctor-app-unchecked", Blanks: words.Blanks{"cause": strava.ProbeCause(err)}}}
	}
	if err != nil {
		return Finding{Level: Failure, Part: part, Err: err}
	}
	return Finding{Level: OK, Part: part, Says: []words.Note{{ID: "doctor-app-fits"}}}
}

// unclear reports whether an answer says nothing about the app: nothing was at
// stake in the question.
func unclear(k strava.Kind) bool {
	return slices.Contains([]strava.Kind{
		strava.NoAnswer, strava.Unreachable, strava.Outage, strava.RateLimited, strava.Malformed, strava.Unrecognized,
	}, k)
}

func examineTarget(ctx context.Context, t provider.Target, repository string) []Finding {
	about := t.String()
	facts, err := provider.CheckTarget(ctx, t)
	if err != nil {
		return []Finding{{Level: Failure, About: about, Err: err}}
	}
	findings := []Finding{{Level: OK, About: about, Says: describe(facts)}}
	if !facts.WriteProven && !facts.WriteBelieved {
		findings = append(findings, Finding{Level: Warning, About: about, Err: doubt("doctor-unproven-write", about, nil)})
	}
	if err := facts.WarnOfExpiry(about); err != nil {
		findings = append(findings, Finding{Level: Warning, About: about, Err: err})
	}
	if s, ok := t.(shadowed); ok {
		by, known := s.Shadows(ctx, repository)
		if len(by) > 0 {
			findings = append(findings, Finding{Level: Warning, About: about, Err: doubt("doctor-shadowed", about, by)})
		} else if !known {
			findings = append(findings, Finding{Level: Warning, About: about, Err: doubt("doctor-shadows-unknown", about, nil)})
		}
	}
	return findings
}

// doubt is what could go wrong with a target.
func doubt(id, target string, by []string) error {
	return &words.Failure{ID: id, Blanks: words.Blanks{"target": target, "by": by}}
}

func describe(f store.Facts) []words.Note {
	id := "doctor-target-exists"
	switch {
	case !f.Exists:
		id = "doctor-target-new"
	case f.Held:
		id = "doctor-target-holds"
	}
	says := []words.Note{{ID: id, Blanks: words.Blanks{"updated": words.Day(f.UpdatedAt)}}}
	switch {
	case f.Exists && f.WriteProven:
		says = append(says, words.Note{ID: "doctor-target-writable"})
	case f.WriteBelieved:
		says = append(says, words.Note{ID: "doctor-target-believed"})
	}
	switch {
	case f.Local:
		return says
	case f.TokenExpires.IsZero():
		return append(says, words.Note{ID: "doctor-github-token-endless"})
	}
	return append(says, words.Note{ID: "doctor-github-token-ends", Blanks: words.Blanks{"when": words.Day(f.TokenExpires)}})
}

func examineOutcome(o *provider.Outcome) []Finding {
	var findings []Finding
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
		if _, told := err.(*store.TokenExpiresError); told {
			continue // the target said so already
		}
		findings = append(findings, Finding{Level: Warning, Part: "doctor-run", Err: err})
	}
	return findings
}
