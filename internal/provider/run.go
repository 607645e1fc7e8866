// Package provider does one run: it turns a stored refresh token into an access
// token and keeps the successor. The order of the steps is what matters:
//
//  1. The caller reads every input, reports all that is wrong at once, and
//     masks every secret among them.
//  2. Every target is checked, in parallel, while the connection to Strava is
//     opened. Whatever fails here fails before the refresh token is spent.
//  3. The candidates are put in order: a code or recovery texts, if there are any,
//     or else an input that the readable target never saw, the token in that
//     target, and an input that it knows.
//  4. The first one goes to Strava; the next one only if Strava says that the one
//     before is not valid.
//  5. The access token and the refresh token are masked.
//  6. The refresh token is stored wherever it differs: first in the readable
//     target, by compare-and-swap, then in the others. Meanwhile the access token
//     is proved; if storing depends on the proof, the proof comes first.
//  7. A token that can't be stored, or an answer that can't even be read, is sealed
//     for its owner and printed.
//  8. The caller writes the outputs and the summary, and ends.
//
// Nothing interrupts the run from the first byte of the token request until step 7
// is over: a cancellation only shortens the deadlines, and no failed print stops
// the store. Each phase returns its own value (what was checked, issued, kept,
// proved and sealed), and the outcome is built from those at the end.
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

// How long a run may take once it has the lock. The token request never uses up
// the time that the store needs after it.
const (
	checkUntil  = 15 * time.Second
	answerUntil = 40 * time.Second
	runUntil    = 60 * time.Second
	// A cancelled job is killed 10 s after the first signal.
	answerGrace = 5 * time.Second
	storeGrace  = 8 * time.Second
)

// Run configures one run. Every field is required unless it's marked optional or is a
// bool. It begins with Code or Recovered, or else with Input and what Readable holds.
type Run struct {
	Strava  *strava.Client
	Input   secret.Value // optional: the refresh token that the caller is configured with
	Code    secret.Value // optional: an authorization code
	Granted []string     // optional: the scopes that the callback with Code named
	// CodeIsShared says that other jobs of the workflow run get the same code: if one
	// of them was faster, the token that it left in Readable is tried.
	CodeIsShared bool
	Recovered    []secret.Value // optional: refresh tokens from recovery texts, the newest first

	Readable  Readable // optional, at most one: with two, nothing says which is newer
	WriteOnly []Target // optional: the targets that can't be read back

	Verify          bool
	RequireScopes   []string // optional
	ExpectedAthlete int64    // optional
	Replaces        int64    // optional: the athlete whose token in Readable a person agreed to replace with another's
	Recovery        bool
	HandedOver      bool           // the caller gets the refresh token as well, and so keeps a copy
	RepositoryID    int64          // optional: named in a recovery text
	Masked          []secret.Value // optional: what the log replaces with ***
	Snapshot        store.Snapshot // optional: when the run read its secrets
	Reporter        Reporter
	Announce        func(strava.Token) // optional: gets what Strava issued before it's kept; may take up to two seconds
}

// Target is a place that keeps the refresh token.
type Target interface {
	fmt.Stringer
	Check(ctx context.Context) (store.Facts, error)
	Store(ctx context.Context, r store.Record) error
}

// Readable is a target that can be read back. Its Store replaces what was last
// read, and fails with store.Overtaken if someone else wrote first: Held then
// returns what is there now.
type Readable interface {
	Target
	Held() store.Held
	Reread(ctx context.Context) (store.Held, error) // what it holds now; a file, what it read under its lock
}

// Locker is a target for one process at a time. Lock waits for its turn.
type Locker interface {
	Lock(ctx context.Context) (unlock func(), err error)
}

// Reporter prints what can't wait until the run is over, and returns false if it
// couldn't. That never stops the run, but a run whose tokens couldn't be masked
// fails, and one whose only copy of a token couldn't be printed ends with NotKept.
type Reporter interface {
	Mask(v secret.Value) bool   // hides v in everything printed from now on; the same v may come twice
	Recover(sealed string) bool // prints the sealed refresh token for its owner to read
}

// Do performs the run and returns its outcome. Cancelling ctx before the token
// request ends the run at once; after it, the run only hurries.
func (r *Run) Do(ctx context.Context) (o *Outcome) {
	sealer := &sealer{run: r}
	defer sealer.rescue(&o)
	unlock, err := lock(ctx, r.Readable)
	if err != nil {
		return &Outcome{Failures: []error{err}}
	}
	defer unlock()
	started := time.Now()

	r.Strava.Network.Open(ctx, r.Strava.URL)
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
	if issued.token.RefreshToken.Empty() { // only answers that may contain one
		return sealer.unread(checked, ctx.Err() != nil)
	}
	plan := r.plan(issued)
	unwatch := sealer.watch(ctx, plan)
	kept, proof := r.keepAndProve(ctx, settling, issued, plan, sealer)
	unwatch()
	proved := r.judge(kept.living, proof)
	if kept.leavesUnkept(plan, proved.storable) {
		sealer.seal()
	}
	return r.outcome(checked, plan, kept, proved, sealer, ctx.Err() != nil)
}

// Targets returns all of them, the readable one first.
func (r *Run) Targets() []Target {
	if r.Readable == nil {
		return slices.Clone(r.WriteOnly)
	}
	return append([]Target{r.Readable}, r.WriteOnly...)
}

// held returns what the readable target held when it was last read.
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

// within returns a context that ends with ctx, or at the deadline of detached.
func within(ctx, detached context.Context) (context.Context, context.CancelFunc) {
	until, _ := detached.Deadline()
	return context.WithDeadline(ctx, until)
}
