package provider

import (
	"cmp"
	"context"
	"time"

	"strava-token/internal/store"
)

// proofTimeout limits a proof made before storing, so that time is left to store.
const proofTimeout = 10 * time.Second

// plan is what to do with what was issued.
type plan struct {
	writeReadable bool // the readable target doesn't hold the live token
	writeOthers   bool // the other targets may not hold it
	rememberInput bool // the readable target holds the live token, but never saw the dead input
	catchUp       bool // nothing is new: the readable target had the token, and the others are stale
	noTarget      bool // there's a new token, and no target
	proveFirst    bool // the token has to be proved before it's written
}

// plan decides what to do. The readable target is written if it holds another refresh
// token. The others are written if Strava replaced the token that the run began with,
// or, since they may hold the input, if a readable target showed that it's dead.
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

// isAtStake reports whether a refresh token has to be kept.
func (p plan) isAtStake() bool { return p.writeReadable || p.writeOthers || p.noTarget }

// kept says where the token ended up.
type kept struct {
	living issued   // the live token, perhaps another run's
	in     []string // the targets that have it
	failed []failedTarget
}

// failedTarget is a target that doesn't have it.
type failedTarget struct {
	name  string
	cause error
}

// add records the result of writing to targets: err, or nil if they have the token.
func (k *kept) add(err error, targets ...Target) {
	for _, t := range targets {
		if err != nil {
			k.failed = append(k.failed, failedTarget{t.String(), err})
		} else {
			k.in = append(k.in, t.String())
		}
	}
}

// keepAndProve stores the token regardless of cancellation, and checks the access token
// that is live afterwards; cancelling ctx stops only the check.
func (r *Run) keepAndProve(ctx, settling context.Context, i issued, p plan, s *sealer) (k kept, said proof) {
	if r.Announce != nil {
		r.Announce(i.token)
	}
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

// keep writes the refresh token to every target that needs it: first to the readable
// one, where the newest token wins, then to the others, so that they never get one that
// lost. A failing target doesn't stop the others.
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
			if writeOthers { // another run may have written the live token to a secret
				k.add(err, r.WriteOnly...)
			}
			return k
		case err == nil && !written && !i.from.origin.isUnstored():
			return k // the run whose token is there stores it everywhere
		}
		// Strava may have replaced the token only during the swap.
		writeOthers = writeOthers || written && living.rotated()
	} else if writeOthers && r.Readable != nil && r.isSuperseded(settling, i) {
		return k // a newer run stores it everywhere
	}
	if writeOthers {
		errs := each(r.WriteOnly, func(_ int, t Target) error { return t.Store(settling, r.record(k.living)) })
		for i, err := range errs {
			k.add(err, r.WriteOnly[i])
		}
	}
	return k
}

// record returns what the targets store.
func (r *Run) record(i issued) store.Record {
	scope := i.token.Scope
	if scope == nil {
		scope = r.held().Scope // the answer names none
	}
	return store.Record{RefreshToken: i.token.RefreshToken, AthleteID: i.athlete, Input: r.Input, Scope: scope}
}

// leavesUnkept reports whether a new refresh token isn't in every target, and so has
// to be sealed.
func (k kept) leavesUnkept(p plan, storable bool) bool {
	switch {
	case !p.isAtStake(), p.catchUp:
		return false // nothing to write, or only what the readable target had all along
	case !storable && !k.living.isNew():
		return false // the token that the run began with is still valid where it was
	case p.noTarget, len(k.failed) > 0:
		return true
	}
	return !storable && len(k.in) == 0 // it wasn't written anywhere
}
