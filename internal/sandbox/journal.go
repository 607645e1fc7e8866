package sandbox

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"filippo.io/age"
	"filippo.io/age/armor"
)

// journal is the one ordered record of what the runner, Strava and GitHub did.
// Tokens appear in it by generation, never by value.
type journal struct {
	entries    []entry
	names      map[string]string // of every secret that was issued, by value
	issued     map[string]int    // how many of each kind
	sent       string            // what arrived of the answers to token requests
	unexpected []string
	files      func() []entry // what a program wrote to files before the next entry
}

type entry struct {
	service            string // runner, strava or github
	verb, what, result string
	sealed             string // a text whose refresh token is shown after the result
}

// line is how the journal shows an entry, and how it sorts those that run in parallel.
func (e entry) line() string { return fmt.Sprintf("%-7s %-6s %-62s ", e.service, e.verb, e.what) }

// alone reports whether nothing runs beside this entry.
func (e entry) alone() bool {
	return e.service == "runner" || strings.HasPrefix(e.what, "/oauth/token")
}

func (j *journal) number(value, kind string) {
	j.issued[kind]++
	j.names[value] = fmt.Sprintf("%s#%d", kind, j.issued[kind])
}

// named returns the name of a value, or kind#? for one that was never issued.
func (j *journal) named(value, kind string) string {
	if value == "" {
		return kind + "#none"
	}
	return cmp.Or(j.names[value], kind+"#?")
}

// add sorts an entry among those that run in parallel, so that every run has the same.
func (j *journal) add(e entry) {
	j.entries = append(j.entries, j.files()...)
	at := len(j.entries)
	for !e.alone() && at > 0 && !j.entries[at-1].alone() && j.entries[at-1].line() > e.line() {
		at--
	}
	j.entries = slices.Insert(j.entries, at, e)
}

func (s *Server) Journal() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.journal.entries = append(s.journal.entries, s.journal.files()...)
	var b strings.Builder
	for _, e := range s.journal.entries {
		if e.sealed != "" { // opened only now, since that takes a moment
			e.result += " " + s.journal.named(s.Opened(e.sealed), "sealed")
		}
		b.WriteString(strings.TrimRight(e.line()+e.result, " ") + "\n")
	}
	return b.String()
}

// Unexpected returns the calls that no service has.
func (s *Server) Unexpected() []string {
	return read(s, func() []string { return slices.Clone(s.journal.unexpected) })
}

// Count returns how many entries have the given service and verb, and begin with prefix.
func (s *Server) Count(service, verb, prefix string) int {
	return strings.Count("\n"+s.Journal(), fmt.Sprintf("\n%-7s %-6s %s", service, verb, prefix))
}

// Values returns every secret that was ever issued, by the journal's name for it.
func (s *Server) Values() map[string]string {
	values := map[string]string{}
	s.edit(func() {
		for value, name := range s.journal.names {
			values[name] = value
		}
	})
	return values
}

// Delivered reports whether the answer to a token request brought value whole.
func (s *Server) Delivered(value string) bool {
	return read(s, func() bool { return strings.Contains(s.journal.sent, value) })
}

// Opened returns the refresh token that is sealed in a text under the app's client
// secret, or "". It uses no code of the program that wrote the text.
func (s *Server) Opened(text string) string {
	identity, _ := age.NewScryptIdentity(s.strava.app.Secret) // only an empty one is an error
	identity.SetMaxWorkFactor(10)
	_, armored, _ := strings.Cut(text, armor.Header)
	box, err := age.Decrypt(armor.NewReader(strings.NewReader(armor.Header+armored)), identity)
	var content struct {
		RefreshToken string `json:"refresh_token"`
	}
	if err != nil || json.NewDecoder(io.LimitReader(box, maxRequest)).Decode(&content) != nil {
		return ""
	}
	return content.RefreshToken
}

// Held returns the refresh token in the only file of a branch, or "".
func (s *Server) Held(branch string) string {
	return s.Opened(read(s, func() string { return s.github.branches[branch].text() }))
}
