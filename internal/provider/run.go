// Package provider is one run: a stored refresh token becomes an access token,
// and its successor is kept. The order of the run is the product:
//
//  1. The caller reads every input, reports all that is wrong at once, and
//     masks every secret among them.
//  2. Every target is checked, side by side, while the connection to Strava is
//     opened. Whatever fails here fails before the refresh token is spent.
//  3. The candidates for the refresh token are put in order: an input that the
//     readable target never saw, then what that target holds.
//  4. The first one is refreshed; the next one only if Strava says that the one
//     before is not valid.
//  5. The access token and the refresh token are masked.
//  6. The refresh token is stored wherever it differs, while the access token
//     is proved: first in the readable target, by compare-and-swap, and in the
//     others after that write succeeded. If it matters whose token it is, the proof
//     comes first.
//  7. What could not be stored, or not even read, is sealed for its owner and printed.
//  8. The caller writes the outputs and the summary, and ends.
//
// From the first byte of the token request until step 7 is over nothing
// interrupts: a cancellation only shortens the deadlines, and no failed print
// stops the store. Each phase returns a value of its own (what was checked, issued,
// kept, proved and sealed), and the outcome is made of those at the end.
package provider

import (
	"context"
	"fmt"
	"slices"
	"time"

	"strava-token/internal/secret"
	"strava-token/internal/store"
	"strava-token/internal/strava"
)

// How long a run may take, from its start. The token request never uses up the
// time that the store needs after it.
const (
	checkUntil  = 15 * time.Second
	answerUntil = 40 * time.Second
	runUntil    = 60 * time.Second
	// A cancelled job is killed 10 s after the first signal.
	answerGrace = 5 * time.Second
	storeGrace  = 8 * time.Second
)

// Run holds what one run needs: everything that is not optional. It begins with
// Code, else with Recovered, else with Input and what Readable holds.
type Run struct {
	Strava  *strava.Client
	Input   secret.Value // the refresh token that the caller is configured with; empty if Readable has it
	Code    secret.Value // optional: an authorization code
	Granted []string     // with Code: the scopes that the callback named; optional
	// CodeIsShared says that other jobs of the same workflow run get the code as
	// well: if one of them was faster, what it left in Readable does.
	CodeIsShared bool
	Recovered    []secret.Value // optional: refresh tokens from recovery texts, the newest first

	Readable  Readable // optional: the target that can be read back; of two, which is newer could not be told
	WriteOnly []Target // optional: the targets that cannot be

	Verify          bool
	RequireScopes   []string // optional
	ExpectedAthlete int64    // optional
	Replaces        int64    // optional: the athlete whose token in Readable a person agreed to replace by another's
	Recovery        bool
	HandedOver      bool           // the caller gets the refresh token itself, as one more place that keeps it
	RepositoryID    int64          // optional, told to the owner of a sealed token
	Masked          []secret.Value // what the log replaces by ***
	Snapshot        store.Snapshot
	Reporter        Reporter
	Announce        func(strava.Token) // optional: is told what Strava issued before it's kept; must not block
}

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
	Reread(ctx context.Context) (store.Held, error) // what it holds now
}

// Locker is a target that one process uses at a time. Lock waits for its turn.
type Locker interface {
	Lock(ctx context.Context) (unlock func(), err error)
}

// Reporter prints what cannot wait until the run is over. It must not fail the
// run: each says whether it could, and that is all.
type Reporter interface {
	Mask(v secret.Value) bool   // hides v in everything printed from now on; the same v may come twice
	Recover(sealed string) bool // prints the sealed refresh token for its owner to read
}

// Do runs, and returns how it ended. Cancelling ctx before the token request
// ends the run at once; after it, the run only hurries.
func (r *Run) Do(ctx context.Context) (o *Outcome) {
	sealer := &sealer{run: r}
	defer sealer.rescue(&o)
	unlock, err := lock(ctx, r.Readable)
	if err != nil {
		return &Outcome{Failures: []error{err}}
	}
	defer unlock()
	started := time.Now()

	r.Strava.Open(ctx)
	checked := r.check(ctx, started.Add(checkUntil))
	if len(checked.failures) > 0 {
		return &Outcome{Failures: checked.failures, Warnings: checked.warnings}
	}
	// Both graces are counted from the cancellation, whenever it comes.
	answering, cancel := detach(ctx, started.Add(answerUntil), answerGrace)
	defer cancel()
	settling, cancel := detach(ctx, started.Add(runUntil), storeGrace)
	defer cancel()

	issued, err := r.refresh(ctx, answering, r.candidates(), checked.facts)
	if err != nil {
		return &Outcome{Failures: []error{err}, Warnings: checked.warnings}
	}
	issued = r.receive(issued, sealer)
	if issued.token.RefreshToken.Empty() { // there are but answers that may hold one
		return sealer.unread(checked, ctx.Err() != nil)
	}
	if r.Announce != nil {
		r.Announce(issued.token)
	}
	plan := r.plan(issued)
	unwatch := sealer.watch(ctx, plan)
	kept, proof := r.keepAndProve(ctx, settling, issued, plan, sealer)
	unwatch()
	proved := r.judge(kept.living, proof)
	if kept.leavesUnkept(plan, proved.storable) {
		sealer.seal()
	}
	return r.outcome(checked, plan, kept, proved, sealer.sealed, ctx.Err() != nil)
}

// Targets returns all of them, the readable one first.
func (r *Run) Targets() []Target {
	if r.Readable == nil {
		return slices.Clone(r.WriteOnly)
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

// detach returns a context that a cancelled ctx only shortens: it ends at
// until, or grace after ctx did.
func detach(ctx context.Context, until time.Time, grace time.Duration) (context.Context, context.CancelFunc) {
	detached, cancel := context.WithDeadline(context.WithoutCancel(ctx), until)
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(grace, cancel) })
	return detached, func() { stop(); cancel() }
}

// within returns a context that ends with ctx, or at the deadline of what was detached
// from it.
func within(ctx, detached context.Context) (context.Context, context.CancelFunc) {
	until, _ := detached.Deadline()
	return context.WithDeadline(ctx, until)
}
