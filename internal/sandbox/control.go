package sandbox

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Rotation says when Strava replaces the refresh token.
type Rotation string

const (
	RotateNever    Rotation = "never"
	RotateOnExpiry Rotation = "expiry" // with every new access token
	RotateAlways   Rotation = "always" // with every refresh
)

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

func covers(granted, asked []string) bool {
	return !slices.ContainsFunc(asked, func(scope string) bool { return !slices.Contains(granted, scope) })
}

// addControl adds the addresses that docs/sandbox.md describes, for a program
// rather than a test in the same process. A change is answered with 204, or with 400
// and what is wrong: a name that isn't known, since a mistyped one would change nothing.
func (s *Server) addControl() {
	for name, text := range map[string]func(*http.Request) string{
		"ready":   func(*http.Request) string { return "ready\n" },
		"journal": func(*http.Request) string { return s.Journal() },
		"secret":  func(r *http.Request) string { return s.Secret(r.FormValue("target")) },
	} {
		s.mux.HandleFunc("GET /sandbox/"+name, func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, text(r)) })
	}
	for name, change := range map[string]func(*json.Decoder) error{
		"secret": s.controlSecret, "knobs": s.controlKnobs, "faults": s.controlFaults,
	} {
		s.mux.HandleFunc("POST /sandbox/"+name, func(w http.ResponseWriter, r *http.Request) {
			body := json.NewDecoder(r.Body)
			body.DisallowUnknownFields()
			if err := change(body); err != nil {
				http.Error(w, err.Error(), http.StatusBadRequest)
				return
			}
			w.WriteHeader(http.StatusNoContent)
		})
	}
}

func (s *Server) controlSecret(body *json.Decoder) error {
	var secret struct{ Target, Value string }
	err := body.Decode(&secret)
	if err == nil && !s.SetSecret(secret.Target, secret.Value) {
		err = fmt.Errorf("the sandbox has no place for the secret %q", secret.Target)
	}
	return err
}

// controlKnobs changes the knobs that the body names; advance moves the clock. Times
// are such as "6h".
func (s *Server) controlKnobs(body *json.Decoder) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	knobs := s.knobs
	knobs.Scopes = slices.Clone(s.knobs.Scopes) // or they would be changed in place
	change := struct {
		*Knobs
		Latency, Advance string
	}{&knobs, knobs.Latency.String(), "0s"}
	err := body.Decode(&change)
	latency, noLatency := time.ParseDuration(change.Latency)
	advance, noAdvance := time.ParseDuration(change.Advance)
	knobs.Latency = latency
	if err = cmp.Or(err, noLatency, noAdvance, knobs.Check()); err == nil {
		s.knobs = knobs
		s.ahead += advance
	}
	return err
}

// controlFaults schedules a fault; an empty body clears them.
func (s *Server) controlFaults(body *json.Decoder) error {
	var f Fault
	err := body.Decode(&f)
	if err == io.EOF {
		s.ClearFaults()
		return nil
	} else if err == nil {
		err = s.Fail(f)
	}
	return err
}

type FaultKind string

const (
	FaultStatus    FaultKind = "status"     // does nothing, and answers with Status and Body
	FaultStall     FaultKind = "stall"      // does nothing, and never answers
	FaultCutBefore FaultKind = "cut-before" // does nothing, and closes the connection
	FaultCutAfter  FaultKind = "cut-after"  // does what was asked, then closes the connection
	FaultTruncate  FaultKind = "truncate"   // does what was asked, and sends half of the answer
	FaultBody      FaultKind = "body"       // does what was asked, and answers with Body
	FaultHeader    FaultKind = "header"     // does what was asked, and adds Header to the answer
)

// does lists the kinds that do what was asked; "" is no fault.
var does = map[FaultKind]bool{
	FaultStatus: false, FaultStall: false, FaultCutBefore: false,
	FaultCutAfter: true, FaultTruncate: true, FaultBody: true, FaultHeader: true, "": true,
}

// Fault is a failure of one kind of call.
type Fault struct {
	Call   string // that fails, by the name that handle gives it
	Kind   FaultKind
	Path   string            // if set, only calls whose path begins with it
	Skip   int               // this many calls go through first
	Times  int               // this many calls fail; 0 is all of them
	Status int               // of FaultStatus and FaultBody; 0 is 200
	Header map[string]string // of FaultStatus, FaultBody and FaultHeader: added to the answer
	Body   string            // of FaultStatus and FaultBody; {access_token} and {refresh_token} are those of the real answer
	taken  int
}

// Fail schedules a fault, and reports one that can't happen. Of several for one call
// the first that is due wins.
func (s *Server) Fail(f Fault) error {
	switch _, known := does[f.Kind]; {
	case !s.calls[f.Call]:
		return fmt.Errorf("call is one of %s", strings.Join(slices.Sorted(maps.Keys(s.calls)), ", "))
	case !known || f.Kind == "":
		return fmt.Errorf("kind is one of %q", slices.Sorted(maps.Keys(does))[1:])
	case f.Status != 0 && (f.Status < 200 || f.Status > 999) || f.Skip < 0 || f.Times < 0:
		return errors.New("status, skip or times is no such number")
	}
	f.Status = cmp.Or(f.Status, http.StatusOK)
	s.edit(func() { s.faults = append(s.faults, &f) })
	return nil
}

// ClearFaults cancels what Fail scheduled.
func (s *Server) ClearFaults() { s.edit(func() { s.faults = nil }) }

// due returns the fault for a call, or one that does nothing.
func (s *Server) due(call, path string) Fault {
	for _, f := range s.faults {
		if f.Call == call && strings.HasPrefix(path, f.Path) {
			f.taken++
			if n := f.taken - f.Skip; n > 0 && (f.Times == 0 || n <= f.Times) {
				return *f
			}
		}
	}
	return Fault{}
}

// spoil returns what a fault makes of an answer. The body is as much as arrives.
func (f Fault) spoil(a answer) answer {
	a.fault = f.Kind
	switch f.Kind {
	case FaultStatus, FaultBody:
		body := f.Body
		for _, field := range regexp.MustCompile(`"(access_token|refresh_token)":"([^"]*)"`).FindAllStringSubmatch(a.body, -1) {
			body = strings.ReplaceAll(body, "{"+field[1]+"}", field[2])
		}
		a.status, a.header, a.body = f.Status, jsonAnswer(0, "").header, body
	case FaultTruncate:
		a.header["Content-Length"] = strconv.Itoa(max(len(a.body), 1))
		a.body = a.body[:len(a.body)/2]
	case FaultCutAfter:
		a.body = ""
	}
	maps.Copy(a.header, f.Header)
	return a
}
