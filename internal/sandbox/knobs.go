package sandbox

import (
	"errors"
	"slices"
	"strings"
	"time"
)

// Rotation says when Strava replaces the refresh token.
type Rotation string

// The rotations.
const (
	RotateNever    Rotation = "never"
	RotateOnExpiry Rotation = "expiry" // with every new access token
	RotateAlways   Rotation = "always" // with every refresh
)

// Knobs change how the services behave. The zero value of each is the usual
// behaviour.
type Knobs struct {
	Rotation       Rotation       `json:"rotation"`        // "": never
	Inactive       bool           `json:"inactive"`        // the app's owner has no subscription
	Scopes         []string       `json:"scopes"`          // what the athlete grants; nil: read, activity:read_all
	HideScope      bool           `json:"hide_scope"`      // token answers name no scope, as before 2026
	AthleteCap     bool           `json:"athlete_cap"`     // nobody else can connect
	EarlyCodes     int            `json:"early_codes"`     // this many exchanges come too early
	CallbackDomain string         `json:"callback_domain"` // where the app's users return to; "": localhost
	Year2027       bool           `json:"year_2027"`       // no token in a query, no deauthorize: as from 1 June 2027
	Activities     int            `json:"activities"`      // how many the athlete has
	Seed           int64          `json:"seed"`            // another one makes other activities
	Latency        time.Duration  `json:"-"`               // added to every answer
	Suffix         string         `json:"-"`               // added to every token, to test awkward characters
	ShortKey       bool           `json:"-"`               // GitHub's public keys are one byte too short
	Protected      string         `json:"-"`               // a branch that is protected
	Queued         time.Time      `json:"-"`               // when the workflow run was queued; zero: there is none
	CommitAge      time.Duration  `json:"-"`               // how old the newest commit of the repository is
	Observe        func(Exchange) `json:"-"`               // is handed every call
}

// Check reports a value that no knob has.
func (k Knobs) Check() error {
	switch k.Rotation {
	case "", RotateNever, RotateOnExpiry, RotateAlways:
	default:
		return errors.New("rotation is never, expiry or always")
	}
	if !covers(stravaScopes, k.Scopes) {
		return errors.New("scopes are " + strings.Join(stravaScopes, ", "))
	}
	if k.EarlyCodes < 0 || k.Activities < 0 || k.Latency < 0 {
		return errors.New("activities, early_codes and latency cannot be below zero")
	}
	return nil
}

// covers reports whether every scope that is asked for is granted.
func covers(granted, asked []string) bool {
	return !slices.ContainsFunc(asked, func(scope string) bool { return !slices.Contains(granted, scope) })
}
