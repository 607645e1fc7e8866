package sandbox

import (
	"bytes"
	"io"
	"net/http"
	"strconv"
	"time"
)

// handler answers one call; it's called with the lock held.
type handler func(r *http.Request) answer

// handle routes pattern to h. call names the calls for faults; the journal
// shows them under service.
func (s *Server) handle(service, pattern, call string, h handler) {
	s.calls[call] = true
	s.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		s.serve(w, r, service, call, h)
	})
}

const maxRequest = 1 << 20

// Exchange is a call and its answer. Status is 0 if a fault changed the answer.
type Exchange struct {
	Service, Method, Address, RequestType, RequestBody string
	Status                                             int
	Type, Body                                         string
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request, service, call string, h handler) {
	// Read the whole body first: only then is it noticed if the client goes away.
	body, _ := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRequest))
	r.Body = io.NopCloser(bytes.NewReader(body))
	_ = r.ParseForm() // GitHub accepts JSON under any content type, so restore the body
	r.Body = io.NopCloser(bytes.NewReader(body))
	if call == "put" && namesNoValue(body) {
		call = "try-write"
	}
	knobs := read(s, func() Knobs {
		s.busy++
		return s.knobs
	})
	defer s.edit(func() { s.busy-- })
	if knobs.notify != nil {
		knobs.notify(call)
	}
	time.Sleep(knobs.Latency)

	a := s.act(r, service, call, h)
	if knobs.Observe != nil {
		e := Exchange{Service: service, Method: r.Method, Address: r.URL.RequestURI(), RequestType: r.Header.Get("Content-Type"), RequestBody: string(body)}
		if a.fault == "" {
			e.Status, e.Type, e.Body = a.status, a.header["Content-Type"], a.body
		}
		knobs.Observe(e)
	}
	a.send(w, r)
}

// act does what was asked, if no fault prevents it, and records it.
func (s *Server) act(r *http.Request, service, call string, h handler) answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.due(call, r.URL.Path)
	a, outcome := empty(0), f.name()
	if does[f.Kind] {
		a = h(r)
		outcome = strconv.Itoa(a.status) + " " + outcome
	}
	a = f.spoil(a)
	s.journal.deliver(a.body)
	s.journal.call(service, r, outcome, a)
	return a
}

// send sends the answer, or fails as the fault says.
func (a answer) send(w http.ResponseWriter, r *http.Request) {
	switch a.fault {
	case FaultStall:
		_, _ = io.Copy(io.Discard, r.Body) // only then is it noticed if the client goes away
		<-r.Context().Done()
		panic(http.ErrAbortHandler)
	case FaultCutBefore, FaultCutAfter:
		panic(http.ErrAbortHandler) // closes the connection without an answer
	}
	a.write(w)
	if a.fault == FaultTruncate {
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}
}
