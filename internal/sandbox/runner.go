package sandbox

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// Runner is a workflow runner as a step sees it: an environment, which is set before the
// step starts, a standard output with commands in it, and the files for outputs. The
// journal shows what the step tells it.
type Runner struct {
	server *Server
	dir    string
	env    map[string]string
	masks  []string        // each with its ***; the server's lock guards this and what follows
	raw    strings.Builder // everything printed
	log    strings.Builder
	line   string         // the line that hasn't ended yet
	read   map[string]int // how much of a file is in the journal
}

// The files that a runner mounts, by the variable that names each.
var runnerFiles = map[string]string{"GITHUB_OUTPUT": "output", "GITHUB_ENV": "env", "GITHUB_STEP_SUMMARY": "summary"}

// NewRunner returns a runner for one step in the sandbox's repository, with its files in
// dir. base is the address of the sandbox.
func (s *Server) NewRunner(dir, base string) (*Runner, error) {
	r := &Runner{server: s, dir: dir, read: map[string]int{}, env: map[string]string{
		"GITHUB_ACTIONS":       "true",
		"GITHUB_API_URL":       base,
		"GITHUB_REPOSITORY":    Repository,
		"GITHUB_REPOSITORY_ID": fmt.Sprint(RepositoryID),
		"GITHUB_EVENT_NAME":    "schedule",
		"GITHUB_ACTOR":         Organization,
		"GITHUB_RUN_ID":        fmt.Sprint(runID),
		"GITHUB_RUN_ATTEMPT":   "1",
		"INPUT_STRAVA-URL":     base,
		"INPUT_STRAVA-API-URL": base + "/api/v3",
		"INPUT_CLIENT-ID":      s.App().ID,
		"INPUT_CLIENT-SECRET":  s.App().Secret,
	}}
	for variable, name := range runnerFiles {
		r.env[variable] = filepath.Join(dir, name)
		if err := os.WriteFile(r.env[variable], nil, 0o600); err != nil {
			return nil, fmt.Errorf("make the runner's files: %w", err)
		}
	}
	s.edit(func() { s.journal.files = r.readFiles })
	return r, nil
}

// Input sets an input of the step, and Set a variable of its environment.
func (r *Runner) Input(name, value string)  { r.env["INPUT_"+strings.ToUpper(name)] = value }
func (r *Runner) Set(name, value string)    { r.env[name] = value }
func (r *Runner) Getenv(name string) string { return r.env[name] }

// Environ returns the environment as os/exec takes it.
func (r *Runner) Environ() (all []string) {
	for name, value := range r.env {
		all = append(all, name+"="+value)
	}
	return all
}

func (r *Runner) Write(p []byte) (int, error) {
	r.server.edit(func() {
		r.raw.Write(p)
		r.line += string(p)
		for line, rest, ended := strings.Cut(r.line, "\n"); ended; line, rest, ended = strings.Cut(rest, "\n") {
			r.take(line)
			r.line = rest
		}
	})
	return len(p), nil
}

func (r *Runner) take(line string) {
	trimmed, isCommand := strings.CutPrefix(strings.TrimSpace(line), "::")
	command, message, ended := strings.Cut(trimmed, "::")
	if !isCommand || !ended {
		if line != "" && !isArmor(line) {
			r.record("print", line)
		}
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
		r.masks = append(r.masks, message, "***")
		r.record("mask", r.server.journal.named(message, "value"))
	case "error", "warning", "notice", "debug":
		r.record(command, strings.SplitN(message, "\n", 2)[0])
		r.show(strings.ToUpper(command[:1]) + command[1:] + ": " + message)
	default:
		r.record("command", command)
		r.show(line)
	}
}

func (r *Runner) record(verb, what string) { r.server.journal.add(r.entry(verb, what)) }

// entry returns one of the journal's, with the name in place of every known value.
func (r *Runner) entry(verb, what string) entry {
	for value, name := range r.server.journal.names {
		what = strings.ReplaceAll(what, value, name)
	}
	return entry{service: "runner", verb: verb, what: what}
}

// isArmor recognizes the lines of a sealed text; they differ in every run.
func isArmor(line string) bool {
	return len(line) == 64 && !strings.Contains(line, " ") || len(line) < 64 && !strings.ContainsAny(line, " .:-")
}

func (r *Runner) show(line string) {
	r.log.WriteString(strings.NewReplacer(r.masks...).Replace(line) + "\n")
}

// Log returns what people see of the step's output.
func (r *Runner) Log() string { return read(r.server, r.log.String) }

// Printed returns the step's whole output, without the masks.
func (r *Runner) Printed() string {
	return regexp.MustCompile(`(?m)^::add-mask::.*\n?`).ReplaceAllString(read(r.server, r.raw.String), "")
}

// File returns what the step wrote to GITHUB_OUTPUT, GITHUB_ENV or GITHUB_STEP_SUMMARY.
func (r *Runner) File(variable string) string {
	content, _ := os.ReadFile(filepath.Join(r.dir, runnerFiles[variable]))
	return string(content)
}

// Output returns an output of the step, or "" if it was not set.
func (r *Runner) Output(name string) string {
	for _, v := range parseFile(r.File("GITHUB_OUTPUT")) {
		if value, ok := strings.CutPrefix(v, name+"="); ok {
			return value
		}
	}
	return ""
}

// readFiles returns what was written to the files since the last entry.
func (r *Runner) readFiles() (news []entry) {
	for _, variable := range []string{"GITHUB_OUTPUT", "GITHUB_ENV", "GITHUB_STEP_SUMMARY"} {
		content := r.File(variable)
		added := content[min(r.read[variable], len(content)):]
		r.read[variable] = len(content)
		if variable == "GITHUB_STEP_SUMMARY" && added != "" {
			news = append(news, r.entry("summary", strings.SplitN(added, "\n", 2)[0]))
			continue
		}
		for _, v := range parseFile(added) {
			news = append(news, r.entry(runnerFiles[variable], v))
		}
	}
	return news
}

// parseFile reads the name<<delimiter form as the runner does. It returns name=value.
func parseFile(content string) (values []string) {
	for content != "" {
		line, rest, _ := strings.Cut(content, "\n")
		if name, delimiter, ok := strings.Cut(line, "<<"); ok {
			line, rest, _ = strings.Cut("\n"+rest, "\n"+delimiter+"\n")
			line = name + "=" + strings.TrimPrefix(line, "\n")
		}
		if strings.Contains(line, "=") {
			values = append(values, line)
		}
		content = rest
	}
	return values
}
