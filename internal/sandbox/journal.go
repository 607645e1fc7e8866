package sandbox

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// journal is the one ordered record of what the runner, Strava and GitHub did.
// Tokens appear in it by generation, never by value.
type journal struct {
	entries    []entry
	names      map[string]string // by value
	cores      map[string]string // values, by the 40 digits in them
	unexpected []string
	delivered  map[string]bool // the values that stood whole in an answer
	// files is told before every entry, so that what a program wrote to a file
	// stands before what it did next.
	files func()
}

type entry struct {
	service string // runner, strava or github
	verb    string
	what    string
	result  string
	sealed  string // a text whose refresh token is shown behind the result
}

func (e entry) String() string {
	return strings.TrimRight(fmt.Sprintf("%-7s %-6s %-62s %s", e.service, e.verb, e.what, e.result), " ")
}

// barrier reports whether nothing runs beside this entry: what the runner was
// told, and a token request.
func (e entry) barrier() bool {
	return e.service == "runner" || strings.HasPrefix(e.what, "/oauth/token")
}

// name gives a value the name that the journal shows.
func (j *journal) name(value, name string) {
	if j.names == nil {
		j.names, j.cores = map[string]string{}, map[string]string{}
	}
	j.names[value] = name
	if digits := core().FindString(value); digits != "" {
		j.cores[digits] = value
	}
}

// named returns the name of a value, or kind#? for one that was never issued.
func (j *journal) named(value, kind string) string {
	if name, ok := j.names[value]; ok {
		return name
	}
	if value == "" {
		return kind + "#none"
	}
	return kind + "#?"
}

// core is the part that every value has which the sandbox issues: 40 hexadecimal
// digits.
var core = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`[0-9a-f]{40}`) })

// random is a name that differs each time.
var random = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`/\w*_[A-Z2-7]{26}$`) })

// valuesIn returns the known values that occur in a text.
func (j *journal) valuesIn(text string) []string {
	var found []string
	for _, digits := range core().FindAllString(text, -1) {
		if value, ok := j.cores[digits]; ok && strings.Contains(text, value) {
			found = append(found, value)
		}
	}
	return found
}

// redact replaces every known value in a text by its name.
func (j *journal) redact(text string) string {
	for _, value := range j.valuesIn(text) {
		text = strings.ReplaceAll(text, value, j.names[value])
	}
	return text
}

func (j *journal) add(e entry) {
	if j.files != nil {
		j.files()
	}
	j.entries = append(j.entries, e)
}

func (j *journal) call(service string, r *http.Request, outcome string, a answer) {
	what := strings.TrimSpace(random().ReplaceAllString(r.URL.EscapedPath(), "/…") + " " + a.detail)
	j.add(entry{service, r.Method, what, strings.TrimSpace(outcome + " " + a.effect), a.sealed})
}

// Journal returns the record. Calls that ran side by side are sorted, so that
// the same run has the same journal every time.
func (s *Server) Journal() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.journal.files != nil {
		s.journal.files()
	}
	entries := slices.Clone(s.journal.entries)
	for from := 0; from < len(entries); {
		to := from
		for to < len(entries) && !entries[to].barrier() {
			to++
		}
		slices.SortStableFunc(entries[from:to], func(a, b entry) int {
			return strings.Compare(a.service+a.verb+a.what, b.service+b.verb+b.what)
		})
		from = to + 1
	}
	var b strings.Builder
	for _, e := range entries {
		if e.sealed != "" { // opened only now, since that takes a moment
			refresh, _ := s.open(e.sealed)
			e.result += " " + s.journal.named(refresh, "sealed")
		}
		fmt.Fprintln(&b, e)
	}
	return b.String()
}

// Unexpected returns the calls that no service has.
func (s *Server) Unexpected() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.journal.unexpected)
}

// Count returns how many entries begin with the given service and verb and
// whose path begins with prefix.
func (s *Server) Count(service, verb, prefix string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, e := range s.journal.entries {
		if e.service == service && e.verb == verb && strings.HasPrefix(e.what, prefix) {
			n++
		}
	}
	return n
}

// Values returns every secret that the sandbox ever issued, by the name under
// which the journal shows it.
func (s *Server) Values() map[string]string {
	s.mu.Lock()
	defer s.mu.Unlock()
	values := map[string]string{}
	for value, name := range s.journal.names {
		values[name] = value
	}
	return values
}

// Delivered reports whether an answer that held value was sent whole. A token of
// which it is false never reached anybody.
func (s *Server) Delivered(value string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.journal.delivered[value]
}

// deliver records which values an answer hands out.
func (j *journal) deliver(body string) {
	for _, value := range j.valuesIn(body) {
		if j.delivered == nil {
			j.delivered = map[string]bool{}
		}
		j.delivered[value] = true
	}
}
