package provider

import (
	"context"
	"sync"
	"sync/atomic"

	"strava-token/internal/recovery"
	"strava-token/internal/secret"
	"strava-token/internal/words"
)

// sealer prints the recovery text of what was issued last, once each. A cancellation
// may ask for it at any moment of a phase, since the run may be killed a few seconds
// later; hence the locks.
type sealer struct {
	run    *Run
	newest atomic.Pointer[issued] // nil until something is issued

	printing sync.Mutex
	last     *issued // what was sealed last
	text     string  // the recovery text that was printed last; "" if none was
	warnings []error // why none could be made
}

// take makes i the token to seal.
func (s *sealer) take(i issued) { s.newest.Store(&i) }

// watch makes a cancellation seal at once, until unwatch is called.
func (s *sealer) watch(ctx context.Context, p plan) (unwatch func()) {
	if !p.isAtStake() {
		return func() {}
	}
	done := make(chan struct{})
	stop := context.AfterFunc(ctx, func() { s.seal(); close(done) })
	unwatch = func() {
		if !stop() {
			<-done
		}
	}
	if ctx.Err() != nil {
		unwatch() // sealed before anything is stored
	}
	return unwatch
}

// seal prints a recovery text, unless the last one had the same content.
func (s *sealer) seal() {
	s.printing.Lock()
	defer s.printing.Unlock()
	i, last := *s.newest.Load(), s.last
	same := last != nil && i.token.RefreshToken.Equal(last.token.RefreshToken) && len(i.token.Unread) == len(last.token.Unread)
	if same || !s.run.Recovery {
		return
	}
	s.last, s.text = &i, ""
	text, err := s.run.recoveryText(i)
	if err != nil {
		s.warnings = []error{&words.Failure{ID: "run-not-sealed"}}
	} else if s.run.Reporter.Recover(text) {
		s.text = text
	}
}

// targetNames returns the names of all targets.
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
