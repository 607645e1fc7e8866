package sandbox

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"sync"
)

// Runner is a workflow runner as a step sees it: an environment, a standard
// output in which commands are understood, and the files for outputs. What the
// step tells it stands in the sandbox's journal.
type Runner struct {
	server *Server
	dir    string

	mu     sync.Mutex
	env    map[string]string
	masks  []string
	raw    bytes.Buffer // everything printed
	log    strings.Builder
	line   []byte
	read   map[string]int // how much of a file is in the journal
	closed bool
	gate   chan struct{} // set while nobody reads
}

// The files that a runner mounts.
var runnerFiles = map[string]string{
	"GITHUB_OUTPUT":       "output",
	"GITHUB_ENV":          "env",
	"GITHUB_STEP_SUMMARY": "summary",
}

// NewRunner returns a runner for one step of a workflow in the sandbox's
// repository. Its files are made in dir. base is the address of the sandbox.
func (s *Server) NewRunner(dir, base string) (*Runner, error) {
	r := &Runner{server: s, dir: dir, read: map[string]int{}, env: map[string]string{
		"GITHUB_ACTIONS":       "true",
		"GITHUB_API_URL":       base,
		"GITHUB_REPOSITORY":    Repository,
		"GITHUB_REPOSITORY_ID": fmt.Sprint(RepositoryID),
		"GITHUB_EVENT_NAME":    "schedule",
		"GITHUB_ACTOR":         Organization,
		"GITHUB_RUN_ID":        "9001",
		"GITHUB_RUN_ATTEMPT":   "1",
	}}
	for variable, name := range runnerFiles {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			return nil, fmt.Errorf("make the runner's files: %w", err)
		}
		r.env[variable] = path
	}
	r.Input("strava-url", base)
	r.Input("strava-api-url", base+"/api/v3")
	r.Input("client-id", s.App().ID)
	r.Input("client-secret", s.App().Secret)
	s.mu.Lock()
	s.journal.files = r.readFiles
	s.mu.Unlock()
	return r, nil
}

// Input sets an input of the step.
func (r *Runner) Input(name, value string) {
	r.Set("INPUT_"+strings.ToUpper(name), value)
}

// Set sets a variable of the environment.
func (r *Runner) Set(name, value string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.env[name] = value
}

// Getenv reads the environment.
func (r *Runner) Getenv(name string) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.env[name]
}

// Environ returns the environment as os/exec takes it.
func (r *Runner) Environ() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := make([]string, 0, len(r.env))
	for k, v := range maps.All(r.env) {
		all = append(all, k+"="+v)
	}
	return all
}

// Write takes what the step prints.
func (r *Runner) Write(p []byte) (int, error) {
	r.mu.Lock()
	gate := r.gate
	r.mu.Unlock()
	if gate != nil {
		<-gate
		return 0, os.ErrClosed
	}
	r.mu.Lock()
	if r.closed {
		r.mu.Unlock()
		return 0, os.ErrClosed
	}
	r.raw.Write(p)
	r.line = append(r.line, p...)
	var lines []string
	for {
		i := bytes.IndexByte(r.line, '\n')
		if i < 0 {
			break
		}
		lines = append(lines, string(r.line[:i]))
		r.line = r.line[i+1:]
	}
	r.mu.Unlock()
	for _, line := range lines {
		r.take(line)
	}
	return len(p), nil
}

// Close makes every further print fail, as a reader that went away does.
func (r *Runner) Close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed = true
}

// Block makes every further print wait, as a reader that does not read does;
// Unblock ends that.
func (r *Runner) Block() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.gate = make(chan struct{})
}

// Unblock lets the prints that wait fail.
func (r *Runner) Unblock() {
	r.mu.Lock()
	defer r.mu.Unlock()
	close(r.gate)
}

