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
func (r *Run) outcome(c checked, p plan, k kept, v proved, s *sealer, cancelled bool) *Outcome {
	living := k.living
	o := &Outcome{
		Token: living.token, FromCode: living.from.origin == fromCode, Rotated: living.rotated(), AthleteID: v.athleteID, Scope: living.token.Scope,
		Kept: k.in, Recovery: s.text, Export: v.export, notKept: k.leavesUnkept(p, v.storable),
		Warnings: slices.Concat(c.warnings, v.warnings, s.warnings),
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
		o.wrongAthlete(v.wrong)
	}
	o.Failures = append(o.Failures, v.failures...)
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

// noTarget is what is said of a new token that no target stores, by whether it's sealed,
// and whether it's handed over.
var noTarget = map[[2]bool]string{
	{false, false}: "run-no-target-unsealed", {true, false}: "run-no-target",
	{false, true}: "run-handed-over", {true, true}: "run-handed-over-sealed",
}

// haveNoTarget reports a new token that no target stores: a warning if it is sealed or
// handed over, else a failure.
func (o *Outcome) haveNoTarget(handedOver bool) {
	said := &words.Failure{ID: noTarget[[2]bool{o.Recovery != "", handedOver}]}
	if handedOver {
		o.handedOver = said
	}
	if o.notKept = o.Recovery == "" && !handedOver; o.notKept {
		o.Fail(said)
	} else {
		o.Warnings = append(o.Warnings, said)
	}
}

// wrongAthlete reports a token of an athlete other than the expected one, and where it
// is. blanks are of who was expected.
func (o *Outcome) wrongAthlete(blanks words.Blanks) {
	id, sealed := "run-wrong-athlete", o.Recovery != ""
	replaced := o.Rotated && !o.FromCode // a stored token
	holds := blanks["target"] != ""      // the readable target has the expected athlete's
	switch {
	case replaced && !sealed:
		id = "run-wrong-athlete-lost"
	case replaced && holds:
		id = "run-holder-of-another-sealed"
	case replaced:
		id = "run-wrong-athlete-sealed"
	case holds:
		id = "run-holder-of-another"
	}
	blanks["sealed"] = map[bool]words.Sentence{true: "log-in-recovery"}[sealed] // it came from a code, so no stored token died
	o.Fail(&words.Failure{ID: id, Blanks: blanks})
}

// unread returns the outcome when no refresh token could be read from Strava's answers.
func (s *sealer) unread(c checked, cancelled bool) *Outcome {
	s.seal()
	o := &Outcome{Recovery: s.text, Warnings: append(c.warnings, s.warnings...), notKept: true}
	failure := &words.Failure{ID: "run-unread-unsealed"}
	if o.Recovery != "" {
		target := append(s.run.targetNames(), "TARGET")[0]
		failure = &words.Failure{ID: "run-unread", Blanks: store.BlanksOf(target)}
	}
	o.Fail(failure)
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
			o.Recovery, o.notKept = s.text, true
		}
	}
	*end = o
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
