package provider

import (
	"context"
	"errors"
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
	r.each(errs, func(i int, t Target) (err error) {
		facts[i], err = t.Check(checking)
		return err
	})
	if ctx.Err() != nil {
		o.fail(&CancelledError{})
		return false
	}
	o.facts = map[string]store.Facts{}
	warned := false
	for i, t := range r.Targets {
		if errs[i] != nil {
			o.fail(errs[i])
			continue
		}
		o.facts[t.String()] = facts[i]
		if ends := facts[i].TokenExpires; !warned && !ends.IsZero() && time.Until(ends) < expiresSoon {
			o.warn(&TokenExpiresError{Target: t.String(), When: ends})
			warned = true
		}
	}
	return len(o.Failures) == 0
}

// recheck returns what the targets say now, after a refusal: another run may
// have written one since the check.
func (r *Run) recheck(ctx context.Context) func() map[string]store.Facts {
	return func() map[string]store.Facts {
		facts := make([]store.Facts, len(r.Targets))
		errs := make([]error, len(r.Targets))
		r.each(errs, func(i int, t Target) (err error) {
			facts[i], err = t.Check(ctx)
			return err
		})
		now := map[string]store.Facts{}
		for i, t := range r.Targets {
			if errs[i] == nil {
				now[t.String()] = facts[i]
			}
		}
		return now
	}
}

// keep writes the refresh token to every target, where it is a new one. A
// target that fails does not stop the others.
func (r *Run) keep(ctx context.Context, o *Outcome) {
	if !r.mustKeep(o) {
		return
	}
	errs := make([]error, len(r.Targets))
	r.each(errs, func(_ int, t Target) error { return t.Store(ctx, o.Token.RefreshToken) })
	for i, t := range r.Targets {
		if errs[i] == nil {
			o.Kept = append(o.Kept, t.String())
		}
	}
	for i, t := range r.Targets {
		if errs[i] != nil {
			o.fail(&NotKeptError{Target: t.String(), Kept: o.Kept, Err: errs[i]})
		}
	}
}

// each calls do for every target, a few at a time, and puts its errors into
// errs. A mistake of this program in one of them is an error, too: the others go
// on, and what was issued is sealed.
func (r *Run) each(errs []error, do func(i int, t Target) error) {
	var all sync.WaitGroup
	turn := make(chan struct{}, atOnce)
	for i, t := range r.Targets {
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
