package cli_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"log"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"

	"strava-token/internal/check"
	"strava-token/internal/cli"
	"strava-token/internal/sandbox"
	"strava-token/internal/transport"
)

// secretName is the secret that the workflows of these tests read and rotate.
const secretName = "STRAVA_REFRESH_TOKEN"

// awkward makes tokens that look different in every encoding.
const awkward = "+/=&%<>'"

// step is one step of a workflow against a sandbox.
type step struct {
	t      testing.TB
	server *sandbox.Server
	runner *sandbox.Runner
	stdout io.Writer // the runner, unless a test breaks it
	pipe   *network  // nil if the sandbox has a port
	base   string
	stderr bytes.Buffer
	ctx    context.Context
	cancel context.CancelFunc
	// spoiled makes a certificate one that does not verify.
	spoiled atomic.Bool
}

// serve answers on l until the test ends.
func serve(t testing.TB, h http.Handler, l net.Listener) {
	service := &http.Server{Handler: h, ErrorLog: log.New(io.Discard, "", 0)}
	go func() { _ = service.Serve(l) }()
	t.Cleanup(func() { _ = service.Close() })
}

// newStep returns a step in this process, whose inputs are those of the
// README's first workflow. Call it inside synctest.Test: no port is opened, and
// time passes only if everybody waits.
func newStep(t testing.TB, knobs sandbox.Knobs) *step {
	t.Helper()
	pipe := sandbox.NewPipe()
	s := newStepOn(t, knobs, pipe)
	s.pipe = &network{Pipe: pipe, refuse: map[string]int{}}
	return s
}

// network is a pipe that remembers what was dialled, and can refuse it.
type network struct {
	*sandbox.Pipe
	mu      sync.Mutex
	dialled []string
	conns   []net.Conn     // to each of dialled; nil if there's none
	refuse  map[string]int // how many more connections are refused; -1 is all
}

func (n *network) Dial(ctx context.Context, kind, address string) (net.Conn, error) {
	n.mu.Lock()
	refused := n.refuse[address] != 0
	if refused {
		n.refuse[address]--
	}
	n.mu.Unlock()
	var conn net.Conn
	err := error(&net.OpError{Op: "dial", Net: "pipe", Err: syscall.ECONNREFUSED})
	if !refused {
		conn, err = n.Pipe.Dial(ctx, kind, address)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.dialled, n.conns = append(n.dialled, address), append(n.conns, conn)
	return conn, err
}

// Refuse closes every connection to address and refuses the next times ones; -1
// refuses all.
func (n *network) Refuse(address string, times int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.refuse[address] = times
	for i, conn := range n.conns {
		if conn != nil && n.dialled[i] == address {
			_ = conn.Close()
		}
	}
}

// Dialled returns the addresses that were asked for.
func (n *network) Dialled() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Clone(n.dialled)
}

// inStep runs a test in a bubble, with a step of its own.
func inStep(t *testing.T, knobs sandbox.Knobs, do func(t *testing.T, s *step)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, func(t *testing.T) { do(t, newStep(t, knobs)) })
}

// runInStep is inStep as a subtest.
func runInStep(t *testing.T, name string, knobs sandbox.Knobs, do func(t *testing.T, s *step)) {
	t.Run(name, func(t *testing.T) { inStep(t, knobs, do) })
}

// newStepOn returns a step against a sandbox that answers on l.
func newStepOn(t testing.TB, knobs sandbox.Knobs, l net.Listener) *step {
	t.Helper()
	knobs.Suffix = cmp.Or(knobs.Suffix, awkward)
	s := &step{t: t, server: sandbox.New(knobs), base: "http://" + l.Addr().String()}
	record(t, s.server)
	s.ctx, s.cancel = context.WithCancel(t.Context())
	serve(t, s.server, l)
	t.Cleanup(s.cancel)
	s.server.SetSecret(secretName, s.server.LiveRefreshToken())
	s.newRun()
	return s
}

// newProcessStep is newStep with a sandbox on a real port.
func newProcessStep(t *testing.T, knobs sandbox.Knobs) *step {
	t.Helper()
	return newStepOn(t, knobs, check.Must(sandbox.Listen(t.Context(), "127.0.0.1:0"))(t))
}

// newRun begins another run of the workflow, with the secret as it is now.
func (s *step) newRun() {
	s.t.Helper()
	s.runner = s.newRunner(s.server.Secret(secretName), secretName, s.server.GitHubToken())
	s.stdout = s.runner
}

// newRunner is a runner of the step, with these inputs.
func (s *step) newRunner(refresh, target, token string) *sandbox.Runner {
	s.t.Helper()
	runner := check.Must(s.server.NewRunner(s.t.TempDir(), s.base))(s.t)
	runner.Input("refresh-token", refresh)
	runner.Input("rotate-to", target)
	runner.Input("github-token", token)
	return runner
}

// run runs the step and returns its exit status. Nothing leaks.
func (s *step) run() int {
	s.t.Helper()
	var dial transport.DialFunc // over TCP
	if s.pipe != nil {
		dial = s.pipe.Dial
	}
	status := runs(s.ctx, cli.Process{Args: []string{"action"}, Getenv: s.runner.Getenv, Stdout: s.stdout, Stderr: &s.stderr, Dial: dial})
	s.assertNothingLeaks()
	return status
}

