//go:build e2e

package e2e

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"strava-token/internal/check"
	"strava-token/internal/sandbox"
)

const image = "localhost/strava-token:e2e"

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

// TestSignalsReachTheContainer sends each signal to the program as PID 1, which
// ignores every signal that it has no handler for, while the token request is
// under way: the new refresh token is kept before it stops.
func TestSignalsReachTheContainer(t *testing.T) {
	run := engine(t)
	if out, err := buildImage(); err != nil {
		t.Fatalf("build the image: %v\n%s", err, out)
	}
	for _, signal := range []string{"INT", "TERM", "HUP"} {
		t.Run(signal, func(t *testing.T) {
			w := newWorld(t, sandbox.Knobs{Rotation: sandbox.RotateAlways})
			dir := t.TempDir()
			runner := check.Must(w.server.NewRunner(dir, w.base))(t)
			runner.Input("refresh-token", w.server.Secret(secretName))
			runner.Input("rotate-to", secretName)
			runner.Input("github-token", w.server.GitHubToken())
			runner.Set("GITHUB_OUTPUT", "/files/output")
			runner.Set("GITHUB_ENV", "/files/env")
			runner.Set("GITHUB_STEP_SUMMARY", "/files/summary")
			envFile := filepath.Join(dir, "environment")
			check.OK(t, os.WriteFile(envFile, []byte(strings.Join(runner.Environ(), "\n")), 0o600))

			name := fmt.Sprintf("strava-token-%s-%d", signal, os.Getpid())
			reached := make(chan struct{})
			var once sync.Once
			w.server.Notify(func(call string) {
				if call == "token" {
					once.Do(func() { close(reached) })
					time.Sleep(time.Second) // so that the signal falls into it
				}
			})
			var out bytes.Buffer
			cmd := exec.Command(run, "run", "--rm", "--name", name, "--network", "host",
				"--env-file", envFile, "--volume", dir+":/files", image, "action")
			cmd.Stdout, cmd.Stderr = &out, &out
			check.OK(t, cmd.Start())
			select {
			case <-reached:
			case <-time.After(time.Minute):
				t.Fatalf("the container asked for no token:\n%s", out.String())
			}
			if killed, err := exec.Command(run, "kill", "--signal", signal, name).CombinedOutput(); err != nil {
				t.Fatalf("kill: %v\n%s", err, killed)
			}
			err := cmd.Wait()
			var exit *exec.ExitError
			check.That(t, errors.As(err, &exit) && exit.ExitCode() == 1, "the container ended with %v, want exit status 1\n%s", err, out.String())
			check.Contains(t, out.String(), "The run was cancelled after the token request.", "BEGIN AGE ENCRYPTED FILE")
			w.assertKept(t, out.String())
		})
	}
}

// TestDockerRecipe runs examples/docker.sh twice with the real image: the second
// time without a refresh token, which the folder keeps.
func TestDockerRecipe(t *testing.T) {
	w := newWorld(t, always)
	if out, err := buildImage(); err != nil {
		t.Fatalf("build the image: %v\n%s", err, out)
	}
	dir := t.TempDir()
	// The sandbox is on this machine's loopback, which only its network reaches.
	wrapper := filepath.Join(dir, "engine")
	script := "#!/bin/sh\nshift\nexec " + engine(t) + " run --network host \"$@\"\n"
	check.OK(t, os.WriteFile(wrapper, []byte(script), 0o700))
	example := check.Must(filepath.Abs("../examples/docker.sh"))(t)
	common := "STRAVA_URL=" + w.base + "\nSTRAVA_API_URL=" + w.base + "/api/v3\n" +
		"STRAVA_CLIENT_ID=" + w.server.App().ID + "\nSTRAVA_CLIENT_SECRET=" + w.server.App().Secret + "\n"
	for _, first := range []string{"STRAVA_REFRESH_TOKEN=" + w.server.LiveRefreshToken() + "\n", ""} {
		check.OK(t, os.WriteFile(filepath.Join(dir, "strava.env"), []byte(common+first), 0o600))
		cmd := exec.Command(example)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "ENGINE="+wrapper, "IMAGE="+image, "STATE="+filepath.Join(dir, "state"))
		var stdout, stderr bytes.Buffer
		cmd.Stdout, cmd.Stderr = &stdout, &stderr
		if err := cmd.Run(); err != nil {
			t.Fatalf("run: %v\n%s", err, stderr.String())
		}
		check.That(t, regexp.MustCompile(`^[0-9a-f]{40}\n$`).MatchString(stdout.String()), "standard output is not an access token alone")
		if w.server.Opened(readFile(t, filepath.Join(dir, "state", "token"))) != w.server.LiveRefreshToken() {
			t.Error("the folder does not keep the living refresh token")
		}
	}
}
