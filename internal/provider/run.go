// Package provider is one run: a stored refresh token becomes an access token,
// and its successor is kept. The order of the run is the product:
//
//  1. The caller reads every input, reports all that is wrong at once, and
//     masks every secret among them.
//  2. Every target is checked, side by side, while the connection to Strava is
//     opened. Whatever fails here fails before the refresh token is spent.
//  3. The candidates for the refresh token are put in order: an input that a
//     readable target never saw, then what that target holds.
//  4. The first one is refreshed; the next one only where Strava says that the
//     one before is not valid.
//  5. The access token and the refresh token are masked.
//  6. The refresh token is stored wherever it differs, while the access token
//     is proved: first in the readable target, by compare-and-swap, and in the
//     others after that was won. Where it matters whose token it is the proof
//     comes first.
//  7. What could not be stored is sealed for its owner and printed.
//  8. The caller writes the outputs and the summary, and ends.
//
// From the first byte of the token request until step 7 is over nothing
// interrupts: a cancellation only shortens the deadlines, and no failed print
// stops the store.
package provider

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"strava-token/internal/recovery"
	"strava-token/internal/secret"
	"strava-token/internal/store"
	"strava-token/internal/strava"
	"strava-token/internal/transport"
)

// How long a run may take, from its start. The token request never uses up the
// time that the store needs after it.
const (
	checkUntil   = 15 * time.Second
	refreshUntil = 40 * time.Second
	runUntil     = 60 * time.Second
	// Before that, a run may wait for another process to be done with a file.
	lockPatience = 2 * time.Minute
	// A cancelled job is killed 10 s after the first signal.
	refreshGrace = 5 * time.Second
	storeGrace   = 8 * time.Second
	// A proof that has to come before the store must not use up its time.
	proofFirst = 10 * time.Second
)

// Target is a place where the refresh token is kept.
type Target interface {
	fmt.Stringer
	Check(ctx context.Context) (store.Facts, error)
	Store(ctx context.Context, r store.Record) error
}

// Reporter prints what cannot wait until the run is over. It must not fail the
// run: Mask says whether the mask was printed, and that is all.
type Reporter interface {
	// Mask hides v in everything printed from now on; the same v may come twice.
	Mask(v secret.Value) bool
	// Recover prints the sealed refresh token for its owner. It returns false
	// where nobody can read it.
	Recover(sealed string) bool
}

// Run holds what one run needs. Every field without a word "optional" must be
// set.
type Run struct {
	Strava          *strava.Client
	Candidates      []secret.Value // refresh tokens, the most likely one first; empty where a readable target has it
	Recovered       bool           // the candidates were recovered, so no configuration names them
	Code            secret.Value   // optional; takes the place of every candidate
	Granted         []string       // with Code: the scopes that the callback named; optional
	Targets         []Target       // optional
	KeepUnchanged   bool           // store what Strava returns even if it is the candidate
	Verify          bool
	RequireScopes   []string // optional
	ExpectedAthlete int64    // optional
	Recovery        bool
	HandedOver      bool           // the caller gets the refresh token itself, as one more place that keeps it
	RepositoryID    int64          // optional, told to the owner of a sealed token
	Masked          []secret.Value // what the log replaces by ***
	Snapshot        Snapshot
	Reporter        Reporter
}

// Do runs, and returns how it ended. Cancelling ctx before the token request
// ends the run at once; after it, the run only hurries.
func (r *Run) Do(ctx context.Context) *Outcome {
	o := &Outcome{Export: ExportNone}
	r.do(ctx, o)
	return o
}

func (r *Run) do(ctx context.Context, o *Outcome) {
	defer r.endPanic(o)
	unlock, err := r.lock(ctx)
	if err != nil {
		if ctx.Err() != nil {
			err = &CancelledError{}
		}
		o.fail(err)
		return
	}
	defer unlock()
	started := time.Now()

	r.Strava.Open(ctx)
	if !r.check(ctx, o, started.Add(checkUntil)) {
		return
	}
	if ctx.Err() != nil {
		o.fail(&CancelledError{})
		return
	}
	// Both graces are counted from the cancellation, whenever it comes.
	refreshing, cancelRefresh := detach(ctx, started.Add(refreshUntil), refreshGrace)
	defer cancelRefresh()
	settling, cancelSettle := detach(ctx, started.Add(runUntil), storeGrace)
	defer cancelSettle()
	if !r.refresh(ctx, refreshing, o) {
		if o.nothingSent && ctx.Err() != nil {
			o.Failures = []error{&CancelledError{}}
		}
		return
	}
	r.mask(o)
	r.settle(ctx, settling, o)
	if o.unmasked {
		o.fail(ErrNotMasked)
	}
}

