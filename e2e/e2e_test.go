//go:build e2e

// Package e2e runs a real workflow file with a real workflow runner: the image
// is built from the project's own Dockerfile, and the sandbox stands in for
// Strava and GitHub. A tool that is missing is a failure, never a skip.
package e2e

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"strava-token/internal/check"
	"strava-token/internal/cli"
	"strava-token/internal/provider"
	"strava-token/internal/sandbox"
)

const (
	image       = "localhost/strava-token:e2e"
	runnerImage = "localhost/runner:latest"
	actTimeout  = 5 * time.Minute
	secretName  = "STRAVA_REFRESH_TOKEN"
	branch      = "branch:strava-token"
	workflowRef = sandbox.Repository + "/.github/workflows/strava.yml@refs/heads/main"
)

// world is a sandbox that workflows run against.
type world struct {
	server *sandbox.Server
	base   string

	event   string // what starts a workflow; "" is Run workflow
	secrets string // the repository's, NAME=VALUE; "" is all that the examples name
}

func newWorld(t *testing.T, knobs sandbox.Knobs) *world {
	t.Helper()
	listener := check.Must(sandbox.Listen(t.Context(), "127.0.0.1:0"))(t)
	w := &world{server: sandbox.New(knobs), base: "http://" + listener.Addr().String()}
	w.server.SetSecret(secretName, w.server.LiveRefreshToken())
	ctx, cancel := context.WithCancel(context.Background())
	go func() { _ = w.server.Serve(ctx, listener) }()
	t.Cleanup(cancel)
	return w
}

// actIn runs a workflow with the secrets as they are in the sandbox now, and returns
// the log. uses: ./ is what is in the folder root.
func (w *world) actIn(t *testing.T, root, workflow string, further ...string) (log string, ok bool) {
	t.Helper()
	dir := t.TempDir()
	secrets := filepath.Join(dir, "secrets")
	write(t, secrets, cmp.Or(w.secrets, fmt.Sprintf("STRAVA_CLIENT_ID=%[1]s\nSTRAVA_CLIENT_SECRET=%[2]s\n"+
		"%[3]s=%[4]s\nSTRAVA_CLIENT_REFRESH_TOKEN=%[4]s\nSECRETS_WRITER=%[5]s\nGITHUB_TOKEN=%[6]s\n",
		w.server.App().ID, w.server.App().Secret, secretName, w.server.Secret(secretName), w.server.GitHubToken(), w.server.BuiltInToken())))
	ctx, cancel := context.WithTimeout(t.Context(), actTimeout)
	defer cancel()
	arguments := append([]string{cmp.Or(w.event, "workflow_dispatch"),
		"--workflows", workflow,
		"--platform", "ubuntu-latest=" + runnerImage, "--pull=false", "--network", "host",
		"--container-daemon-socket", "-",
		"--secret-file", secrets, "--var", "SANDBOX=" + w.base,
		"--env", "GITHUB_API_URL=" + w.base, "--env", "GITHUB_REPOSITORY=" + sandbox.Repository}, further...)
	cmd := exec.CommandContext(ctx, "act", arguments...)
	cmd.Dir = root
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	check.Need(t, ctx.Err() == nil, "act did not end:\n%s", out.String())
	_, failed := errors.AsType[*exec.ExitError](err)
	check.Need(t, err == nil || failed, "run act: %v", err)
	for name, value := range w.server.Values() {
		// The runner shows the inputs of a dispatch, a code among them.
		check.That(t, name == "code" || !strings.Contains(out.String(), value), "%s is in the log", name)
	}
	return out.String(), err == nil
}

// keeps asserts that every one of these secrets has the living refresh token; a
// branch is named like a target.
func (w *world) keeps(t *testing.T, log string, places ...string) {
	t.Helper()
	for _, place := range places {
		held := w.server.Secret(place)
		if branch, ok := strings.CutPrefix(place, "branch:"); ok {
			held = w.server.Held(branch)
		}
		check.That(t, held == w.server.LiveRefreshToken(), "%s does not hold the living refresh token\n%s\n%s", place, log, w.server.Journal())
	}
}

// cancelled starts a program and cancels it while its token request is under way:
// what arrives is kept before it ends.
func (w *world) cancelled(t *testing.T, cmd *exec.Cmd, cancel func() error) {
	t.Helper()
	reached, sent := make(chan struct{}), make(chan struct{})
	var once sync.Once
	w.server.Notify(func(call string) {
		if call == "token" {
			once.Do(func() { close(reached) })
			<-sent
			time.Sleep(time.Second) // until the signal arrived
		}
	})
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	check.OK(t, cmd.Start())
	select {
	case <-reached:
	case <-time.After(time.Minute):
		close(sent)
		t.Fatalf("no token was asked for:\n%s", out.String())
	}
	err := cancel()
	close(sent)
	check.OK(t, err)
	err = cmd.Wait()
	exit, ok := errors.AsType[*exec.ExitError](err)
	check.That(t, ok && exit.ExitCode() == 1, "it ended with %v, want exit status 1", err)
	check.Contains(t, out.String(), "The run was cancelled after the token request.", "BEGIN AGE ENCRYPTED FILE")
	w.keeps(t, out.String(), secretName)
}

