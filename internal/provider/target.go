package provider

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"strava-token/internal/store"
)

const (
	// atOnce is how many targets are asked or written side by side, since
	// GitHub wants few requests at a time.
	atOnce = 4
	// lockPatience is how long a run waits for another process to be done with a
	// file, before anything else.
	lockPatience = 2 * time.Minute
)

// Target is a place where the refresh token is kept.
type Target interface {
	fmt.Stringer
	Check(ctx context.Context) (store.Facts, error)
	Store(ctx context.Context, r store.Record) error
}

// Readable is a target that can be read back. Its Store replaces what was last
// read, and fails with store.Overtaken if someone else was first: Held then
// returns what is there now.
type Readable interface {
	Target
	Held() store.Held
	// Reread returns what it holds now.
	Reread(ctx context.Context) (store.Held, error)
}

// Locker is a target that one process uses at a time.
type Locker interface {
	// Lock waits for its turn, and returns what ends it.
	Lock(ctx context.Context) (unlock func(), err error)
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
		err = &CancelledError{}
	}
	return unlock, err
}

// Targets returns all of them, the readable one first.
func (r *Run) Targets() []Target {
	if r.Readable == nil {
		return r.WriteOnly
	}
	return append([]Target{r.Readable}, r.WriteOnly...)
}

// held is what the readable target held when it was last read.
func (r *Run) held() store.Held {
	if r.Readable == nil {
		return store.Held{}
	}
	return r.Readable.Held()
}

// readableName is what the readable target is called, or "".
func (r *Run) readableName() string {
	if r.Readable == nil {
		return ""
	}
	return r.Readable.String()
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
			defer func() { <-turn }()
			errs[i] = steadily(func() error { return do(i, t) })
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
