package provider

import (
	"slices"

	"strava-token/internal/store"
	"strava-token/internal/words"
)

// This file builds the outcome once Strava has answered: normally, with an unreadable
// answer, or after a panic. whyNothing explains why Strava gave nothing. The other
// ends are in Do.

var (
	errCancelled        error = &words.Failure{ID: "run-cancelled"}         // before anything was spent
	errCancelledRefused error = &words.Failure{ID: "run-cancelled-refused"} // after a refusal that wasn't final yet
	errCancelledLate    error = &words.Failure{ID: "run-cancelled-late"}    // after Strava had issued a token
)

// outcome builds the outcome from what the phases returned.
func (r *Run) outcome(c checked, p plan, k kept, v proved, s sealed, cancelled bool) *Outcome {
	living := k.living
	o := &Outcome{
		Token: living.token, FromCode: living.from.origin == fromCode, Rotated: living.rotated(), AthleteID: v.athleteID, Scope: living.token.Scope,
		Kept: k.in, Recovery: s.text, Export: v.export, notKept: k.leavesUnkept(p, v.storable),
		Warnings: slices.Concat(c.warnings, v.warnings),
	}
	if cancelled || living.unmasked || living.flaw != nil {
		o.Export = ExportNone
	}
	if living.flaw != nil {
		o.Fail(living.flaw)
	}
	for _, f := range k.failed {
		o.Fail(r.notKept(f, p, o))
	}
	if v.wrong != nil {
		o.Fail(v.wrong.failure(o.Rotated && living.from.origin != fromCode, s.text != ""))
	}
	o.Failures = append(o.Failures, v.failures...)
	if s.err != nil {
		o.Warnings = append(o.Warnings, s.err)
	}
	if len(living.token.Odd) > 0 {
		o.Warnings = append(o.Warnings, &words.Failure{ID: "run-odd-answer", Blanks: words.Blanks{"fields": living.token.Odd}})
	}
	if p.noTarget && v.storable {
		o.haveNoTarget(r.HandedOver && o.Export > ExportNone)
	}
	if cancelled {
		o.Fail(errCancelledLate)
	}
	if living.unmasked {
		o.Fail(&words.Failure{ID: "run-not-masked"})
	}
	return o
}

// haveNoTarget reports a new token that no target stores: a warning if it is sealed or
// handed over, else a failure.
func (o *Outcome) haveNoTarget(handedOver bool) {
	said := noTarget(o.Recovery != "", handedOver)
	if handedOver {
		o.handedOver = said
	}
	if o.notKept = o.Recovery == "" && !handedOver; o.notKept {
		o.Fail(said)
	} else {
		o.Warnings = append(o.Warnings, said)
	}
}

// unread returns the outcome when no refresh token could be read from Strava's answers.
func (s *sealer) unread(c checked, cancelled bool) *Outcome {
	s.seal()
	o := &Outcome{Recovery: s.sealed.text, Warnings: c.warnings, notKept: true}
	failure := words.Failure{ID: "run-unread-unsealed"}
	if o.Recovery != "" {
		target := append(s.run.targetNames(), "TARGET")[0]
		failure = words.Failure{ID: "run-unread", Blanks: store.BlanksOf(target)}
	}
	o.Fail(&UnreadError{failure})
	if s.sealed.err != nil {
		o.Warnings = append(o.Warnings, s.sealed.err)
	}
	if cancelled {
		o.Fail(errCancelledLate)
	}
	return o
}

// rescue ends a run after a bug in this program made it panic, and seals the refresh
// token issued before that. The panic isn't shown: it may quote anything.
func (s *sealer) rescue(end **Outcome) {
	if recover() == nil {
		return
	}
	o := &Outcome{Failures: []error{errUnforeseen}}
	if i := s.newest.Load(); i != nil {
		o.Token, o.FromCode, o.Rotated = i.token, i.from.origin == fromCode, i.rotated()
		if i.isNew() {
			s.seal()
			o.Recovery, o.notKept = s.sealed.text, true
		}
	}
	*end = o
}

// UnreadError reports an unreadable answer that may contain a new refresh token.
type UnreadError struct{ words.Failure }

// NoTargetError reports a new refresh token for which the caller named no target.
type NoTargetError struct{ words.Failure }

// noTarget returns the error for a token that was sealed or not, and handed over or not.
func noTarget(sealed, handedOver bool) *NoTargetError {
	id := "run-no-target-unsealed"
	switch {
	case handedOver && sealed:
		id = "run-handed-over-sealed"
	case handedOver:
		id = "run-handed-over"
	case sealed:
		id = "run-no-target"
	}
	return &NoTargetError{words.Failure{ID: id}}
}

// notKept returns the failure of a target that doesn't have the new refresh token.
func (r *Run) notKept(f failedTarget, p plan, o *Outcome) error {
	id, held := "run-not-kept", ""
	switch {
	case p.catchUp:
		id, held = "run-not-kept-yet", r.Readable.String()
	case o.Recovery == "":
		id = "run-not-kept-unsealed"
	}
	b := store.BlanksOf(f.name)
	b["cause"], b["kept"], b["held"] = f.cause, o.Kept, held
	return &words.Failure{ID: id, Blanks: b}
}
