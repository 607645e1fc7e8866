package sandbox

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

// routeControl adds the addresses under which a program, rather than a test in
// the same process, looks at the sandbox and turns its knobs:
//
//	GET  /sandbox/journal           the journal, as text
//	GET  /sandbox/secret?target=T   the value of a secret, T as in rotate-to
//	POST /sandbox/secret            JSON: target, value; stores a secret, as its
//	                                owner does in the settings
//	POST /sandbox/knobs             JSON: rotation, inactive, scopes, athlete_cap,
//	                                wrong_domain, early_codes, latency, advance ("6h")
//	POST /sandbox/faults            JSON: a Fault; an empty body clears them
func (s *Server) routeControl() {
	s.mux.HandleFunc("GET /sandbox/journal", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = fmt.Fprint(w, s.Journal())
	})
	s.mux.HandleFunc("GET /sandbox/secret", func(w http.ResponseWriter, r *http.Request) {
		_, _ = fmt.Fprint(w, s.Secret(r.FormValue("target")))
	})
	s.mux.HandleFunc("POST /sandbox/secret", s.controlSecret)
	s.mux.HandleFunc("POST /sandbox/knobs", s.controlKnobs)
	s.mux.HandleFunc("POST /sandbox/faults", s.controlFaults)
}

func (s *Server) controlSecret(w http.ResponseWriter, r *http.Request) {
	var secret struct {
		Target string `json:"target"`
		Value  string `json:"value"`
	}
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxRequest)).Decode(&secret); err != nil {
		http.Error(w, "not JSON", http.StatusBadRequest)
		return
	}
	s.mu.Lock()
	place, name := s.placeOf(secret.Target)
	s.mu.Unlock()
	if place == nil || name == "" {
		http.Error(w, "no place of the sandbox", http.StatusBadRequest)
		return
	}
	s.SetSecret(secret.Target, secret.Value)
	w.WriteHeader(http.StatusNoContent)
}

func (s *Server) controlKnobs(w http.ResponseWriter, r *http.Request) {
	var change struct {
		Rotation *Rotation `json:"rotation"`
		Inactive *bool     `json:"inactive"`
		Cap      *bool     `json:"athlete_cap"`
		Domain   *bool     `json:"wrong_domain"`
		Early    *int      `json:"early_codes"`
		Scopes   []string  `json:"scopes"`
		Latency  string    `json:"latency"`
		Advance  string    `json:"advance"`
	}
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxRequest)).Decode(&change); err != nil {
		http.Error(w, "not JSON", http.StatusBadRequest)
		return
	}
	latency, err1 := duration(change.Latency)
	advance, err2 := duration(change.Advance)
	if err1 != nil || err2 != nil {
		http.Error(w, "latency and advance are durations, such as 100ms or 6h", http.StatusBadRequest)
		return
	}
	s.Set(func(k *Knobs) {
		if change.Rotation != nil {
			k.Rotation = *change.Rotation
		}
		if change.Inactive != nil {
			k.Inactive = *change.Inactive
		}
		if change.Cap != nil {
			k.AthleteCap = *change.Cap
		}
		if change.Domain != nil {
			k.WrongDomain = *change.Domain
		}
		if change.Early != nil {
			k.EarlyCodes = *change.Early
		}
		if change.Scopes != nil {
			k.Scopes = change.Scopes
		}
		if change.Latency != "" {
			k.Latency = latency
		}
	})
	s.Advance(advance)
	w.WriteHeader(http.StatusNoContent)
}

func (s *Server) controlFaults(w http.ResponseWriter, r *http.Request) {
	if r.ContentLength == 0 {
		s.ClearFaults()
		w.WriteHeader(http.StatusNoContent)
		return
	}
	var f Fault
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxRequest)).Decode(&f); err != nil {
		http.Error(w, "not a fault", http.StatusBadRequest)
		return
	}
	s.Fail(f)
	w.WriteHeader(http.StatusNoContent)
}

func duration(text string) (time.Duration, error) {
	if text == "" {
		return 0, nil
	}
	return time.ParseDuration(text)
}