// mask hides what Strava issued, before anything else is done with it.
func (r *Run) mask(o *Outcome) {
	masked := r.Reporter.Mask(o.Token.AccessToken)
	masked = r.Reporter.Mask(o.Token.RefreshToken) && masked
	if !masked {
		o.unmasked = true
		o.limit(ExportNone)
	}
}

// refresh spends the first candidate, and the next one only where Strava says
// that the one before is not valid. It returns false where nothing was issued.
func (r *Run) refresh(ctx, uninterrupted context.Context, o *Outcome) bool {
	if !r.Code.Empty() {
		return r.exchange(ctx, uninterrupted, o)
	}
	queue := r.candidates()
	if len(queue) == 0 {
		o.fail(&NoCandidateError{Target: targetName(r.readable())})
		return false
	}
	// Waiting for others ends with the caller's patience, and with the time for a
	// token request.
	waiting, cancel := context.WithCancel(uninterrupted)
	defer cancel()
	defer context.AfterFunc(ctx, cancel)()
	a := attempts{held: !r.Recovered && r.readable() != nil && !r.readable().Held().RefreshToken.Empty()}
	for len(queue) > 0 {
		candidate := queue[0]
		queue = queue[1:]
		if len(a.tried) > 0 && !strava.EnoughTime(uninterrupted, 0) {
			break // its answer could not be waited for
		}
		a.tried = append(a.tried, candidate)
		if !slices.ContainsFunc(r.Candidates, candidate.Equal) {
			r.Reporter.Mask(candidate) // it was read back, so nobody has masked it
		}
		token, err := r.Strava.Refresh(ctx, uninterrupted, candidate)
		o.issue(token, candidate, r.presume(candidate))
		o.byHand = r.isByHand(candidate)
		if !a.refused(err) {
			break
		}
		if len(queue) == 0 {
			next, err := r.newer(waiting, a.tried)
			a.unreadable = err
			if !next.Empty() && transport.Pause(waiting, scatter(a.lost)) == nil {
				a.lost++
				queue = []secret.Value{next}
			}
			a.cut = len(queue) == 0 && ctx.Err() != nil && r.waitsForOthers()
		}
	}
	o.nothingSent = a.last != nil && a.last.Kind == strava.Unreachable && a.gone == nil
	return r.issued(o, r.verdict(uninterrupted, o, &a))
}

// exchange spends the code. ctx tells whether the run was cancelled meanwhile.
func (r *Run) exchange(ctx, uninterrupted context.Context, o *Outcome) bool {
	token, err := r.Strava.Exchange(ctx, uninterrupted, r.Code)
	if token.Scope == nil { // an exchange does not name them
		token.Scope = r.Granted
	}
	o.issue(token, secret.Value{}, 0)
	var refused *strava.Error
	o.nothingSent = errors.As(err, &refused) && refused.Kind == strava.Unreachable
	if refused != nil && refused.Kind == strava.InvalidCode && ctx.Err() != nil {
		err = &CancelledError{Refused: true} // it may have been too early, and was not asked again
	}
	return r.issued(o, err)
}

// issued draws the first consequence of Strava's answer. It returns false where
// there is no refresh token to keep.
func (r *Run) issued(o *Outcome, err error) bool {
	if err == nil {
		o.Export = ExportAll
		return true
	}
	o.fail(err)
	return !o.Token.RefreshToken.Empty()
}

// settle keeps what was issued, uninterrupted, and proves that it works, which a
// cancelled ctx ends.
func (r *Run) settle(ctx, uninterrupted context.Context, o *Outcome) {
	r.plan(o)
	early := r.sealEarly(ctx, o)
	proving, cancel := context.WithCancel(uninterrupted)
	if ctx.Err() != nil {
		cancel() // at once, rather than a moment later
	}
	defer context.AfterFunc(ctx, cancel)()
	defer cancel()

	token, holder := o.Token, r.holder(o)
	if r.mustProveFirst(o) {
		// The store comes after this, and needs its time.
		bounded, enough := context.WithTimeout(proving, proofFirst)
		p := r.prove(bounded, token, holder)
		r.judge(o, p, holder)
		enough()
		flawless := len(o.Failures) == 0
		if !o.unfit() {
			r.keep(ctx, uninterrupted, o)
		}
		if flawless && !token.RefreshToken.Equal(o.Token.RefreshToken) { // another one stands there now
			o.forgetDoubts()
			r.judge(o, r.proveAgain(proving, o, token, p), 0)
		}
	} else {
		proved := make(chan proof, 1)
		go func() { proved <- r.prove(proving, token, holder) }()
		r.keep(ctx, uninterrupted, o)
		r.judge(o, r.proveAgain(proving, o, token, <-proved), holder)
	}
	early()
	cancelled := ctx.Err() != nil
	if cancelled {
		o.limit(ExportNone)
	}
	r.sealWhatIsLeft(o)
	o.tellWhetherSealed()
	if cancelled {
		o.fail(&CancelledError{Spent: true})
	}
}

