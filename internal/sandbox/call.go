package sandbox

import (
	"bytes"
	"io"
	"net/http"
	"strconv"
	"time"
)

// handler answers one call; it is called with the lock held.
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

// Observe hands every call to f.
func (s *Server) Observe(f func(Exchange)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.observe = f
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request, service, call string, h handler) {
	// The whole body first: a client that goes away is noticed only after it.
	body, _ := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRequest))
	r.Body = io.NopCloser(bytes.NewReader(body))
	_ = r.ParseForm() // GitHub takes JSON whatever it is called, so the body comes back
	r.Body = io.NopCloser(bytes.NewReader(body))
	if call == "put" && namesNoValue(body) {
		call = "try-write"
	}
	s.mu.Lock()
	latency, notify, observe := s.knobs.Latency, s.notify, s.observe
	s.busy++
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		s.busy--
		s.mu.Unlock()
	}()
	if notify != nil {
		notify(call)
	}
	time.Sleep(latency)

	f, a := s.act(r, service, call, h)
	if observe != nil {
		e := Exchange{Service: service, Method: r.Method, Address: r.URL.RequestURI(), RequestType: r.Header.Get("Content-Type"), RequestBody: string(body)}
		if f == nil {
			e.Status, e.Type, e.Body = a.status, a.header["Content-Type"], a.body
		}
		observe(e)
	}
	a.send(w, r, f)
}

// act does what was asked, if no fault prevents it, and records it.
func (s *Server) act(r *http.Request, service, call string, h handler) (*Fault, answer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.due(call, r.URL.Path)
	if f != nil && f.before() {
		s.journal.call(service, r, f.name(), answer{})
		return f, f.replaced(answer{})
	}
	a := h(r)
	if a.header == nil {
		a.header = map[string]string{}
	}
	outcome, arrives := strconv.Itoa(a.status), a.body
	if f != nil {
		outcome += " " + f.name()
		a, arrives = f.spoiled(a)
	}
	s.journal.deliver(arrives)
	s.journal.call(service, r, outcome, a)
	return f, a
}

// send answers, or fails to.
func (a answer) send(w http.ResponseWriter, r *http.Request, f *Fault) {
	if f == nil {
		f = &Fault{}
	}
	switch f.Kind {
	case FaultStall:
		_, _ = io.Copy(io.Discard, r.Body) // only then is the client seen to leave
		<-r.Context().Done()
		panic(http.ErrAbortHandler)
	case FaultCutBefore, FaultCutAfter:
		panic(http.ErrAbortHandler) // closes the connection without an answer
	case FaultTruncate:
		w.Header().Set("Content-Length", strconv.Itoa(max(len(a.body), 1)))
		a.body = a.body[:len(a.body)/2]
		a.write(w)
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	default:
		a.write(w)
	}
}
