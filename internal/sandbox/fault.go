package sandbox

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// FaultKind is a way in which a call can fail.
type FaultKind string

// The kinds. Those that say "before" leave the service's state as it was.
const (
	FaultStatus    FaultKind = "status"     // before: answers with Status and Body
	FaultStall     FaultKind = "stall"      // before: never answers
	FaultCutBefore FaultKind = "cut-before" // before: closes the connection
	FaultCutAfter  FaultKind = "cut-after"  // does what was asked, then closes the connection
	FaultTruncate  FaultKind = "truncate"   // does what was asked, and sends half of the answer
	FaultBody      FaultKind = "body"       // does what was asked, and answers with Body
	FaultHeader    FaultKind = "header"     // does what was asked, and adds Header to the answer
)

// Fault is a failure of one kind of call.
type Fault struct {
	// Call names the calls that fail, by the name that handle gives them.
	Call string
	Kind FaultKind
	Path string // where set, only calls whose path begins with it
	Skip int    // this many calls go through first
	// Times is how many calls fail; 0 is all of them.
	Times  int
	Status int               // of FaultStatus and FaultBody; 0 is 200
	Header map[string]string // of FaultStatus, FaultBody and FaultHeader: added to the answer
	// Body of FaultStatus and FaultBody. {access_token} and {refresh_token} are
	// replaced by what the real answer holds.
	Body string

	taken int
}

// checkFault reports a fault that cannot happen.
func (s *Server) checkFault(f Fault) error {
	kinds := []FaultKind{FaultStatus, FaultStall, FaultCutBefore, FaultCutAfter, FaultTruncate, FaultBody, FaultHeader}
	switch {
	case !s.calls[f.Call]:
		return fmt.Errorf("call is one of %s", strings.Join(slices.Sorted(maps.Keys(s.calls)), ", "))
	case !slices.Contains(kinds, f.Kind):
		return fmt.Errorf("kind is one of %q", kinds)
	case f.Status != 0 && (f.Status < 200 || f.Status > 999) || f.Skip < 0 || f.Times < 0:
		return errors.New("status, skip or times is no such number")
	}
	return nil
}

// Fail schedules a fault. Of several for one call the first that is due wins.
func (s *Server) Fail(f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, &f)
}

// ClearFaults takes back what Fail scheduled.
func (s *Server) ClearFaults() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = nil
}

// due returns the fault for a call, or nil; the caller holds the lock.
func (s *Server) due(call, path string) *Fault {
	for _, f := range s.faults {
		if f.Call != call || !strings.HasPrefix(path, f.Path) {
			continue
		}
		f.taken++
		if f.taken > f.Skip && (f.Times == 0 || f.taken <= f.Skip+f.Times) {
			return f
		}
	}
	return nil
}

func (f *Fault) before() bool {
	return f.Kind == FaultStatus || f.Kind == FaultStall || f.Kind == FaultCutBefore
}

// name is how the journal shows a fault.
func (f *Fault) name() string {
	if f.Kind == FaultStatus {
		return strconv.Itoa(f.status())
	}
	return string(f.Kind)
}

func (f *Fault) status() int {
	if f.Status == 0 {
		return http.StatusOK
	}
	return f.Status
}

// replaced is the answer that a fault puts in place of the real one.
func (f *Fault) replaced(real answer) answer {
	body := strings.NewReplacer(
		"{access_token}", jsonField(real.body, "access_token"),
		"{refresh_token}", jsonField(real.body, "refresh_token"),
	).Replace(f.Body)
	a := jsonAnswer(f.status(), body)
	a.detail, a.effect, a.sealed = real.detail, real.effect, real.sealed
	for k, v := range f.Header {
		a.header[k] = v
	}
	return a
}

// jsonField finds a string in an answer that this package wrote.
func jsonField(body, name string) string {
	_, rest, ok := strings.Cut(body, `"`+name+`":"`)
	if !ok {
		return ""
	}
	value, _, _ := strings.Cut(rest, `"`)
	return value
}

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
	latency, notify := s.knobs.Latency, s.notify
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

	s.mu.Lock()
	f := s.due(call, r.URL.Path)
	var a answer
	switch {
	case f == nil:
		a = h(r)
		s.journal.call(s, service, r, a.detail, strconv.Itoa(a.status), a)
		s.journal.deliver(a.body)
	case f.before():
		if f.Kind == FaultStatus {
			a = f.replaced(answer{})
		}
		s.journal.call(s, service, r, "", f.name(), answer{})
	default:
		a = h(r)
		outcome := fmt.Sprintf("%d %s", a.status, f.name())
		switch f.Kind {
		case FaultBody:
			a = f.replaced(a)
			s.journal.deliver(a.body)
		case FaultHeader:
			for k, v := range f.Header {
				a.header[k] = v
			}
			s.journal.deliver(a.body)
		case FaultTruncate:
			s.journal.deliver(a.body[:len(a.body)/2])
		}
		s.journal.call(s, service, r, a.detail, outcome, a)
	}
	observe := s.observe
	s.mu.Unlock()
	if observe != nil {
		e := Exchange{Service: service, Method: r.Method, Address: r.URL.RequestURI(), RequestType: r.Header.Get("Content-Type"), RequestBody: string(body)}
		if f == nil {
			e.Status, e.Type, e.Body = a.status, a.header["Content-Type"], a.body
		}
		observe(e)
	}

	switch {
	case f != nil && f.Kind == FaultStall:
		_, _ = io.Copy(io.Discard, r.Body) // only then is the client seen to leave
		<-r.Context().Done()
		panic(http.ErrAbortHandler)
	case f != nil && (f.Kind == FaultCutBefore || f.Kind == FaultCutAfter):
		panic(http.ErrAbortHandler) // closes the connection without an answer
	case f != nil && f.Kind == FaultTruncate:
		truncated(w, a)
	default:
		a.write(w)
	}
}

// truncated promises the whole answer and closes the connection in its middle.
func truncated(w http.ResponseWriter, a answer) {
	half := a
	half.body = a.body[:len(a.body)/2]
	w.Header().Set("Content-Length", strconv.Itoa(max(len(a.body), 1)))
	half.write(w)
	if f, ok := w.(http.Flusher); ok {
		f.Flush()
	}
	panic(http.ErrAbortHandler)
}
