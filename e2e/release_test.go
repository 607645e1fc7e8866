//go:build e2e

package e2e

import (
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"strava-token/internal/check"
	"strava-token/internal/sandbox"
)

const releaseVersion = "v0.0.1"

// serveRegistry starts a registry in memory if the engine expects one, and
// returns its address.
func serveRegistry(t *testing.T) string {
	t.Helper()
	address := os.Getenv("REGISTRY")
	check.Need(t, address != "", "REGISTRY names no address; .ci/run sets it")
	listens := func() bool {
		conn, err := net.Dial("tcp", address)
		if err == nil {
			_ = conn.Close()
		}
		return err == nil
	}
	check.Need(t, !listens(), "something else listens on %s", address)
	_, port, _ := strings.Cut(address, ":")
	path := filepath.Join(t.TempDir(), "registry")
	command(t, "go", "-C", ".ci/release", "build", "-o", path, "github.com/google/go-containerregistry/cmd/registry")
	cmd := exec.Command(path, "-port", port)
	check.OK(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // it was killed
	})
	for range 100 {
		if listens() {
			return address
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatal("the registry did not start")
	return ""
}

// TestReleasedActionPullsByDigest does what a release does, with a registry on
// this machine in the place of ghcr.io, and what a user's runner does with it:
// action.yml names the image by its digest, and nothing is built. The address
// of the registry is all that differs.
func TestReleasedActionPullsByDigest(t *testing.T) {
	run := engine(t)
	needImage(t)
	out := filepath.Join(t.TempDir(), "out")
	digest := command(t, ".ci/release/build", releaseVersion, out, "linux/amd64", "linux/arm64")

	repository := serveRegistry(t) + "/owner/strava-token"
	reference := repository + "@" + digest
	layout := filepath.Join(out, "image")
	pushed := command(t, "go", "-C", ".ci/release", "run", "./tool", "push", layout, repository+":"+releaseVersion)
	check.Need(t, pushed == reference, "pushed %s, want %s", pushed, reference)

	t.Run("files", func(t *testing.T) {
		const list = `cd "$1/blobs/sha256" && for image in $(jq -r '.manifests[].digest[7:]' "${2#sha256:}"); do
			for layer in $(jq -r '.layers[].digest[7:]' "$image"); do tar -tzf "$layer"; done; done`
		got := command(t, "bash", "-euc", list, "list", layout, digest)
		check.Equal(t, got+"\n", strings.Repeat("etc/\netc/ssl/\netc/ssl/cert.pem\nNOTICES\nstrava-token\n", 2), "in the image of each architecture")
	})

	t.Run("workflow", func(t *testing.T) {
		// A folder with action.yml and a workflow, and nothing to build from.
		dir := t.TempDir()
		action := filepath.Join(dir, "action.yml")
		command(t, "cp", "action.yml", action)
		command(t, ".ci/release/rewrite-action", repository, digest, action)
		command(t, "cp", "e2e/workflows/sync.yml", dir)
		// Whatever an earlier run has left must not stand in for the pull.
		_ = exec.CommandContext(t.Context(), run, "image", "rm", "--force", reference).Run()
		w := newWorld(t, sandbox.Knobs{Rotation: sandbox.RotateAlways})
		log, ok := w.actIn(t, dir, filepath.Join(dir, "sync.yml"))
		check.Need(t, ok, "the workflow failed:\n%s", log)
		check.Contains(t, log, "docker pull image="+reference, "Strava access token is ready", "athlete 126651800")
		check.That(t, !strings.Contains(log, "docker build"), "an image was built:\n%s", log)
		w.keeps(t, log, secretName)
	})

	t.Run("native", func(t *testing.T) {
		clone := filepath.Join(t.TempDir(), "clone")
		command(t, "git", "clone", "--quiet", "--no-tags", ".", clone)
		command(t, filepath.Join(clone, ".ci", "release", "tag"), releaseVersion, repository, digest, filepath.Join(out, "assets", "programs.txt"))
		command(t, "git", "-C", clone, "switch", "--quiet", "--detach", releaseVersion)
		assets := httptest.NewServer(http.StripPrefix("/"+releaseVersion, http.FileServer(http.Dir(filepath.Join(out, "assets")))))
		defer assets.Close()
		l := newLauncher(t)
		l.dir, l.release.Version, l.env["STRAVA_TOKEN_DOWNLOADS"] = clone, "", assets.URL
		for range 2 {
			l.runner.Input("refresh-token", l.world.server.LiveRefreshToken())
			log, status := l.run(t)
			check.Need(t, status == 0 && !strings.Contains(log, "::warning title"), "exit status %d\n%s", status, log)
		}
	})

	t.Run("like the Dockerfile", func(t *testing.T) {
		// The working directory is not compared: BuildKit writes / for none.
		const format = "{{json .Config.Entrypoint}} {{json .Config.Cmd}} {{json .Config.User}}"
		command(t, run, "pull", "--quiet", reference)
		got := command(t, run, "image", "inspect", "--format", format, reference)
		want := command(t, run, "image", "inspect", "--format", format, image)
		check.That(t, got == want, "the release's image has %s, the Dockerfile's %s", got, want)
		check.Contains(t, command(t, run, "run", "--rm", "--network", "none", reference, "version"), "strava-token "+releaseVersion+" linux/")
	})
}
