//go:build e2e

package e2e

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"

	"strava-token/internal/check"
)

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
