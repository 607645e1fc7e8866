package provider

import (
	"context"
	"time"

	"strava-token/internal/store"
)

// expiresSoon is how long before its end a GitHub token is warned about.
const expiresSoon = 14 * 24 * time.Hour

// checked is what the targets said before anything was spent.
type checked struct {
	facts    []store.Facts // of the targets that cannot be read back, in their order
	failures []error       // what speaks against the run
	warnings []error
}

// check asks every target whether it can be written.
func (r *Run) check(ctx context.Context, until time.Time) checked {
	checking, cancel := context.WithDeadline(ctx, until)
	defer cancel()
	targets := r.Targets()
	facts := make([]store.Facts, len(targets))
	errs := each(targets, func(i int, t Target) (err error) {
		facts[i], err = t.Check(checking)
		return err
	})
	if ctx.Err() != nil {
		return checked{failures: []error{&CancelledError{}}}
	}
	if r.Readable != nil && errs[0] == nil {
		errs[0] = r.checkHolder()
	}
	c := checked{facts: facts[len(targets)-len(r.WriteOnly):]}
	for i, t := range targets {
		if errs[i] != nil {
			c.failures = append(c.failures, errs[i])
		} else if expiry := WarnOfExpiry(t, facts[i]); expiry != nil && len(c.warnings) == 0 {
			c.warnings = append(c.warnings, expiry) // one token writes them all
		}
	}
	return c
}

// checkHolder refuses a readable target that keeps another athlete's token than
// the expected one's.
func (r *Run) checkHolder() error {
	holder := r.held().AthleteID
	if r.ExpectedAthlete == 0 || holder == 0 || holder == r.ExpectedAthlete {
		return nil
	}
	return &WrongAthleteError{Want: r.ExpectedAthlete, Got: holder, Holder: r.readableName(), Unspent: true}
}

// CheckTargets asks every target whether it can be written, and returns what
// speaks against that. It spends nothing.
func (r *Run) CheckTargets(ctx context.Context) []error {
	unlock, err := lock(ctx, r.Readable)
	if err != nil {
		return []error{err}
	}
	defer unlock()
	return r.check(ctx, time.Now().Add(checkUntil)).failures
}

// CheckTarget checks one target while nobody else uses it.
func CheckTarget(ctx context.Context, t Target) (store.Facts, error) {
	unlock, err := lock(ctx, t)
	if err != nil {
		return store.Facts{}, err
	}
	defer unlock()
	return t.Check(ctx)
}

// WarnOfExpiry returns a *TokenExpiresError if the GitHub token that writes t ends
// soon, or nil.
func WarnOfExpiry(t Target, facts store.Facts) error {
	if ends := facts.TokenExpires; !ends.IsZero() && time.Until(ends) < expiresSoon {
		return &TokenExpiresError{Target: t.String(), When: ends}
	}
	return nil
}
