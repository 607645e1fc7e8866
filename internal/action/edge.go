// Package action is GitHub's edge: the inputs, the masks, the outputs and the
// summary of a workflow step.
//
// No write to standard output can end the run: a reader that went away must not
// cost a refresh token.
package action

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/sethvargo/go-githubactions"

	"strava-token/internal/secret"
)

// edge speaks the runner's protocol.
type edge struct {
	getenv func(string) string
	out    *steadyWriter
	sdk    *githubactions.Action
}

func newEdge(getenv func(string) string, stdout io.Writer) *edge {
	out := &steadyWriter{w: stdout}
	return &edge{
		getenv: getenv,
		out:    out,
		sdk:    githubactions.New(githubactions.WithGetenv(getenv), githubactions.WithWriter(out)),
	}
}

// Mask hides v in the log from now on. It returns false where the runner could
// not be told.
func (e *edge) Mask(v secret.Value) bool {
	if v.Empty() { // an empty mask would be an error in the log
		return true
	}
	e.sdk.AddMask(v.Reveal())
	return !e.out.broken
}

// Recover prints a sealed refresh token, each line as it is: it holds nothing
// that the runner could take for a command.
func (e *edge) Recover(sealed string) {
	_, _ = fmt.Fprintf(e.out, "%s\n%s", recoverIntro, sealed)
}

const recoverIntro = "Strava replaced the refresh token. The new one is sealed below: whoever holds the client secret opens it with\n" +
	"  strava-token recover FILE"

// say prints one line for people. It must not hold a text from outside.
func (e *edge) say(line string) { _, _ = fmt.Fprintln(e.out, line) }

// The runner's annotations; all three escape what they print.
func (e *edge) failure(text string) { e.sdk.Errorf("%s", text) }
func (e *edge) warning(text string) { e.sdk.Warningf("%s", text) }

// steadyWriter goes on where its writer is broken, since the run must.
type steadyWriter struct {
	w      io.Writer
	broken bool
}

func (s *steadyWriter) Write(p []byte) (int, error) {
	if !s.broken {
		if _, err := s.w.Write(p); err != nil {
			s.broken = true
		}
	}
	return len(p), nil
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
// value that holds it could set outputs of its own.
const delimiter = "_GitHubActionsFileCommandDelimeter_"

func exportable(value string) bool {
	return !strings.ContainsAny(value, "\r\n") && !strings.Contains(value, delimiter)
}

// file runs a call of the SDK that panics where it cannot write to its file.
func file(write func()) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("write to the runner's file: %v", p)
		}
	}()
	write()
	return nil
}