// runs runs a command in this process. What p leaves out is empty, and is thrown away.
func runs(ctx context.Context, p cli.Process) int {
	if p.Getenv == nil {
		p.Getenv = func(string) string { return "" }
	}
	if p.Stdin == nil {
		p.Stdin = strings.NewReader("")
	}
	p.Stdout, p.Stderr = cmp.Or(p.Stdout, io.Discard), cmp.Or(p.Stderr, io.Discard)
	return cli.Run(ctx, p)
}

// environment points a command outside a workflow at a sandbox.
func environment(s *sandbox.Server, base string) map[string]string {
	env := map[string]string{}
	for _, v := range s.Environment(base) {
		env[v[0]] = v[1]
	}
	return env
}

// from reads an environment.
func from(env map[string]string) func(string) string {
	return func(name string) string { return env[name] }
}

// kept reports whether the refresh token that lives is in the secret.
func (s *step) kept() bool { return s.server.Secret(secretName) == s.server.LiveRefreshToken() }

// assertNothingLeaks looks for every secret, in every form, everywhere it may
// not be: in what was printed (masks aside), in the summary, and in the
// outputs and the environment unless it is the exported access token.
func (s *step) assertNothingLeaks() {
	s.t.Helper()
	values := s.server.Values()
	for _, input := range []string{"client-secret", "refresh-token", "github-token"} {
		if value := s.runner.Getenv("INPUT_" + strings.ToUpper(input)); len(value) >= 8 && !strings.Contains(value, "{") {
			values["the input "+input] = value
		}
	}
	access, refresh := s.runner.Output("access-token"), s.runner.Output("refresh-token")
	outputs, env := s.runner.File("GITHUB_OUTPUT"), s.runner.File("GITHUB_ENV")
	outputs, env = strings.Replace(outputs, access, "", 1), strings.Replace(env, access, "", 1)
	if s.runner.Getenv("INPUT_EXPOSE-REFRESH-TOKEN") == "true" {
		outputs = strings.Replace(outputs, refresh, "", 1)
	}
	texts := map[string]string{
		"standard output": s.runner.Printed(), "standard error": s.stderr.String(), "the summary": s.runner.File("GITHUB_STEP_SUMMARY"),
		"the outputs": outputs, "the environment file": env,
	}
	for name, value := range values {
		assertAbsent(s.t, name, value, texts)
	}
	for _, call := range s.server.Unexpected() {
		s.t.Errorf("a call that no service has: %s", call)
	}
}

// assertAbsent looks for a value in texts.
func assertAbsent(t testing.TB, name, value string, texts map[string]string) {
	t.Helper()
	for form, encoded := range forms(value) {
		for where, text := range texts {
			check.That(t, !strings.Contains(text, encoded), "%s is in %s (%s)", name, where, form)
		}
	}
}

// forms are the ways in which a secret can stand in a text.
func forms(value string) map[string]string {
	escaped, _ := json.Marshal(value)
	all := map[string]string{
		"plain":        value,
		"form encoded": url.QueryEscape(value),
		"path encoded": url.PathEscape(value),
		"JSON":         strings.Trim(string(escaped), `"`),
		"hexadecimal":  hex.EncodeToString([]byte(value)),
		"the start":    value[:len(value)/2],
	}
	// Inside a longer base64 text a value stands in one of three shapes.
	for offset := range 3 {
		inside := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("\x00", offset) + value))
		inside = inside[4 : len(inside)-4]
		all["base64 at "+strconv.Itoa(offset)] = inside
		all["base64url at "+strconv.Itoa(offset)] = strings.NewReplacer("+", "-", "/", "_").Replace(inside)
	}
	return all
}

func readFile(t testing.TB, path string) string {
	t.Helper()
	return string(check.Must(os.ReadFile(path))(t))
}

// writeFile writes a file of its own.
func writeFile(t testing.TB, content string) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "file")
	check.OK(t, os.WriteFile(path, []byte(content), 0o600))
	return path
}

var update = flag.Bool("update", false, "write the golden files anew")

// assertGolden holds a text against a file, which -update writes.
func assertGolden(t testing.TB, path, got string) {
	t.Helper()
	if *update {
		check.OK(t, errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(got), 0o644)))
	}
	check.Same(t, got, readFile(t, path), "%s", path)
}

// recordTo is what internal/contract reads: the calls to GitHub, one a line.
var recordTo = flag.String("record", "", "append the calls to GitHub to this file")

// record records what a sandbox is asked in GitHub's place, and what it answers.
func record(t testing.TB, s *sandbox.Server) {
	t.Helper()
	if *recordTo == "" {
		return
	}
	f := check.Must(os.OpenFile(*recordTo, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600))(t)
	s.Set(func(k *sandbox.Knobs) {
		k.Observe = func(e sandbox.Exchange) {
			line, _ := json.Marshal(e) // texts and a number
			if e.Service != "github" {
				return
			}
			if _, err := f.Write(append(line, '\n')); err != nil { // at once, so that lines do not mix
				panic(err)
			}
		}
	})
}
