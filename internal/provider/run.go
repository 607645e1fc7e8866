// Package provider is one run: a stored refresh token becomes an access token,
// and its successor is kept. The order of the run is the product:
//
//  1. The caller reads every input, reports all that is wrong at once, and
//     masks every secret among them.
//  2. Every target is checked, side by side, while the connection to Strava is
//     opened. Whatever fails here fails before the refresh token is spent.
//  3. The candidates for the refresh token are collected.
//  4. The first one is refreshed.
//  5. The access token and the refresh token are masked.
//  6. The refresh token is stored wherever it differs, while the access token
//     is proved. With an expected athlete the proof comes first.
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
	"time"

	"strava-token/internal/recovery"
	"strava-token/internal/secret"
	"strava-token/internal/store"
	"strava-token/internal/strava"
)

// How long a run may take, from its start. The token request never uses up the
// time that the store needs after it.
const (
	checkUntil   = 15 * time.Second
	refreshUntil = 40 * time.Second
	runUntil     = 60 * time.Second
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
	Store(ctx context.Context, refresh secret.Value) error
}

// Reporter prints what cannot wait until the run is over. It must not fail the
// run: Mask says whether the mask was printed, and that is all.
type Reporter interface {
	// Mask hides v in everything printed from now on.
	Mask(v secret.Value) bool
	// Recover prints the sealed refresh token for its owner. It returns false
	// where nobody can read it.
	Recover(sealed string) bool
}

// Run holds what one run needs. Every field without a word "optional" must be
// set.
type Run struct {
	Strava          *strava.Client
	Candidates      []secret.Value // refresh tokens, the most likely one first
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
	started := time.Now()
	defer r.sealOnPanic(o)

	r.Strava.Open(ctx)
	if !r.check(ctx, o, started.Add(checkUntil)) {
		return o
	}
	if ctx.Err() != nil {
		o.fail(&CancelledError{})
		return o
	}
	// Both graces are counted from the cancellation, whenever it comes.
	refreshing, cancelRefresh := detach(ctx, started.Add(refreshUntil), refreshGrace)
	defer cancelRefresh()
	settling, cancelSettle := detach(ctx, started.Add(runUntil), storeGrace)
	defer cancelSettle()
	if !r.refresh(strava.Abandon(refreshing, ctx), o) {
		if o.nothingSent && ctx.Err() != nil {
			o.Failures = []error{&CancelledError{}}
		}
		return o
	}
	masked := r.Reporter.Mask(o.Token.AccessToken)
	masked = r.Reporter.Mask(o.Token.RefreshToken) && masked
	if !masked {
		o.limit(ExportNone)
	}
	r.settle(ctx, settling, o)
	if !masked {
		o.fail(ErrNotMasked)
	}
	return o
}

// refresh spends the first candidate, and the next one only where Strava says
// that the one before is not valid. It returns false where nothing was issued.
func (r *Run) refresh(uninterrupted context.Context, o *Outcome) bool {
	var err error
	var refused, lost *strava.Error
	if !r.Code.Empty() {
		o.Token, err = r.Strava.Exchange(uninterrupted, r.Code)
		o.Rotated = !o.Token.RefreshToken.Empty()
		if o.Token.Scope == nil { // an exchange does not name them
			o.Token.Scope = r.Granted
		}
		o.nothingSent = errors.As(err, &refused) && refused.Kind == strava.Unreachable
		return r.issued(o, err)
	}
	for _, candidate := range r.Candidates {
		refused = nil
		o.Token, err = r.Strava.Refresh(uninterrupted, candidate)
		o.Rotated = !o.Token.RefreshToken.Empty() && !o.Token.RefreshToken.Equal(candidate)
		if !errors.As(err, &refused) || refused.Kind != strava.InvalidRefreshToken && refused.Kind != strava.AnswerLost {
			break
		}
		if refused.Kind == strava.AnswerLost {
			lost = refused
		}
	}
	if lost != nil && refused != nil && (refused.Kind == strava.InvalidRefreshToken || refused.Kind == strava.Unreachable) {
		refused = lost // what happened to the newest one
	}
	if refused != nil && (refused.Kind == strava.InvalidRefreshToken || refused.Kind == strava.AnswerLost) {
		err = r.Snapshot.explain(uninterrupted, refused, o.facts, r.recheck(uninterrupted))
	}
	o.nothingSent = refused != nil && refused.Kind == strava.Unreachable
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
	early := r.sealEarly(ctx, o)
	proving, cancel := context.WithCancel(uninterrupted)
	if ctx.Err() != nil {
		cancel() // at once, rather than a moment later
	}
	defer context.AfterFunc(ctx, cancel)()
	defer cancel()

	if r.ExpectedAthlete != 0 {
		// The store comes after this, and needs its time.
		bounded, enough := context.WithTimeout(proving, proofFirst)
		r.judge(o, r.prove(bounded, o.Token))
		enough()
		if !o.wrongAthlete() {
			r.keep(uninterrupted, o)
		}
	} else {
		proved := make(chan proof, 1)
		go func() { proved <- r.prove(proving, o.Token) }()
		r.keep(uninterrupted, o)
		r.judge(o, <-proved)
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

// mustKeep reports whether what Strava returned has to be stored.
func (r *Run) mustKeep(o *Outcome) bool {
	return o.Rotated || r.KeepUnchanged && !o.Token.RefreshToken.Empty()
}

// sealEarly makes a cancelled run print the recovery text before it goes on
// keeping the token, since it may be killed meanwhile. The returned function
// ends the watch.
func (r *Run) sealEarly(ctx context.Context, o *Outcome) (end func()) {
	if !r.mustKeep(o) {
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
	case !r.mustKeep(o) || o.keptEverywhere(len(r.Targets)):
		return
	case len(r.Targets) == 0 && !o.wrongAthlete():
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

// sealOnPanic prints the refresh token that was issued before a mistake of this
// program ends it.
func (r *Run) sealOnPanic(o *Outcome) {
	if p := recover(); p != nil {
		if r.mustKeep(o) {
			r.seal(o)
		}
		panic(p)
	}
}

// seal prints the new refresh token for its owner, once.
func (r *Run) seal(o *Outcome) {
	o.sealOnce.Do(func() {
		if !r.Recovery {
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
			RefreshToken: o.Token.RefreshToken,
		}, r.Strava.ClientSecret, append([]secret.Value{o.Token.AccessToken, o.Token.RefreshToken}, r.Masked...))
		if err != nil {
			o.sealErr = err
			return
		}
		if r.Reporter.Recover(text) {
			o.Recovery = text
		}
	})
	if o.sealErr != nil && !o.sealReported {
		o.sealReported = true
		o.warn(&NotSealedError{Err: o.sealErr})
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