// take understands one line, as the runner does.
func (r *Runner) take(line string) {
	trimmed := strings.TrimSpace(line) // as the runner does
	command, message, ok := strings.Cut(strings.TrimPrefix(trimmed, "::"), "::")
	if !ok || !strings.HasPrefix(trimmed, "::") {
		r.record("print", firstLine(line))
		r.show(line)
		return
	}
	command, properties, _ := strings.Cut(command, " ")
	if title, ok := strings.CutPrefix(properties, "title="); ok {
		message = strings.NewReplacer("%3A", ":", "%2C", ",").Replace(title) + "\n" + message
	}
	message = strings.NewReplacer("%0D", "\r", "%0A", "\n", "%25", "%").Replace(message)
	switch command {
	case "add-mask":
		r.mu.Lock()
		r.masks = append(r.masks, message)
		r.mu.Unlock()
		r.record("mask", r.name(message))
	case "error", "warning", "notice", "debug":
		r.record(command, firstLine(message))
		r.show(strings.ToUpper(command[:1]) + command[1:] + ": " + message)
	default:
		r.record("command", command)
		r.show(line)
	}
}

func (r *Runner) name(value string) string {
	r.server.mu.Lock()
	defer r.server.mu.Unlock()
	return r.server.journal.named(value, "value")
}

// record adds an entry to the journal.
func (r *Runner) record(verb, what string) {
	r.server.mu.Lock()
	defer r.server.mu.Unlock()
	if verb == "print" && (what == "" || isArmor(what)) {
		return
	}
	r.server.journal.add(entry{service: "runner", verb: verb, what: r.server.journal.redact(what)})
}

// isArmor recognizes the lines of a sealed text, which differ in every run.
func isArmor(line string) bool {
	return len(line) == 64 && !strings.Contains(line, " ") || len(line) < 64 && !strings.ContainsAny(line, " .:-")
}

func firstLine(text string) string {
	first, _, _ := strings.Cut(text, "\n")
	return first
}

// show adds a line to the log, with the masks applied.
func (r *Runner) show(line string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, m := range r.masks {
		if m != "" {
			line = strings.ReplaceAll(line, m, "***")
		}
	}
	r.log.WriteString(line + "\n")
}

// Log returns what people see of the step's output.
func (r *Runner) Log() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.log.String()
}

// Printed returns the step's whole output, without the masks.
func (r *Runner) Printed() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var b strings.Builder
	for line := range strings.Lines(r.raw.String()) {
		if !strings.HasPrefix(line, "::add-mask::") {
			b.WriteString(line)
		}
	}
	return b.String()
}

// File returns what the step wrote to GITHUB_OUTPUT, GITHUB_ENV or
// GITHUB_STEP_SUMMARY.
func (r *Runner) File(variable string) string {
	content, _ := os.ReadFile(filepath.Join(r.dir, runnerFiles[variable]))
	return string(content)
}

// Output returns an output of the step, or "" if it was not set.
func (r *Runner) Output(name string) string {
	for _, v := range parseFile(r.File("GITHUB_OUTPUT")) {
		if v[0] == name {
			return v[1]
		}
	}
	return ""
}

// readFiles records what was written to the files since the last entry. It is
// called with the server's lock held.
func (r *Runner) readFiles() {
	for _, variable := range []string{"GITHUB_OUTPUT", "GITHUB_ENV", "GITHUB_STEP_SUMMARY"} {
		content := r.File(variable)
		news := content[min(r.read[variable], len(content)):]
		r.read[variable] = len(content)
		if news == "" {
			continue
		}
		verb := runnerFiles[variable]
		if verb == "summary" {
			what := r.server.journal.redact(firstLine(news))
			r.server.journal.entries = append(r.server.journal.entries, entry{service: "runner", verb: verb, what: what})
			continue
		}
		for _, v := range parseFile(news) {
			what := r.server.journal.redact(v[0] + "=" + v[1])
			r.server.journal.entries = append(r.server.journal.entries, entry{service: "runner", verb: verb, what: what})
		}
	}
}

// parseFile reads the name<<delimiter form of the runner's files, as the runner
// does: a value ends at the first line that is the delimiter.
func parseFile(content string) [][2]string {
	var values [][2]string
	lines := strings.Split(content, "\n")
	for i := 0; i < len(lines); i++ {
		name, delimiter, ok := strings.Cut(lines[i], "<<")
		if !ok {
			if name, value, ok := strings.Cut(lines[i], "="); ok {
				values = append(values, [2]string{name, value})
			}
			continue
		}
		var value []string
		for i++; i < len(lines) && lines[i] != delimiter; i++ {
			value = append(value, lines[i])
		}
		values = append(values, [2]string{name, strings.Join(value, "\n")})
	}
	return values
}
