package provider

import (
	"cmp"
	"context"
	"slices"
	"time"
)

// proofFirst bounds a proof that comes before the store, which needs its own time.
const proofFirst = 10 * time.Second

// plan is what has to be done with what was issued.
type plan struct {
	readable   bool // the readable target has to be written: it does not hold what lives
	writeOnly  bool // so do the others: they may not hold it either
	remember   bool // the readable target holds what lives, but never saw the input, which is dead
	mend       bool // nothing is new: the readable target held it before, and the others are stale
	untargeted bool // there is something new, and no target
	proofFirst bool // it has to be known whose it is before it is written
}

// plan finds out what has to be done. What can be read back is written if it holds
// another refresh token. What cannot is written if Strava replaced what the run
// began with; and since it may hold the input, also if that's no longer what lives.
func (r *Run) plan(i issued) plan {
	held, living := r.held(), i.token.RefreshToken
	stale := !r.Input.Empty() && !r.Input.Equal(living)
	p := plan{
		readable:   r.Readable != nil && (i.from.origin.isUnstored() || !living.Equal(held.RefreshToken)),
		writeOnly:  len(r.WriteOnly) > 0 && (i.isNew() || stale && r.Readable != nil),
		untargeted: i.rotated() && r.Readable == nil && len(r.WriteOnly) == 0,
	}
	p.remember = !p.readable && i.from.origin == fromReadable && stale && !held.Saw(r.Input)
	p.mend = !p.readable && !i.isNew() && p.writeOnly && r.Readable != nil
	p.proofFirst = r.ExpectedAthlete != 0 || p.readable &&
		(i.instead.AthleteID != 0 || i.replaces() && len(r.RequireScopes) > 0 || r.Verify && i.athlete == 0)
	return p
}

// isAtStake reports whether there is a refresh token that has to be kept.
func (p plan) isAtStake() bool { return p.readable || p.writeOnly || p.untargeted }

// kept is where the refresh token is after the store.
type kept struct {
	issued          // what lives by then: it may be another run's
	in     []string // the targets that have it
	failed []*NotKeptError
}

func (k *kept) add(targets []Target, errs []error) {
	for i, t := range targets {
		if errs[i] != nil {
			k.failed = append(k.failed, &NotKeptError{Target: t.String(), Err: errs[i]})
		} else {
			k.in = append(k.in, t.String())
		}
	}
}

// keepAndProve keeps what was issued, uninterrupted, and proves that what lives by
// then works, which the end of ctx ends.
func (r *Run) keepAndProve(ctx, settling context.Context, i issued, p plan, s *sealer) (kept, proof) {
	proving, cancel := untilEither(settling, ctx)
	defer cancel()
	var k kept
	var proved proof
	if p.proofFirst {
		bounded, enough := context.WithTimeout(proving, proofFirst)
		proved = r.prove(bounded, i)
		enough()
		i.athlete = cmp.Or(proved.athleteID, i.athlete)
		s.take(i)
		k.issued = i
		if r.judge(i, proved).fit {
			k = r.keep(ctx, settling, i, p, s)
		}
	} else {
		first := make(chan proof, 1)
		go func() { first <- r.prove(proving, i) }()
		k = r.keep(ctx, settling, i, p, s)
		proved = <-first
	}
	if !k.token.AccessToken.Equal(i.token.AccessToken) {
		proved = r.prove(proving, k.issued)
	}
	k.athlete = cmp.Or(proved.athleteID, k.athlete)
	s.take(k.issued)
	return k, proved
}

// keep writes the refresh token to every target that has to be written: first to
// the one that can be read back, where the newest token wins, and then to the
// others, which must not hold one that lost. A target that fails does not stop the
// others.
func (r *Run) keep(ctx, settling context.Context, i issued, p plan, s *sealer) kept {
	if p.remember {
		// If this fails nothing is lost: the next run tries the dead input again.
		_ = steadily(func() error { return r.Readable.Store(settling, r.record(i)) })
	}
	k := kept{issued: i}
	writeOnly := p.writeOnly
	if p.readable {
		now, written, err := r.swap(ctx, settling, i, s)
		k.issued = now
		k.add([]Target{r.Readable}, []error{err})
		switch {
		case isOvertaken(err):
			if writeOnly { // a secret that another run has written may hold what lives
				k.add(r.WriteOnly, slices.Repeat([]error{err}, len(r.WriteOnly)))
			}
			return k
		case err == nil && !written && !i.from.origin.isUnstored():
			return k // the run whose token is there keeps it everywhere else
		}
		// Strava may have replaced it only while others were writing.
		writeOnly = writeOnly || written && now.rotated()
	} else if writeOnly && r.Readable != nil && r.isSuperseded(settling, i) {
		return k // likewise
	}
	if writeOnly {
		k.add(r.WriteOnly, each(r.WriteOnly, func(_ int, t Target) error { return t.Store(settling, r.record(k.issued)) }))
	}
	return k
}