// proveAgain returns the proof p of token, or one of the access token that came
// with a token that was adopted.
func (r *Run) proveAgain(ctx context.Context, o *Outcome, token strava.Token, p proof) proof {
	if token.AccessToken.Equal(o.Token.AccessToken) {
		return p
	}
	return r.prove(ctx, o.Token, 0)
}

// sealEarly makes a cancelled run print the recovery text before it goes on
// keeping the token, since it may be killed meanwhile. The returned function
// ends the watch.
func (r *Run) sealEarly(ctx context.Context, o *Outcome) (end func()) {
	if !o.atStake() {
		return func() {}
	}
	if ctx.Err() != nil {
		r.seal(o)
		return func() {}
	}
	sealed := make(chan struct{})
	stop := context.AfterFunc(ctx, func() { r.seal(o); close(sealed) })
	return func() {
		if !stop() {
			<-sealed
		}
	}
}

// sealWhatIsLeft seals a new refresh token that is not in every target.
func (r *Run) sealWhatIsLeft(o *Outcome) {
	switch {
	case !o.atStake() || len(o.due) > 0 && len(o.Kept) == len(o.due):
		return
	case r.heldAlready(o) != "":
		return
	case o.unfit() && !o.Rotated && !r.KeepUnchanged:
		return // what was passed still lives
	case len(r.Targets) == 0 && !o.unfit():
		r.seal(o)
		o.handedOver = r.HandedOver && o.Export > ExportNone
		if o.Recovery == "" && !o.handedOver {
			o.notKept = true
			o.fail(&NoTargetError{})
			return
		}
		o.warn(&NoTargetError{Sealed: o.Recovery != "", HandedOver: o.handedOver})
	default:
		r.seal(o)
		o.notKept = true
	}
}

// endPanic makes a failure of a mistake of this program, and seals the refresh
// token that was issued before. The panic itself is not shown: it may quote
// anything.
func (r *Run) endPanic(o *Outcome) {
	if recover() == nil {
		return
	}
	o.limit(ExportNone)
	o.fail(errUnforeseen)
	if o.Rotated || r.KeepUnchanged && !o.Token.RefreshToken.Empty() {
		r.seal(o)
		o.notKept = true
	}
}

// seal prints the new refresh token for its owner, and does not repeat itself.
func (r *Run) seal(o *Outcome) {
	o.sealing.Lock()
	defer o.sealing.Unlock()
	token := o.token()
	if !r.Recovery || token.RefreshToken.Equal(o.sealed) {
		return
	}
	names := make([]string, len(r.Targets))
	for i, t := range r.Targets {
		names[i] = t.String()
	}
	text, err := recovery.Seal(recovery.Content{
		ClientID:     r.Strava.ClientID,
		AthleteID:    o.athlete(),
		Targets:      names,
		RepositoryID: r.RepositoryID,
		RefreshToken: token.RefreshToken,
	}, r.Strava.ClientSecret, append([]secret.Value{token.AccessToken, token.RefreshToken}, r.Masked...))
	if err != nil {
		if o.sealed.Empty() {
			o.warn(&NotSealedError{Err: err})
		}
		o.Recovery, o.sealed = "", token.RefreshToken
		return
	}
	o.Recovery, o.sealed = "", token.RefreshToken
	if r.Reporter.Recover(text) {
		o.Recovery = text
	}
}

// detach returns a context that a cancelled ctx only shortens: it ends at
// until, or grace after ctx did.
func detach(ctx context.Context, until time.Time, grace time.Duration) (context.Context, context.CancelFunc) {
	detached, cancel := context.WithDeadline(context.WithoutCancel(ctx), until)
	stop := context.AfterFunc(ctx, func() {
		hurry := time.NewTimer(grace)
		defer hurry.Stop()
		select {
		case <-hurry.C:
			cancel()
		case <-detached.Done():
		}
	})
	return detached, func() { stop(); cancel() }
}
