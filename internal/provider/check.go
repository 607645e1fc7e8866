package provider

import (
	"context"
	"errors"
	"sync"
	"time"

	"strava-token/internal/store"
	"strava-token/internal/words"
)

const (
	lockPatience = 2 * time.Minute // for another process to be done with a file, before anything else
	atOnce       = 4               // targets asked or written side by side: GitHub wants few requests at a time
)

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
	facts, errs := checkEach(checking, targets)
	if ctx.Err() != nil {
		return checked{failures: []error{errCancelled}}
	}
	if holder := r.held().AthleteID; r.isUnexpected(holder) && errs[0] == nil {
		errs[0] = &words.Failure{ID: "run-wrong-holder", Blanks: words.Blanks{"target": r.Readable.String(), "want": r.ExpectedAthlete, "got": holder}}
	}
	c := checked{facts: facts[len(targets)-len(r.WriteOnly):]}
	for i, t := range targets {
		if errs[i] != nil {
			c.failures = append(c.failures, errs[i])
		} else if expiry := facts[i].WarnOfExpiry(t.String()); expiry != nil && len(c.warnings) == 0 {
			c.warnings = append(c.warnings, expiry) // one token writes them all
		}
		if facts[i].Warning != nil {
			c.warnings = append(c.warnings, facts[i].Warning)
		}
	}
	return c
}

func checkEach(ctx context.Context, targets []Target) ([]store.Facts, []error) {
	facts := make([]store.Facts, len(targets))
	return facts, each(targets, func(i int, t Target) (err error) {
		facts[i], err = t.Check(ctx)
		return err
	})
}

// isUnexpected reports whether an athlete is known, and another one expected.
func (r *Run) isUnexpected(athlete int64) bool {
	return r.ExpectedAthlete != 0 && athlete != 0 && athlete != r.ExpectedAthlete
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

// lock waits until nobody else uses t, which may be nil.
func lock(ctx context.Context, t Target) (unlock func(), err error) {
	locker, ok := t.(Locker)
	if !ok {
		return func() {}, nil
	}
	waiting, cancel := context.WithTimeout(ctx, lockPatience)
	defer cancel()
	unlock, err = locker.Lock(waiting)
	if err != nil && errors.Is(ctx.Err(), context.Canceled) {
		err = errCancelled
	}
	return unlock, err
}

// each calls do for every one of targets, a few at a time, and returns its errors,
// in the order of targets. A mistake of this program in one of them is an error as
// well: the others go on, and what was issued is sealed.
func each(targets []Target, do func(i int, t Target) error) []error {
	errs := make([]error, len(targets))
	var all sync.WaitGroup
	turn := make(chan struct{}, atOnce)
	for i, t := range targets {
		all.Go(func() {
			turn <- struct{}{}
			errs[i] = steadily(func() error { return do(i, t) })
			<-turn
		})
	}
	all.Wait()
	return errs
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
