//go:build e2e

package e2e

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"strava-token/internal/check"
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

func needImage(t *testing.T) {
	t.Helper()
	out, err := buildImage()
	check.Need(t, err == nil, "build the image: %v\n%s", err, out)
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
			runner := check.Must(w.server.NewRunner(dir, w.base))(t)
			runner.Input("refresh-token", w.server.Secret(secretName))
			runner.Input("rotate-to", secretName)
			runner.Input("github-token", w.server.GitHubToken())
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

// TestDockerRecipe runs examples/docker.sh twice with the real image: the second
// time without a refresh token, which the folder keeps.
func TestDockerRecipe(t *testing.T) {
	w := newWorld(t, always)
	needImage(t)
	dir := t.TempDir()
	// The sandbox is on this machine's loopback, which only its network reaches.
	wrapper := filepath.Join(dir, "engine")
	script := "#!/bin/sh\nshift\nexec " + engine(t) + " run --network host \"$@\"\n"
	check.OK(t, os.WriteFile(wrapper, []byte(script), 0o700))
	example := check.Must(filepath.Abs("../examples/docker.sh"))(t)
	for n := range 2 {
		lines := ""
		for _, v := range w.server.Environment(w.base) {
			if n == 0 || v[0] != "STRAVA_REFRESH_TOKEN" {
				lines += v[0] + "=" + v[1] + "\n"
			}
		}
		write(t, filepath.Join(dir, "strava.env"), lines)
		cmd := exec.Command(example)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "ENGINE="+wrapper, "IMAGE="+image, "STATE="+filepath.Join(dir, "state"))
		var stdout, stderr bytes.Buffer
		cmd.Stdout, cmd.Stderr = &stdout, &stderr
		err := cmd.Run()
		check.Need(t, err == nil, "run: %v\n%s", err, stderr.String())
		check.That(t, regexp.MustCompile(`^[0-9a-f]{40}\n$`).MatchString(stdout.String()), "standard output is not an access token alone")
		kept := w.server.Opened(readFile(t, filepath.Join(dir, "state", "token")))
		check.That(t, kept == w.server.LiveRefreshToken(), "the folder does not keep the living refresh token")
	}
}
