package provider

import (
	"errors"
	"sync"

	"strava-token/internal/store"
	"strava-token/internal/strava"
)

// Export says which outputs a run may set.
type Export int

// The levels, least first.
const (
	ExportNone Export = iota
	ExportWithoutAccessToken
	ExportAll
)

// Outcome is how a run ended.
type Outcome struct {
	Token     strava.Token
	Rotated   bool     // Strava issued a new refresh token
	AthleteID int64    // 0 where unknown
	Scope     []string // nil where unknown
	Kept      []string // the targets that now hold the new refresh token
	Recovery  string   // the sealed refresh token, where it was printed
	Export    Export
	Failures  []error // why the run failed; empty where it did not
	Warnings  []error

	mu           sync.Mutex
	facts        map[string]store.Facts
	sealOnce     sync.Once
	sealErr      error
	sealReported bool
	notKept      bool
	nothingSent  bool // the token request never left
	handedOver   bool // an output is the only place that has the refresh token
}

// know records whose token it is: what the probe said, or else the answer.
func (o *Outcome) know(probed int64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.AthleteID, o.Scope = o.Token.AthleteID, o.Token.Scope
	if probed != 0 {
		o.AthleteID = probed
	}
}

// athlete is whose token it is as far as is known; a cancellation may ask at any
// moment.
func (o *Outcome) athlete() int64 {
	o.mu.Lock()
	defer o.mu.Unlock()
	return max(o.AthleteID, o.Token.AthleteID)
}

// tellWhetherSealed tells the errors whose next step depends on it.
func (o *Outcome) tellWhetherSealed() {
	for _, err := range o.Failures {
		switch e := err.(type) {
		case *NotKeptError:
			e.Sealed = o.Recovery != ""
		case *WrongAthleteError:
			e.Replaced, e.Sealed = o.Rotated, o.Recovery != ""
		}
	}
}

// Fail records that what came after the run failed.
func (o *Outcome) Fail(err error) { o.fail(err) }

// NotExported records that the outputs could not be set.
func (o *Outcome) NotExported(err error) {
	o.fail(err)
	if !o.handedOver {
		return
	}
	o.notKept = o.Recovery == ""
	for _, warning := range o.Warnings {
		var e *NoTargetError
		if errors.As(warning, &e) {
			e.HandedOver = false // nobody got it after all
		}
	}
}

func (o *Outcome) fail(err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.Failures = append(o.Failures, err)
}

func (o *Outcome) warn(err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.Warnings = append(o.Warnings, err)
}

// limit lowers what may be exported.
func (o *Outcome) limit(e Export) { o.Export = min(o.Export, e) }

func (o *Outcome) keptEverywhere(targets int) bool {
	return targets > 0 && len(o.Kept) == targets
}

func (o *Outcome) wrongAthlete() bool {
	for _, err := range o.Failures {
		if _, ok := err.(*WrongAthleteError); ok {
			return true
		}
	}
	return false
}
