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
	lockPatience = 2 * time.Minute // how long to wait for another process to release the file
	atOnce       = 4               // targets checked or written in parallel: GitHub wants few requests at a time
)

// checked is what the checks found before anything was spent.
type checked struct {
	facts    []store.Facts // of WriteOnly, in its order
	failures []error       // why the run must not start
	warnings []error
}

// check checks in parallel whether every target can be written.
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

// isUnexpected reports whether athlete is known and isn't the expected one.
func (r *Run) isUnexpected(athlete int64) bool {
	return r.ExpectedAthlete != 0 && athlete != 0 && athlete != r.ExpectedAthlete
}

// CheckTarget checks one target under its lock.
func CheckTarget(ctx context.Context, t Target) (store.Facts, error) {
	unlock, err := lock(ctx, t)
	if err != nil {
		return store.Facts{}, err
	}
	defer unlock()
	return t.Check(ctx)
}

// lock waits for t's lock, if it has one. t may be nil.
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

// each calls do for every target, a few at a time, and returns the errors in the order
// of targets. A bug in this program that panics in one is an error as well: the others
// go on, and what was issued is sealed.
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

// steadily turns a panic into an error without its text: a panic may quote anything.
func steadily(do func() error) (err error) {
	defer func() {
		if recover() != nil {
			err = errUnforeseen
		}
	}()
	return do()
}
