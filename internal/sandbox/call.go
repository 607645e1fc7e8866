package sandbox

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"
)

type answer struct {
	status int
	header map[string]string
	body   string
	detail string    // what the journal shows of the request
	effect string    // what the journal shows of the change
	sealed string    // a sealed text that was stored; the journal shows its token
	fault  FaultKind // what happens to the answer; "" is nothing
}

func empty(status int) answer { return answer{status: status, header: map[string]string{}} }

func jsonAnswer[Text string | json.RawMessage](status int, body Text) answer {
	return answer{status: status, body: string(body), header: map[string]string{"Content-Type": "application/json; charset=utf-8"}}
}

func stravaFault(status int, message, resource, field, code string) answer {
	return jsonAnswer(status, fmt.Sprintf(`{"message":%q,"errors":[{"resource":%q,"field":%q,"code":%q}]}`, message, resource, field, code))
}

func githubRefusal(status int, message string) answer {
	quoted, _ := json.Marshal(message)
	return jsonAnswer(status, fmt.Sprintf(`{"message":%s,"documentation_url":"https://docs.github.com/rest","status":"%d"}`, quoted, status))
}

// Long answers, with every field that the services' descriptions require.
//
//go:embed answers
var answers embed.FS

// values fill the blanks of an answer.
type values map[string]any

// filled returns a long answer. A blank, "{name}", is filled with a JSON value, or
// with text if it is part of an address.
func filled(name string, v values) json.RawMessage {
	text, _ := answers.ReadFile("answers/" + name + ".json")
	var blanks []string
	for blank, value := range v {
		quoted, _ := json.Marshal(value) // only what JSON can encode
		blanks = append(blanks, `"{`+blank+`}"`, string(quoted))
		if text, ok := value.(string); ok {
			blanks = append(blanks, "{"+blank+"}", url.PathEscape(text))
		}
	}
	compact, err := json.Marshal(json.RawMessage(strings.NewReplacer(blanks...).Replace(string(text))))
	if err != nil {
		panic(err) // a part of this package is broken or missing
	}
	return compact
}

// list returns a list in JSON; nil is an empty one.
func list(items []json.RawMessage) json.RawMessage {
	text, _ := json.Marshal(append([]json.RawMessage{}, items...))
	return text
}

// handler answers one call; it's called with the lock held.
type handler func(r *http.Request) answer

const maxRequest = 1 << 20

// Exchange is a call and its answer. Status is 0 if a fault changed the answer.
type Exchange struct {
	Service, Method, Address, RequestType, RequestBody string
	Status                                             int
	Type, Body                                         string
}

// handle routes pattern to h. call is the name for faults, service for the journal.
func (s *Server) handle(service, pattern, call string, h handler) {
	s.calls[call] = true
	s.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) { s.serve(w, r, service, call, h) })
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request, service, call string, h handler) {
	// Read the whole body first: only then is it noticed if the client goes away.
	body, _ := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRequest))
	r.Body = io.NopCloser(bytes.NewReader(body))
	_ = r.ParseMultipartForm(maxRequest) // any form and the query; GitHub accepts JSON under any content type, so restore the body
	r.Body = io.NopCloser(bytes.NewReader(body))
	if call == "put" && !bytes.Contains(body, []byte("encrypted_value")) {
		call = "try-write"
	}
	s.busy.Add(1)
	defer s.busy.Add(-1)
	knobs := read(s, func() Knobs { return s.knobs })
	if knobs.notify != nil {
		knobs.notify(call)
	}
	time.Sleep(knobs.Latency)
	a := s.act(r, service, call, h)
	if knobs.Observe != nil {
		knobs.Observe(Exchange{
			Service: service, Method: r.Method, Address: r.URL.RequestURI(), RequestType: r.Header.Get("Content-Type"), RequestBody: string(body),
			Status: map[bool]int{true: a.status}[a.fault == ""], Type: a.header["Content-Type"], Body: a.body,
		})
	}
	a.send(w, r)
}

// act does what was asked, if no fault prevents it, and records it.
func (s *Server) act(r *http.Request, service, call string, h handler) answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.due(call, r.URL.Path)
	a, outcome := empty(0), string(f.Kind)
	switch {
	case does[f.Kind]:
		a = h(r)
		outcome = strconv.Itoa(a.status) + " " + outcome
	case f.Kind == FaultStatus:
		outcome = strconv.Itoa(f.Status)
	}
	a = f.spoil(a)
	if call == "token" {
		s.journal.sent += a.body
	}
	random := regexp.MustCompile(`/\w*_[A-Z2-7]{26}$`) // a name that differs each time
	what := strings.TrimSpace(random.ReplaceAllString(r.URL.EscapedPath(), "/…") + " " + a.detail)
	s.journal.add(entry{service, r.Method, what, strings.Join(strings.Fields(outcome+" "+a.effect), " "), a.sealed})
	return a
}

// send sends the answer, or fails as the fault says.
func (a answer) send(w http.ResponseWriter, r *http.Request) {
	switch a.fault {
	case FaultStall:
		<-r.Context().Done()
		fallthrough
	case FaultCutBefore, FaultCutAfter:
		panic(http.ErrAbortHandler) // closes the connection without an answer
	}
	for k, v := range a.header {
		w.Header().Set(k, v)
	}
	w.WriteHeader(a.status)
	_, _ = w.Write([]byte(a.body))
	if a.fault == FaultTruncate {
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}
}
