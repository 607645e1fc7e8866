package sandbox

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
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

// App is a registered Strava app.
type App struct{ ID, Secret string }

// Knobs change how the services behave. The zero value of each is the normal
// behaviour. The app and its first refresh token stay as they were at the start.
type Knobs struct {
	App            App            `json:"-"`               // an empty id is 48213, an empty secret is made up
	RefreshToken   string         `json:"-"`               // the first one; "": made up
	Rotation       Rotation       `json:"rotation"`        // "": never
	Inactive       bool           `json:"inactive"`        // the app's owner has no subscription
	Scopes         []string       `json:"scopes"`          // what the athlete grants; nil: read, activity:read_all
	HideScope      bool           `json:"hide_scope"`      // token answers name no scope, as before 2026
	AthleteCap     bool           `json:"athlete_cap"`     // nobody else can connect
	EarlyCodes     int            `json:"early_codes"`     // this many exchanges come too early
	CallbackDomain string         `json:"callback_domain"` // where the app's users return to; "": localhost
	Year2027       bool           `json:"year_2027"`       // no token in a query, no deauthorize: as from 1 June 2027
	Activities     int            `json:"activities"`      // how many the athlete has
	Seed           int64          `json:"seed"`            // a different one makes different activities
	Latency        time.Duration  `json:"-"`               // added to every answer
	Suffix         string         `json:"-"`               // added to every token, to test awkward characters
	ShortKey       bool           `json:"-"`               // GitHub's public keys are one byte too short
	Protected      string         `json:"-"`               // a branch that is protected
	Queued         time.Time      `json:"-"`               // when the workflow run was queued; zero: there is none
	CommitAge      time.Duration  `json:"-"`               // how old the newest commit of the repository is
	Observe        func(Exchange) `json:"-"`               // is given every call

	notify func(call string)
}

var plain = regexp.MustCompile(`^[A-Za-z0-9_-]*$`)

// Check reports a value that no knob has.
func (k Knobs) Check() error {
	switch {
	case !slices.Contains([]Rotation{"", RotateNever, RotateOnExpiry, RotateAlways}, k.Rotation):
		return errors.New("rotation is never, expiry or always")
	case !covers(stravaScopes, k.Scopes):
		return errors.New("scopes are " + strings.Join(stravaScopes, ", "))
	case k.EarlyCodes < 0 || k.Activities < 0 || k.Latency < 0:
		return errors.New("activities, early_codes and latency cannot be below zero")
	case strings.Trim(k.App.ID, "0123456789") != "":
		return errors.New("client-id is a number")
	case !plain.MatchString(k.App.Secret) || !plain.MatchString(k.RefreshToken):
		return errors.New("client-secret and refresh-token are letters, digits, - and _")
	}
	return nil
}

// covers reports whether every requested scope is granted.
func covers(granted, asked []string) bool {
	return !slices.ContainsFunc(asked, func(scope string) bool { return !slices.Contains(granted, scope) })
}

// routeControl adds the addresses that docs/sandbox.md describes, for a program
// rather than a test in the same process.
func (s *Server) routeControl() {
	show := func(pattern string, text func(*http.Request) string) {
		s.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, text(r)) })
	}
	show("GET /sandbox/ready", func(*http.Request) string { return "ready\n" })
	show("GET /sandbox/journal", func(*http.Request) string { return s.Journal() })
	show("GET /sandbox/secret", func(r *http.Request) string { return s.Secret(r.FormValue("target")) })
	s.mux.HandleFunc("POST /sandbox/secret", control(s.controlSecret))
	s.mux.HandleFunc("POST /sandbox/knobs", control(s.controlKnobs))
	s.mux.HandleFunc("POST /sandbox/faults", control(s.controlFaults))
}

// control answers 204, or 400 and what is wrong.
func control(change func(body []byte) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRequest))
		if err == nil {
			err = change(body)
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	}
}

// decode reads JSON and refuses names that it does not know, since a mistyped one
// would change nothing.
func decode(body []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	return d.Decode(v)
}

func (s *Server) controlSecret(body []byte) error {
	var secret struct{ Target, Value string }
	if err := decode(body, &secret); err != nil {
		return err
	}
	var p *place
	var name string
	s.edit(func() { p, name = s.placeOf(secret.Target) })
	if p == nil || name == "" {
		return fmt.Errorf("the sandbox has no place for the secret %q", secret.Target)
	}
	s.SetSecret(secret.Target, secret.Value)
	return nil
}

// controlKnobs changes the knobs that the body names. A duration is text, such as
// "6h"; advance moves the clock.
func (s *Server) controlKnobs(body []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	change := struct {
		Knobs
		Latency text `json:"latency"`
		Advance text `json:"advance"`
	}{Knobs: s.knobs, Latency: text{s.knobs.Latency}}
	change.Scopes = slices.Clone(s.knobs.Scopes) // or they would be changed in place
	if err := decode(body, &change); err != nil {
		return err
	}
	change.Knobs.Latency = change.Latency.Duration
	if err := change.Check(); err != nil {
		return err
	}
	s.knobs = change.Knobs
	s.ahead += change.Advance.Duration
	return nil
}

// text is a duration in JSON.
type text struct{ time.Duration }

func (t *text) UnmarshalText(b []byte) (err error) {
	t.Duration, err = time.ParseDuration(string(b))
	return err
}

// controlFaults schedules a fault; an empty body clears them.
func (s *Server) controlFaults(body []byte) error {
	if len(body) == 0 {
		s.ClearFaults()
		return nil
	}
	var f Fault
	err := decode(body, &f)
	if err == nil {
		err = s.checkFault(f)
	}
	if err == nil {
		s.Fail(f)
	}
	return err
}
