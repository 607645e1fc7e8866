//go:build e2e

// Package e2e runs a real workflow file with a real workflow runner: the image
// is built from the project's own Dockerfile, and the sandbox stands in for
// Strava and GitHub. A tool that is missing is a failure, never a skip.
package e2e

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"strava-token/internal/check"
	"strava-token/internal/sandbox"
)

const (
	runnerImage = "localhost/runner:latest"
	actTimeout  = 5 * time.Minute
	secretName  = "STRAVA_REFRESH_TOKEN"
)

// world is a sandbox that workflows run against.
type world struct {
	server *sandbox.Server
	base   string
	seed   bool // the branch holds the refresh token already

	event   string // what starts a workflow; "" is Run workflow
	secrets string // the repository's, NAME=VALUE; "" is all that the examples name
}

func newWorld(t *testing.T, knobs sandbox.Knobs) *world {
	t.Helper()
	listener := check.Must(sandbox.Listen(t.Context(), "127.0.0.1:0"))(t)
	w := &world{server: sandbox.New(knobs), base: "http://" + listener.Addr().String()}
	w.server.SetSecret(secretName, w.server.LiveRefreshToken())
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- w.server.Serve(ctx, listener) }()
	t.Cleanup(func() {
		cancel()
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	return w
}

// act runs a workflow with the secrets as they are in the sandbox now, and
// returns the log.
func (w *world) act(t *testing.T, workflow string, further ...string) (log string, ok bool) {
	t.Helper()
	return w.actIn(t, "..", workflow, further...) // the project's root
}

// actIn does so in another folder than the project's: uses: ./ is what is there.
func (w *world) actIn(t *testing.T, root, workflow string, further ...string) (log string, ok bool) {
	t.Helper()
	dir := t.TempDir()
	secrets := filepath.Join(dir, "secrets")
	content := w.secrets
	if content == "" {
		content = w.allSecrets()
	}
	check.OK(t, os.WriteFile(secrets, []byte(content), 0o600))
	ctx, cancel := context.WithTimeout(t.Context(), actTimeout)
	defer cancel()
	if !filepath.IsAbs(workflow) {
		workflow = filepath.Join("e2e", "workflows", workflow)
	}
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
	if _, isExit := err.(*exec.ExitError); err != nil && !isExit {
		t.Fatalf("run act: %v", err)
	}
	for name, value := range w.server.Values() {
		// The runner shows the inputs of a dispatch, a code among them.
		check.That(t, name == "code" || !strings.Contains(out.String(), value), "%s is in the log", name)
	}
	return out.String(), err == nil
}

func (w *world) allSecrets() string {
	return fmt.Sprintf("STRAVA_CLIENT_ID=%[1]s\nSTRAVA_CLIENT_SECRET=%[2]s\n%[3]s=%[4]s\nSTRAVA_CLIENT_REFRESH_TOKEN=%[4]s\nSECRETS_WRITER=%[5]s\nGITHUB_TOKEN=%[6]s\n",
		w.server.App().ID, w.server.App().Secret, secretName, w.server.Secret(secretName), w.server.GitHubToken(), w.server.BuiltInToken())
}

func (w *world) assertKept(t *testing.T, log string) {
	t.Helper()
	if w.server.Secret(secretName) != w.server.LiveRefreshToken() {
		t.Errorf("the secret does not hold the living refresh token\n%s\n%s", log, w.server.Journal())
	}
}

func TestWorkflowRotatesTwiceAndUsesTheToken(t *testing.T) {
	w := newWorld(t, sandbox.Knobs{Rotation: sandbox.RotateAlways})
	// The runner builds the image from the Dockerfile first; the second run has the
	// same one, built before.
	if out, err := buildImage(); err != nil {
		t.Fatalf("build the image: %v\n%s", err, out)
	}
	built := t.TempDir()
	write(t, filepath.Join(built, "action.yml"), strings.Replace(readFile(t, "../action.yml"), "image: Dockerfile", "image: docker://"+image, 1))
	workflow := filepath.Join(built, "sync.yml")
	write(t, workflow, readFile(t, "workflows/sync.yml"))
	for run, root := range []string{"..", built} {
		before := w.server.Secret(secretName)
		log, ok := w.actIn(t, root, workflow)
		check.Need(t, ok, "run %d failed:\n%s", run, log)
		check.Contains(t, log, "the token in the log: ***", "athlete 126651800", "Strava access token is ready")
		check.That(t, w.server.Secret(secretName) != before, "run %d did not rotate the secret", run)
		w.assertKept(t, log)
	}
}

func TestWorkflowShowsWhyItFailed(t *testing.T) {
	w := newWorld(t, sandbox.Knobs{Rotation: sandbox.RotateAlways, Inactive: true})
	log, ok := w.act(t, "sync.yml")
	check.That(t, !ok, "the run succeeded:\n%s", log)
	check.Contains(t, log, "::error::The Strava app is inactive.", "https://www.strava.com/settings/api")
	check.That(t, !strings.Contains(log, "the token in the log"), "a later step ran")
	w.assertKept(t, log)
}