// step runs a step with these inputs in this process, and returns its summary.
func (w *world) step(t *testing.T, status provider.Status, inputs map[string]string) string {
	t.Helper()
	runner := check.Must(w.server.NewRunner(t.TempDir(), w.base))(t)
	for name, value := range inputs {
		runner.Input(name, value)
	}
	runner.Set("GITHUB_SERVER_URL", "https://github.com")
	runner.Set("GITHUB_WORKFLOW_REF", workflowRef)
	got := cli.Run(t.Context(), cli.Process{
		Args: []string{"action"}, Getenv: runner.Getenv, Stdin: strings.NewReader(""), Stdout: runner, Stderr: &bytes.Buffer{},
	})
	check.Need(t, int(got) == int(status), "exit status: got %d, want %d\n%s", got, status, runner.Log())
	return runner.File("GITHUB_STEP_SUMMARY")
}

// engine is docker or podman, as .ci/engine found it.
func engine(t *testing.T) string {
	t.Helper()
	name := os.Getenv("ENGINE")
	check.Need(t, name != "", "ENGINE names no container engine; .ci/run sets it")
	return name
}

var buildImage = sync.OnceValues(func() ([]byte, error) {
	cmd := exec.Command(os.Getenv("ENGINE"), "build", "--tag", image, ".")
	cmd.Dir = ".."
	return cmd.CombinedOutput()
})

func needImage(t *testing.T) {
	t.Helper()
	out, err := buildImage()
	check.Need(t, err == nil, "build the image: %v\n%s", err, out)
}

// runner runs a step that keeps the refresh token in the secret.
func (w *world) runner(t *testing.T, dir string) *sandbox.Runner {
	t.Helper()
	runner := check.Must(w.server.NewRunner(dir, w.base))(t)
	runner.Input("refresh-token", w.server.LiveRefreshToken())
	runner.Input("rotate-to", secretName)
	runner.Input("github-token", w.server.GitHubToken())
	return runner
}

// program is the command, built once.
var program = sync.OnceValues(func() (string, error) {
	path, err := filepath.Abs(filepath.Join(screenshots, "bin", "strava-token"))
	if runtime.GOOS == "windows" {
		path += ".exe"
	}
	if err != nil {
		return "", err
	}
	out, err := exec.Command("go", "-C", "..", "build", "-o", path, ".").CombinedOutput()
	if err != nil {
		err = fmt.Errorf("build: %w\n%s", err, out)
	}
	return path, err
})

// command runs a command in the project's root and returns what it printed.
func command(t *testing.T, name string, arguments ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, arguments...)
	cmd.Dir = ".."
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	check.Need(t, err == nil, "%s %s: %v\n%s%s", name, strings.Join(arguments, " "), err, out, stderr.String())
	return strings.TrimSpace(string(out))
}

// replaced replaces what must be there.
func replaced(t *testing.T, content, from, to string) string {
	t.Helper()
	check.Need(t, strings.Contains(content, from), "there is no %q in\n%s", from, content)
	return strings.Replace(content, from, to, 1)
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	return string(check.Must(os.ReadFile(path))(t))
}

func write(t *testing.T, path, content string) {
	t.Helper()
	check.OK(t, os.MkdirAll(filepath.Dir(path), 0o700))
	check.OK(t, os.WriteFile(path, []byte(content), 0o600))
}

func TestWorkflowRotatesTwiceAndUsesTheToken(t *testing.T) {
	w := newWorld(t, sandbox.Knobs{Rotation: sandbox.RotateAlways})
	// The runner builds the image from the Dockerfile first; the second run has the
	// same one, built before.
	needImage(t)
	built := t.TempDir()
	write(t, filepath.Join(built, "action.yml"), replaced(t, readFile(t, "../action.yml"), "image: Dockerfile", "image: docker://"+image))
	workflow := filepath.Join(built, "sync.yml")
	write(t, workflow, readFile(t, "workflows/sync.yml"))
	for run, root := range []string{"..", built} {
		before := w.server.Secret(secretName)
		log, ok := w.actIn(t, root, workflow)
		check.Need(t, ok, "run %d failed:\n%s", run, log)
		check.Contains(t, log, "the token in the log: ***", "athlete 126651800", "Strava access token is ready")
		check.That(t, w.server.Secret(secretName) != before, "run %d did not rotate the secret", run)
		w.keeps(t, log, secretName)
	}
}

func TestWorkflowShowsWhyItFailed(t *testing.T) {
	w := newWorld(t, sandbox.Knobs{Rotation: sandbox.RotateAlways, Inactive: true})
	log, ok := w.actIn(t, "..", "e2e/workflows/sync.yml")
	check.That(t, !ok, "the run succeeded:\n%s", log)
	check.Contains(t, log, "::error::The Strava app is inactive.", "https://www.strava.com/settings/api")
	check.That(t, !strings.Contains(log, "the token in the log"), "a later step ran")
	w.keeps(t, log, secretName)
}

// TestSignalsReachTheContainer sends each signal to the program as PID 1, which
// ignores every signal that it has no handler for.
func TestSignalsReachTheContainer(t *testing.T) {
	run := engine(t)
	needImage(t)
	for _, signal := range []string{"INT", "TERM", "HUP"} {
		t.Run(signal, func(t *testing.T) {
			w := newWorld(t, always)
			dir := t.TempDir()
			runner := w.runner(t, dir)
			runner.Set("GITHUB_OUTPUT", "/files/output")
			runner.Set("GITHUB_ENV", "/files/env")
			runner.Set("GITHUB_STEP_SUMMARY", "/files/summary")
			envFile, name := filepath.Join(dir, "environment"), fmt.Sprintf("strava-token-%s-%d", signal, os.Getpid())
			write(t, envFile, strings.Join(runner.Environ(), "\n"))
			cmd := exec.Command(run, "run", "--rm", "--name", name, "--network", "host",
				"--env-file", envFile, "--volume", dir+":/files", image, "action")
			w.cancelled(t, cmd, exec.Command(run, "kill", "--signal", signal, name).Run)
		})
	}
}
