package sandbox

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// FaultKind is a way a call can fail.
type FaultKind string

// The kinds.
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
		if f.Call != call || !strings.HasPrefix(path, f.Path) {
			continue
		}
		f.taken++
		if f.taken > f.Skip && (f.Times == 0 || f.taken <= f.Skip+f.Times) {
			return *f
		}
	}
	return Fault{}
}

// name returns how the journal shows a fault.
func (f Fault) name() string {
	if f.Kind == FaultStatus {
		return strconv.Itoa(f.Status)
	}
	return string(f.Kind)
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
