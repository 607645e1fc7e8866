package action

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sethvargo/go-githubactions"

	"strava-token/internal/secret"
	"strava-token/internal/words"
)

// edge speaks the runner's protocol.
type edge struct {
	Config
	out   *steadyWriter
	sdk   *githubactions.Action
	voice words.Voice
	event map[string]any // what started the workflow; nil if unknown
	first *words.Failure // the failure of a run that waits for a person to authorize; or nil
}

func newEdge(c Config) *edge {
	getenv, out := c.Getenv, &steadyWriter{w: c.Stdout}
	sdk := githubactions.New(githubactions.WithGetenv(getenv), githubactions.WithWriter(out))
	var event map[string]any
	if context, _ := sdk.Context(); context != nil {
		event = context.Event
	}
	voice := words.Voice{Step: true, Help: troubleshooting(getenv), Server: getenv("GITHUB_SERVER_URL"), Repository: getenv("GITHUB_REPOSITORY")}
	voice.Workflow, voice.Edit = pagesOf(getenv)
	return &edge{Config: c, out: out, sdk: sdk, event: event, voice: voice}
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
	return !e.out.broken.Load()
}

// Recover prints a sealed refresh token, each line as it is: the runner can't take
// any of it for a command.
// The summary gets it at the end, below what failed, and at once if the log can't be
// written: the run may be killed.
func (e *edge) Recover(sealed string) bool {
	e.say(e.recoveryIntro())
	_, _ = fmt.Fprint(e.out, sealed)
	if !e.out.broken.Load() || e.addSummary(e.sealedSection(sealed)) {
		return true
	}
	_, err := fmt.Fprint(e.Stderr, sealed)
	return err == nil
}

// say prints one line for people, with nothing in it that the runner could take
// for a command: names of environments come from outside.
func (e *edge) say(line string) {
	line = strings.ReplaceAll(words.Visible(line), "##[", "## [")
	if strings.HasPrefix(strings.TrimSpace(line), "::") {
		line = "- " + line
	}
	_, _ = fmt.Fprintln(e.out, line)
}

// The runner's annotations escape what they print.
func (e *edge) fail(errs ...error) { e.sdk.Errorf("%s", e.text(errs...)) }
func (e *edge) warn(err error)     { e.sdk.Warningf("%s", e.text(err)) }

func (e *edge) text(errs ...error) string {
	var texts []string
	for _, m := range e.explain(errs) {
		texts = append(texts, m.Text())
	}
	return strings.Join(texts, "\n")
}

func (e *edge) explain(errs []error) (all []words.Message) {
	for _, err := range errs {
		all = append(all, e.voice.Explain(err)...)
	}
	return all
}

// steadyWriter carries on if its writer fails, or blocks because nobody reads, since
// the run must go on.
type steadyWriter struct {
	w      io.Writer
	mu     sync.Mutex
	broken atomic.Bool
}

func (s *steadyWriter) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.broken.Load() {
		return len(p), nil
	}
	text := bytes.Clone(p)
	written := make(chan error, 1)
	go func() {
		_, err := s.w.Write(text)
		written <- err
	}()
	select {
	case err := <-written:
		s.broken.Store(err != nil)
	case <-time.After(2 * time.Second):
		s.broken.Store(true)
	}
	return len(p), nil
}

// toFile calls write, which has the SDK write to one of the runner's files: the SDK panics
// if it can't.
func toFile(write func()) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("write to the runner's file: %v", cause)
		}
	}()
	write()
	return nil
}
