package provider

import (
	"context"
	"sync"
	"sync/atomic"

	"strava-token/internal/recovery"
	"strava-token/internal/secret"
)

// sealer prints the recovery text of the newest refresh token, once for each token.
// While a phase runs a cancellation may ask for it at any moment, since the run may
// be killed a few seconds later; hence the locks.
type sealer struct {
	run    *Run
	newest atomic.Pointer[issued] // nil as long as nothing was issued

	printing sync.Mutex
	printed  secret.Value // the refresh token that was sealed last
	text     string       // its recovery text; "" if it could not be made or printed
	err      error        // why the first one could not be made
}

// take makes i what is sealed from now on.
func (s *sealer) take(i issued) { s.newest.Store(&i) }

// watch makes a cancellation seal at once. unwatch ends that.
func (s *sealer) watch(ctx context.Context, p plan) (unwatch func()) {
	if !p.isAtStake() {
		return func() {}
	}
	if ctx.Err() != nil {
		s.seal()
		return func() {}
	}
	sealed := make(chan struct{})
	stop := context.AfterFunc(ctx, func() { s.seal(); close(sealed) })
	return func() {
		if !stop() {
			<-sealed
		}
	}
}

// seal prints a recovery text, unless the last one had the same in it.
func (s *sealer) seal() {
	s.printing.Lock()
	defer s.printing.Unlock()
	i := *s.newest.Load()
	if !s.run.Recovery || i.token.RefreshToken.Equal(s.printed) {
		return
	}
	first := s.printed.Empty()
	s.printed, s.text = i.token.RefreshToken, ""
	text, err := s.run.recoveryText(i)
	switch {
	case err == nil && s.run.Reporter.Recover(text):
		s.text = text
	case err != nil && first:
		s.err = &NotSealedError{Err: err}
	}
}

// recoveryText seals what was issued for the owner of the app.
func (r *Run) recoveryText(i issued) (string, error) {
	var names []string
	for _, t := range r.Targets() {
		names = append(names, t.String())
	}
	return recovery.Seal(recovery.Content{
		ClientID:     r.Strava.ClientID,
		AthleteID:    i.athlete,
		Targets:      names,
		RepositoryID: r.RepositoryID,
		RefreshToken: i.token.RefreshToken,
	}, r.Strava.ClientSecret, append([]secret.Value{i.token.AccessToken, i.token.RefreshToken}, r.Masked...))
}

// sealed is what became of a refresh token that is not in every target.
type sealed struct {
	rest rest
	text string // the recovery text, or ""
	err  error  // why there could be none; nil if none was needed
}

// rest says where else a refresh token has to be.
type rest int

const (
	nowhere    rest = iota // every target that needs it has it, or it is not new
	untargeted             // there is no target: in the recovery text, or with the caller
	unkept                 // a target lacks it: in the recovery text
)

// sealRest seals a refresh token that is not in every target.
func (r *Run) sealRest(p plan, k kept, fit bool, s *sealer) sealed {
	rest := unkept
	isNew := k.rotated() || k.from.origin.isUnstored()
	switch {
	case !p.isAtStake(), p.mend, !fit && !isNew: // what was passed still lives
		rest = nowhere
	case p.untargeted && fit:
		rest = untargeted
	case !p.untargeted && !k.withheld && len(k.failed) == 0:
		rest = nowhere
	}
	if rest != nowhere {
		s.seal()
	}
	return sealed{rest: rest, text: s.text, err: s.err}
}
