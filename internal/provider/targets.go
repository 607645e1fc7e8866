package provider

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"strava-token/internal/store"
)

const (
	// atOnce is how many targets are asked or written side by side, since
	// GitHub wants few requests at a time.
	atOnce = 4
	// expiresSoon is how long before its end a GitHub token is warned about.
	expiresSoon = 14 * 24 * time.Hour
)

// CheckTargets asks every target whether it can be written, and returns what
// speaks against that. It spends nothing.
func (r *Run) CheckTargets(ctx context.Context) []error {
	o := &Outcome{}
	unlock, err := r.lock(ctx)
	if err != nil && ctx.Err() != nil {
		err = &CancelledError{}
	}
	if err != nil {
		return []error{err}
	}
	defer unlock()
	r.check(ctx, o, time.Now().Add(checkUntil))
	return o.Failures
}

// check asks every target whether it can be written. It returns false where
// one cannot, or where the run was cancelled meanwhile.
func (r *Run) check(ctx context.Context, o *Outcome, until time.Time) bool {
	checking, cancel := context.WithDeadline(ctx, until)
	defer cancel()
	facts := make([]store.Facts, len(r.Targets))
	errs := make([]error, len(r.Targets))
	r.each(errs, r.Targets, func(i int, t Target) (err error) {
		facts[i], err = t.Check(checking)
		return err
	})
	if ctx.Err() != nil {
		o.fail(&CancelledError{})
		return false
	}
	if r.ExpectedAthlete != 0 {
		r.checkHolder(o, errs)
	}
	o.facts = map[string]store.Facts{}
	warned := false
	for i, t := range r.Targets {
		if errs[i] != nil {
			o.fail(errs[i])
			continue
		}
		if !isReadable(t) {
			o.facts[t.String()] = facts[i]
		}
		if err := WarnOfExpiry(t, facts[i]); err != nil && !warned {
			o.warn(err)
			warned = true
		}
	}
	return len(o.Failures) == 0
}

// WarnOfExpiry returns a *TokenExpiresError if the GitHub token that writes t ends
// soon, or nil.
func WarnOfExpiry(t Target, facts store.Facts) error {
	if ends := facts.TokenExpires; !ends.IsZero() && time.Until(ends) < expiresSoon {
		return &TokenExpiresError{Target: t.String(), When: ends}
	}
	return nil
}

// checkHolder refuses a readable target of another athlete, before anything is
// spent.
func (r *Run) checkHolder(o *Outcome, errs []error) {
	i := slices.IndexFunc(r.Targets, isReadable)
	if i < 0 || errs[i] != nil {
		return
	}
	if holds := r.readable().Held().AthleteID; holds != 0 && holds != r.ExpectedAthlete {
		errs[i] = &WrongAthleteError{Want: r.ExpectedAthlete, Got: holds, Holder: r.Targets[i].String(), Unspent: true}
	}
}

// recheck returns what the targets that cannot be read back say now, after a
// refusal: another run may have written one since the check.
func (r *Run) recheck(ctx context.Context) func() map[string]store.Facts {
	return func() map[string]store.Facts {
		blind := slices.DeleteFunc(slices.Clone(r.Targets), isReadable)
		facts := make([]store.Facts, len(blind))
		errs := make([]error, len(blind))
		r.each(errs, blind, func(i int, t Target) (err error) {
			facts[i], err = t.Check(ctx)
			return err
		})
		now := map[string]store.Facts{}
		for i, t := range blind {
			if errs[i] == nil {
				now[t.String()] = facts[i]
			}
		}
		return now
	}
}

// each calls do for every one of targets, a few at a time, and puts its errors into
// errs. A mistake of this program in one of them is an error, too: the others go
// on, and what was issued is sealed.
func (r *Run) each(errs []error, targets []Target, do func(i int, t Target) error) {
	var all sync.WaitGroup
	turn := make(chan struct{}, atOnce)
	for i, t := range targets {
		all.Go(func() {
			turn <- struct{}{}
			defer func() { <-turn }()
			errs[i] = steadily(func() error { return do(i, t) })
		})
	}
	all.Wait()
}

var errUnforeseen = errors.New("a mistake of this program")

// steadily turns a panic into an error, which holds nothing of it: a panic may
// quote anything.
func steadily(do func() error) (err error) {
	defer func() {
		if recover() != nil {
			err = errUnforeseen
		}
	}()
	return do()
}
