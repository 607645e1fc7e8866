package action

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/sethvargo/go-githubactions"

	"strava-token/internal/secret"
	"strava-token/internal/words"
)

// edge speaks the runner's protocol.
type edge struct {
	getenv func(string) string
	out    *steadyWriter
	stderr io.Writer // the last resort; may be nil
	sdk    *githubactions.Action
	voice  words.Voice
	pages  pages
	event  map[string]any // what started the workflow; nil if unknown
	sealed string         // a recovery text that is in the log, but not in the summary yet
}

func newEdge(getenv func(string) string, stdout io.Writer) *edge {
	out := &steadyWriter{w: stdout}
	pages := pagesOf(getenv)
	sdk := githubactions.New(githubactions.WithGetenv(getenv), githubactions.WithWriter(out))
	var event map[string]any
	if context, _ := sdk.Context(); context != nil {
		event = context.Event
	}
	return &edge{
		pages:  pages,
		event:  event,
		getenv: getenv,
		out:    out,
		sdk:    sdk,
		voice: words.Voice{
			Step: true, Help: troubleshooting(getenv), Server: getenv("GITHUB_SERVER_URL"), Repository: getenv("GITHUB_REPOSITORY"),
			Workflow: pages.workflow, Edit: pages.edit,
		},
	}
}

// troubleshooting returns the page that explains every message, in the version of the
// action that runs, or "" if the runner doesn't say which that is.
func troubleshooting(getenv func(string) string) string {
	server, repository, ref := getenv("GITHUB_SERVER_URL"), getenv("GITHUB_ACTION_REPOSITORY"), getenv("GITHUB_ACTION_REF")
	if server == "" || repository == "" || ref == "" {
		return ""
	}
	return server + "/" + repository + "/blob/" + ref + "/docs/troubleshooting.md"
}

// Mask hides v in the log from now on. It returns false if the runner couldn't
// be told.
func (e *edge) Mask(v secret.Value) bool {
	if v.Empty() { // an empty mask would be an error in the log
		return true
	}
	e.sdk.AddMask(v.Reveal())
	return !e.out.isBroken()
}

// Recover prints a sealed refresh token, each line as it is: the runner can't take
// any of it for a command.
// The summary gets it at the end, below what failed, or at once if the log can't be
// written: the run may be killed.
func (e *edge) Recover(sealed string) bool {
	e.sealed = sealed
	e.say(e.recoveryIntro())
	_, _ = fmt.Fprint(e.out, sealed)
	if !e.out.isBroken() {
		return true
	}
	e.sealed = ""
	if e.addSummary(e.sealedSection(sealed)) {
		return true
	}
	if e.stderr == nil {
		return false
	}
	_, err := fmt.Fprint(e.stderr, sealed)
	return err == nil
}

// say prints one line for people, with nothing in it that the runner could take
// for a command: names of environments come from outside.
func (e *edge) say(line string) {
	line = strings.Map(func(c rune) rune {
		if c < ' ' || c == 0x7f {
			return ' '
		}
		return c
	}, line)
	line = strings.ReplaceAll(line, "##[", "## [")
	if strings.HasPrefix(strings.TrimSpace(line), "::") {
		line = "- " + line
	}
	_, _ = fmt.Fprintln(e.out, line)
}

// The runner's annotations; all three escape what they print.
func (e *edge) failure(text string) { e.sdk.Errorf("%s", text) }
func (e *edge) titled(m words.Message) {
	title := m.What
	m.What = ""
	e.sdk.WithFieldsMap(map[string]string{"title": title}).Errorf("%s", strings.TrimSpace(m.Text()))
}
func (e *edge) warning(text string) { e.sdk.Warningf("%s", text) }

// steadyWriter carries on if its writer fails, or blocks because nobody reads, since
// the run must go on.
type steadyWriter struct {
	w      io.Writer
	mu     sync.Mutex
	broken bool
}

// printTimeout is how long a print may block the run.
const printTimeout = 2 * time.Second

func (s *steadyWriter) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.broken {
		return len(p), nil
	}
	text := bytes.Clone(p)
	written := make(chan error, 1)
	go func() {
		_, err := s.w.Write(text)
		written <- err
	}()
	limit := time.NewTimer(printTimeout)
	defer limit.Stop()
	select {
	case err := <-written:
		s.broken = err != nil
	case <-limit.C:
		s.broken = true
	}
	return len(p), nil
}

func (s *steadyWriter) isBroken() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.broken
}

// The files that the runner mounts.
const (
	outputFile  = "GITHUB_OUTPUT"
	envFile     = "GITHUB_ENV"
	summaryFile = "GITHUB_STEP_SUMMARY"
)

// writable reports whether the file that a variable names can be appended to.
func (e *edge) writable(variable string) bool {
	path := e.getenv(variable)
	if path == "" {
		return false
	}
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return false
	}
	return f.Close() == nil
}

// delimiter ends a value in the runner's files. The SDK's is a constant, so a
// value that contains it could set outputs of its own.
const delimiter = "_GitHubActionsFileCommandDelimeter_"

func exportable(value string) bool {
	return !strings.ContainsAny(value, "\r\n") && !strings.Contains(value, delimiter)
}

// file calls write, a call of the SDK that panics if it can't write to its file.
func file(write func()) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("write to the runner's file: %v", p)
		}
	}()
	write()
	return nil
}
