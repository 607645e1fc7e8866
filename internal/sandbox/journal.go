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
	names      map[string]string // of every secret that was issued, by value
	issued     map[string]int    // how many of each kind
	delivered  map[string]bool   // the values that an answer contained whole
	unexpected []string
	files      func() []entry // what a program wrote to files before the next entry
}

func newJournal() journal {
	return journal{names: map[string]string{}, issued: map[string]int{}, delivered: map[string]bool{}, files: func() []entry { return nil }}
}

type entry struct {
	service string // runner, strava or github
	verb    string
	what    string
	result  string
	sealed  string // a text whose refresh token is shown after the result
}

// alone reports whether nothing runs beside this entry: what the runner was
// told, and a token request.
func (e entry) alone() bool {
	return e.service == "runner" || strings.HasPrefix(e.what, "/oauth/token")
}

func (e entry) key() string { return e.service + e.verb + e.what }

// number names a value by its kind and generation.
func (j *journal) number(value, kind string) {
	j.issued[kind]++
	j.names[value] = fmt.Sprintf("%s#%d", kind, j.issued[kind])
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

// redact replaces every known value in a text with its name.
func (j *journal) redact(text string) string {
	for value, name := range j.names {
		text = strings.ReplaceAll(text, value, name)
	}
	return text
}

// deliver records which values an answer contains.
func (j *journal) deliver(body string) {
	for value := range j.names {
		if strings.Contains(body, value) {
			j.delivered[value] = true
		}
	}
}

// add sorts an entry among those that run in parallel, so that the same run has
// the same journal every time.
func (j *journal) add(e entry) {
	j.entries = append(j.entries, j.files()...)
	at := len(j.entries)
	for !e.alone() && at > 0 && !j.entries[at-1].alone() && j.entries[at-1].key() > e.key() {
		at--
	}
	j.entries = slices.Insert(j.entries, at, e)
}

// random is a name that differs each time.
var random = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`/\w*_[A-Z2-7]{26}$`) })

func (j *journal) call(service string, r *http.Request, outcome string, a answer) {
	what := strings.TrimSpace(random().ReplaceAllString(r.URL.EscapedPath(), "/…") + " " + a.detail)
	j.add(entry{service, r.Method, what, strings.Join(strings.Fields(outcome+" "+a.effect), " "), a.sealed})
}

// Journal returns the record.
func (s *Server) Journal() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.journal.entries = append(s.journal.entries, s.journal.files()...)
	var b strings.Builder
	for _, e := range s.journal.entries {
		if e.sealed != "" { // opened only now, since that takes a moment
			e.result += " " + s.journal.named(s.Opened(e.sealed), "sealed")
		}
		b.WriteString(strings.TrimRight(fmt.Sprintf("%-7s %-6s %-62s %s", e.service, e.verb, e.what, e.result), " ") + "\n")
	}
	return b.String()
}

// Unexpected returns the calls that no service has.
func (s *Server) Unexpected() []string {
	return read(s, func() []string { return slices.Clone(s.journal.unexpected) })
}

// Count returns how many entries begin with the given service and verb and
// whose path begins with prefix.
func (s *Server) Count(service, verb, prefix string) (n int) {
	s.edit(func() {
		for _, e := range s.journal.entries {
			if e.service == service && e.verb == verb && strings.HasPrefix(e.what, prefix) {
				n++
			}
		}
	})
	return n
}

// Values returns every secret that the sandbox ever issued, by the name under
// which the journal shows it.
func (s *Server) Values() map[string]string {
	values := map[string]string{}
	s.edit(func() {
		for value, name := range s.journal.names {
			values[name] = value
		}
	})
	return values
}

// Delivered reports whether an answer with value in it was sent whole.
func (s *Server) Delivered(value string) bool {
	return read(s, func() bool { return s.journal.delivered[value] })
}
