package provider

import (
	"context"
	"sync"
	"sync/atomic"

	"strava-token/internal/recovery"
	"strava-token/internal/secret"
)

// sealer prints the recovery text of what was issued last, once for each.
// While a phase runs a cancellation may ask for it at any moment, since the run may
// be killed a few seconds later; hence the locks.
type sealer struct {
	run    *Run
	newest atomic.Pointer[issued] // nil as long as nothing was issued

	printing sync.Mutex
	printed  *issued // what was sealed last
	text     string  // its recovery text; "" if it could not be made or printed
	err      error   // why one could not be made
}

// take makes i what is sealed from now on.
func (s *sealer) take(i issued) { s.newest.Store(&i) }

// watch makes a cancellation seal at once. unwatch ends that.
func (s *sealer) watch(ctx context.Context, p plan) (unwatch func()) {
	if !p.isAtStake() {
		return func() {}
	}
	sealed := make(chan struct{})
	stop := context.AfterFunc(ctx, func() { s.seal(); close(sealed) })
	unwatch = func() {
		if !stop() {
			<-sealed
		}
	}
	if ctx.Err() != nil {
		unwatch() // and nothing is stored before that
	}
	return unwatch
}

// seal prints a recovery text, unless the last one had the same in it.
func (s *sealer) seal() {
	s.printing.Lock()
	defer s.printing.Unlock()
	i := *s.newest.Load()
	if !s.run.Recovery || s.printed != nil && i.sealsLike(*s.printed) {
		return
	}
	s.printed, s.text = &i, ""
	text, err := s.run.recoveryText(i)
	if err != nil {
		s.err = &NotSealedError{Err: err}
	} else if s.run.Reporter.Recover(text) {
		s.text = text
	}
}

// sealsLike reports whether two recovery texts would have the same in them.
func (i issued) sealsLike(other issued) bool {
	return i.token.RefreshToken.Equal(other.token.RefreshToken) && len(i.token.Unread) == len(other.token.Unread)
}

// unread is the outcome if there are but answers that may hold a refresh token.
func (s *sealer) unread(c checked, i issued, cancelled bool) *Outcome {
	s.seal()
	o := &Outcome{Recovery: s.text, Warnings: c.warnings, notKept: true}
	o.Fail(&UnreadError{Targets: s.run.targetNames(), Sealed: s.text != "", Err: i.flaw})
	if s.err != nil {
		o.Warnings = append(o.Warnings, s.err)
	}
	if cancelled {
		o.Fail(&CancelledError{Spent: true})
	}
	return o
}

// targetNames are the names of all targets.
func (r *Run) targetNames() (names []string) {
	for _, t := range r.Targets() {
		names = append(names, t.String())
	}
	return names
}

// recoveryText seals what was issued for the owner of the app.
func (r *Run) recoveryText(i issued) (string, error) {
	return recovery.Seal(recovery.Content{
		ClientID:     r.Strava.ClientID,
		AthleteID:    i.athlete,
		Targets:      r.targetNames(),
		RepositoryID: r.RepositoryID,
		RefreshToken: i.token.RefreshToken,
		Unread:       i.token.Unread,
	}, r.Strava.ClientSecret, append([]secret.Value{i.token.AccessToken, i.token.RefreshToken}, r.Masked...))
}

// sealed is what became of a refresh token that is not in every target.
type sealed struct {
	needed bool   // there is one
	text   string // the recovery text that was printed, or ""
	err    error  // why none could be made, or nil
}

// sealRest seals a refresh token that is not in every target, unless that's nothing
// new: then what the run began with still lives.
func (r *Run) sealRest(p plan, k kept, fit bool, s *sealer) sealed {
	isKept := !p.untargeted && len(k.failed) == 0 && (fit || len(k.in) > 0)
	isOld := p.mend || !fit && !k.isNew()
	needed := p.isAtStake() && !isKept && !isOld
	if needed {
		s.seal()
	}
	return sealed{needed, s.text, s.err}
}
