package provider

import (
	"cmp"
	"context"
	"time"

	"strava-token/internal/store"
)

// proofTimeout bounds a proof that comes before the store, which needs its own time.
const proofTimeout = 10 * time.Second

// plan is what has to be done with what was issued.
type plan struct {
	writeReadable bool // the readable target does not hold what lives
	writeOthers   bool // the others may not hold it either
	rememberInput bool // the readable target holds what lives, but never saw the input, which is dead
	catchUp       bool // nothing is new: the readable target held it before, and the others are stale
	noTarget      bool // there is something new, and no target
	proveFirst    bool // it has to be known whose it is before it is written
}

// plan finds out what has to be done. What can be read back is written if it holds
// another refresh token. What cannot is written if Strava replaced what the run
// began with; and since it may hold the input, also if that's no longer what lives.
func (r *Run) plan(i issued) plan {
	held, living := r.held(), i.token.RefreshToken
	inputIsDead := !r.Input.Empty() && !r.Input.Equal(living)
	p := plan{
		writeReadable: r.Readable != nil && (i.from.origin.isUnstored() || !living.Equal(held.RefreshToken)),
		writeOthers:   len(r.WriteOnly) > 0 && (i.isNew() || inputIsDead && r.Readable != nil),
		noTarget:      i.rotated() && r.Readable == nil && len(r.WriteOnly) == 0,
	}
	p.rememberInput = !p.writeReadable && i.from.origin == fromReadable && inputIsDead && !held.Saw(r.Input)
	p.catchUp = !p.writeReadable && !i.isNew() && p.writeOthers && r.Readable != nil
	p.proveFirst = r.ExpectedAthlete != 0 || p.writeReadable &&
		(i.rival.AthleteID != 0 || i.mayBeWorthLess() && len(r.RequireScopes) > 0 || r.Verify && i.athlete == 0)
	return p
}

// isAtStake reports whether there is a refresh token that has to be kept.
func (p plan) isAtStake() bool { return p.writeReadable || p.writeOthers || p.noTarget }

// kept is where the refresh token is after the store.
type kept struct {
	living issued   // by now; it may be another run's
	in     []string // the targets that have it
	failed []failedTarget
}

// failedTarget is a target that does not have it.
type failedTarget struct {
	name  string
	cause error
}

// add records what came of writing to targets: err, or nil if they have it.
func (k *kept) add(err error, targets ...Target) {
	for _, t := range targets {
		if err != nil {
			k.failed = append(k.failed, failedTarget{t.String(), err})
		} else {
			k.in = append(k.in, t.String())
		}
	}
}

// keepAndProve keeps what was issued, uninterrupted, and proves that what lives by
// then works, which the end of ctx ends.
func (r *Run) keepAndProve(ctx, settling context.Context, i issued, p plan, s *sealer) (k kept, said proof) {
	proving, cancel := within(ctx, settling)
	defer cancel()
	if p.proveFirst {
		bounded, enough := context.WithTimeout(proving, proofTimeout)
		said = r.prove(bounded, i)
		enough()
		i.athlete = cmp.Or(said.athleteID, i.athlete)
		s.take(i)
		k.living = i
		if r.judge(i, said).storable {
			k = r.keep(ctx, settling, i, p, s)
		}
	} else {
		first := make(chan proof, 1)
		go func() { first <- r.prove(proving, i) }()
		k = r.keep(ctx, settling, i, p, s)
		said = <-first
	}
	if !k.living.token.AccessToken.Equal(i.token.AccessToken) {
		said = r.prove(proving, k.living)
	}
	k.living.athlete = cmp.Or(said.athleteID, k.living.athlete)
	s.take(k.living)
	return k, said
}

// keep writes the refresh token to every target that has to be written: first to
// the one that can be read back, where the newest token wins, and then to the
// others, which must not hold one that lost. A target that fails does not stop the
// others.
func (r *Run) keep(ctx, settling context.Context, i issued, p plan, s *sealer) kept {
	if p.rememberInput {
		// If this fails nothing is lost: the next run tries the dead input again.
		_ = steadily(func() error { return r.Readable.Store(settling, r.record(i)) })
	}
	k := kept{living: i}
	writeOthers := p.writeOthers
	if p.writeReadable {
		living, written, err := r.swap(ctx, settling, i, s)
		k.living = living
		k.add(err, r.Readable)
		switch {
		case isOvertaken(err):
			if writeOthers { // a secret that another run has written may hold what lives
				k.add(err, r.WriteOnly...)
			}
			return k
		case err == nil && !written && !i.from.origin.isUnstored():
			return k // the run whose token is there keeps it everywhere else
		}
		// Strava may have replaced it only while others were writing.
		writeOthers = writeOthers || written && living.rotated()
	} else if writeOthers && r.Readable != nil && r.isSuperseded(settling, i) {
		return k // likewise
	}
	if writeOthers {
		errs := each(r.WriteOnly, func(_ int, t Target) error { return t.Store(settling, r.record(k.living)) })
		for i, err := range errs {
			k.add(err, r.WriteOnly[i])
		}
	}
	return k
}

// record is what the targets are given to keep.
func (r *Run) record(i issued) store.Record {
	scope := i.token.Scope
	if scope == nil {
		scope = r.held().Scope // the answer does not name them
	}
	return store.Record{RefreshToken: i.token.RefreshToken, AthleteID: i.athlete, Input: r.Input, Scope: scope}
}

// leavesUnkept reports whether a new refresh token is not in every target: it is
// sealed then.
func (k kept) leavesUnkept(p plan, storable bool) bool {
	switch {
	case !p.isAtStake(), p.catchUp:
		return false // there was nothing to write, or only what the readable target had all along
	case !storable && !k.living.isNew():
		return false // what the run began with still lives where it was
	case p.noTarget, len(k.failed) > 0:
		return true
	}
	return !storable && len(k.in) == 0 // it was not written anywhere
}
