package provider

import (
	"slices"

	"strava-token/internal/strava"
)

// Export says which outputs a run may set.
type Export int

const (
	ExportNone Export = iota // the least first
	ExportWithoutAccessToken
	ExportAll
)

// Status is what the process ends with, which scripts may rely on.
type Status int

const (
	Done     Status = 0
	Failed   Status = 1
	BadInput Status = 2 // nothing was sent anywhere
	NotKept  Status = 3 // a new refresh token is not in every target; outranks Failed
)

// Outcome is how a run ended.
type Outcome struct {
	Token     strava.Token
	Rotated   bool     // Strava issued a new refresh token
	AthleteID int64    // 0 if unknown
	Scope     []string // nil if unknown
	Kept      []string // the targets that now hold the new refresh token
	Recovery  string   // the sealed refresh token, if it was printed
	Export    Export
	Failures  []error // why the run failed; empty if it did not
	Warnings  []error

	notKept    bool
	handedOver *NoTargetError // the warning that an output has the refresh token, and no target; or nil
}

// Status returns how the process ends after this run.
func (o *Outcome) Status() Status {
	switch {
	case o.notKept:
		return NotKept
	case len(o.Failures) > 0:
		return Failed
	}
	return Done
}

// Fail records that what came after the run failed.
func (o *Outcome) Fail(err error) { o.Failures = append(o.Failures, err) }

// NotExported records that the outputs could not be set.
func (o *Outcome) NotExported(err error) {
	o.Fail(err)
	if o.handedOver != nil {
		o.handedOver.HandedOver = false // nobody got it after all
		o.notKept = o.Recovery == ""
	}
}

// outcome puts together what the phases returned, once something was issued. (The
// other ends are in Do; whyNothing says why nothing was.)
func (r *Run) outcome(c checked, p plan, k kept, v proved, s sealed, cancelled bool) *Outcome {
	o := &Outcome{
		Token: k.token, Rotated: k.rotated(), AthleteID: v.athleteID, Scope: k.token.Scope,
		Kept: k.in, Recovery: s.text, Export: v.export,
		Warnings: slices.Concat(c.warnings, v.warnings),
	}
	if cancelled || k.unmasked || k.flaw != nil {
		o.Export = ExportNone
	}
	if k.flaw != nil {
		o.Fail(k.flaw)
	}
	for _, f := range k.failed {
		f.Kept, f.Sealed = k.in, s.text != ""
		if p.mend {
			f.Held = r.readableName()
		}
		o.Fail(f)
	}
	if v.wrong != nil {
		v.wrong.Replaced, v.wrong.Sealed = o.Rotated && k.from.origin != fromCode, s.text != ""
	}
	o.Failures = append(o.Failures, v.failures...)
	if s.err != nil {
		o.Warnings = append(o.Warnings, s.err)
	}
	if len(k.token.Odd) > 0 {
		o.Warnings = append(o.Warnings, &OddAnswerError{Fields: k.token.Odd})
	}
	if p.untargeted && v.fit {
		o.haveNoTarget(r.HandedOver && o.Export > ExportNone)
	} else if s.needed {
		o.notKept = true
	}
	if cancelled {
		o.Fail(&CancelledError{Spent: true})
	}
	if k.unmasked {
		o.Fail(ErrNotMasked)
	}
	return o
}

// haveNoTarget says where a new refresh token is that no target keeps.
func (o *Outcome) haveNoTarget(handedOver bool) {
	e := &NoTargetError{Sealed: o.Recovery != "", HandedOver: handedOver}
	if handedOver {
		o.handedOver = e
	}
	if o.notKept = !e.Sealed && !handedOver; o.notKept {
		o.Fail(e)
	} else {
		o.Warnings = append(o.Warnings, e)
	}
}

// unforeseen is the outcome of a mistake of this program, which seals the refresh
// token that was issued before.
func (s *sealer) unforeseen() *Outcome {
	o := &Outcome{Failures: []error{errUnforeseen}}
	i := s.newest.Load()
	if i == nil {
		return o
	}
	o.Token, o.Rotated = i.token, i.rotated()
	if i.isNew() {
		s.seal()
		o.Recovery, o.notKept = s.text, true
	}
	return o
}
