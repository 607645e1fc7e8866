package provider

import (
	"context"
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

// check asks every target whether it can be written. It returns false where
// one cannot, or where the run was cancelled meanwhile.
func (r *Run) check(ctx context.Context, o *Outcome, until time.Time) bool {
	checking, cancel := context.WithDeadline(ctx, until)
	defer cancel()
	facts := make([]store.Facts, len(r.Targets))
	errs := make([]error, len(r.Targets))
	r.each(func(i int, t Target) { facts[i], errs[i] = t.Check(checking) })
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
		r.each(func(i int, t Target) { facts[i], errs[i] = t.Check(ctx) })
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
	r.each(func(i int, t Target) { errs[i] = t.Store(ctx, o.Token.RefreshToken) })
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

// each calls do for every target, a few at a time.
func (r *Run) each(do func(i int, t Target)) {
	var all sync.WaitGroup
	turn := make(chan struct{}, atOnce)
	for i, t := range r.Targets {
		all.Go(func() {
			turn <- struct{}{}
			defer func() { <-turn }()
			do(i, t)
		})
	}
	all.Wait()
}
