// Package doctor examines everything that a run depends on and says what it
// found, line by line. It spends a refresh token only where its successor can
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
)

// Level is how much a finding matters.
type Level string

// The levels.
const (
	OK      Level = "ok"
	Warning Level = "warning"
	Failure Level = "failure"
)

// Finding is one line of the checklist. Where Err is set it says what is wrong
// and what to do; otherwise Says does.
type Finding struct {
	Level Level
	About string
	Says  string
	Err   error
}

// examination bounds what is examined before the normal run, which has a
// deadline of its own.
const examination = 30 * time.Second

// ShadowedError is a target that a workflow may not read, since a narrower
// secret has the same name.
type ShadowedError struct {
	Target string
	By     []string
}

func (e *ShadowedError) Error() string {
	return e.Target + " is shadowed by " + strings.Join(e.By, ", ")
}

// UnprovenWriteError is a target of which GitHub did not say whether a write
// would be let through.
type UnprovenWriteError struct{ Target string }

func (e *UnprovenWriteError) Error() string { return "unproven write to " + e.Target }

// ShadowsUnknownError is a target of which it could not be told whether a
// narrower secret has the same name.
type ShadowsUnknownError struct{ Target string }

func (e *ShadowsUnknownError) Error() string { return "unknown shadows of " + e.Target }

// AppUncheckedError is a question for the app's credentials without a clear
// answer.
type AppUncheckedError struct{ Err error }

func (e *AppUncheckedError) Error() string { return fmt.Sprintf("check app: %v", e.Err) }

// Unwrap returns Strava's error.
func (e *AppUncheckedError) Unwrap() error { return e.Err }

// NotTriedError is a refresh token that was not tried, since nothing could keep
// its successor.
type NotTriedError struct{ NoTarget bool }

func (e *NotTriedError) Error() string { return "the refresh token was not tried" }

// shadowed is a target that can tell whether workflows read another secret.
type shadowed interface {
	Shadows(ctx context.Context, repository string) (shadows []string, known bool)
}

// Examine looks at the app, the targets, and, where the targets can keep what
// comes, at the refresh token by a normal run. repository is where the
// workflow runs, as "owner/repo". The status is that of the whole: Failed where
// a finding is a failure.
func Examine(ctx context.Context, run *provider.Run, repository string) Report {
	targets := run.Targets()
	findings := examineFirst(ctx, run, targets, repository)
	status := provider.Done
	switch {
	case len(targets) == 0:
		findings = append(findings, Finding{Level: Warning, About: "refresh token", Err: &NotTriedError{NoTarget: true}})
	case failed(findings):
		findings = append(findings, Finding{Level: Warning, About: "refresh token", Err: &NotTriedError{}})
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
	const about = "client id and client secret"
	var e *strava.Error
	err := run.Strava.CheckApp(ctx)
	if errors.As(err, &e) && unclear(e.Kind) {
		return Finding{Level: Warning, About: about, Err: &AppUncheckedError{Err: err}}
	}
	if err != nil {
		return Finding{Level: Failure, About: about, Err: err}
	}
	return Finding{Level: OK, About: about, Says: "belong together"}
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
	if !facts.WriteProven {
		findings = append(findings, Finding{Level: Warning, About: about, Err: &UnprovenWriteError{Target: about}})
	}
	if err := provider.WarnOfExpiry(t, facts); err != nil {
		findings = append(findings, Finding{Level: Warning, About: about, Err: err})
	}
	if s, ok := t.(shadowed); ok {
		by, known := s.Shadows(ctx, repository)
		if len(by) > 0 {
			findings = append(findings, Finding{Level: Warning, About: about, Err: &ShadowedError{Target: about, By: by}})
		} else if !known {
			findings = append(findings, Finding{Level: Warning, About: about, Err: &ShadowsUnknownError{Target: about}})
		}
	}
	return findings
}

func describe(f store.Facts) string {
	says := "exists"
	if !f.Exists {
		says = "does not exist yet, and can be made"
	} else if f.Held {
		says = "holds a refresh token"
	}
	if f.Exists && f.WriteProven {
		says += ", can be written"
	}
	if !f.UpdatedAt.IsZero() {
		says += ", last updated on " + f.UpdatedAt.UTC().Format("2 January 2006")
	}
	switch {
	case f.Local:
		return says
	case f.TokenExpires.IsZero():
		return says + "; the GitHub token has no known end"
	}
	return says + "; the GitHub token ends on " + f.TokenExpires.UTC().Format("2 January 2006")
}

func examineOutcome(o *provider.Outcome) []Finding {
	var findings []Finding
	switch {
	case o.Token.RefreshToken.Empty():
	case !o.Rotated:
		findings = append(findings, Finding{Level: OK, About: "refresh token", Says: "works, and was not replaced"})
	case len(o.Kept) > 0:
		findings = append(findings, Finding{Level: OK, About: "refresh token",
			Says: "works; Strava replaced it, and the new one is in " + strings.Join(o.Kept, ", ")})
	}
	if o.AthleteID != 0 {
		findings = append(findings, Finding{Level: OK, About: "app and access token",
			Says: fmt.Sprintf("active, for athlete %d", o.AthleteID)})
	}
	if len(o.Scope) > 0 {
		findings = append(findings, Finding{Level: OK, About: "scopes", Says: strings.Join(o.Scope, ", ")})
	}
	for _, err := range o.Failures {
		findings = append(findings, Finding{Level: Failure, About: "run", Err: err})
	}
	for _, err := range o.Warnings {
		if _, told := err.(*provider.TokenExpiresError); told {
			continue // the target said so already
		}
		findings = append(findings, Finding{Level: Warning, About: "run", Err: err})
	}
	return findings
}
