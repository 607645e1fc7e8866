//go:build e2e

package e2e

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
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

// serveRegistry starts a registry in memory if the engine expects one, and
// returns its address.
func serveRegistry(t *testing.T) string {
	t.Helper()
	address := os.Getenv("REGISTRY")
	check.Need(t, address != "", "REGISTRY names no address; .ci/run sets it")
	if conn, err := net.Dial("tcp", address); err == nil {
		_ = conn.Close()
		t.Fatalf("something else listens on %s", address)
	}
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(t.TempDir(), "registry")
	command(t, "go", "-C", ".ci/release", "build", "-o", program, "github.com/google/go-containerregistry/cmd/registry")
	cmd := exec.Command(program, "-port", port)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	check.OK(t, cmd.Start())
	t.Cleanup(func() {
		if err := cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
			t.Error(err)
		}
		_ = cmd.Wait() // it was killed
	})
	for range 100 {
		if conn, err := net.Dial("tcp", address); err == nil {
			_ = conn.Close()
			return address
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatalf("the registry did not start:\n%s", out.String())
	return ""
}

// TestReleasedActionPullsByDigest does what a release does, with a registry on
// this machine in the place of ghcr.io, and what a user's runner does with it:
// action.yml names the image by its digest, and nothing is built. The address
// of the registry is all that differs.
func TestReleasedActionPullsByDigest(t *testing.T) {
	run := engine(t)
	if out, err := buildImage(); err != nil {
		t.Fatalf("build the image: %v\n%s", err, out)
	}
	out := filepath.Join(t.TempDir(), "out")
	digest := command(t, ".ci/release/build", releaseVersion, out, "linux/amd64", "linux/arm64")

	repository := serveRegistry(t) + "/owner/strava-token"
	reference := repository + "@" + digest
	layout := filepath.Join(out, "image")
	if got := command(t, "go", "-C", ".ci/release", "run", "./tool", "push", layout, repository+":"+releaseVersion); got != reference {
		t.Fatalf("pushed %s, want %s", got, reference)
	}

	t.Run("files", func(t *testing.T) {
		one := []string{"etc/", "etc/ssl/", "etc/ssl/cert.pem", "NOTICES", "strava-token"}
		want := map[string][]string{"amd64": one, "arm64": one}
		check.Same(t, filesIn(t, layout, digest), want, "(-want +got)")
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
		w.assertKept(t, log)
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
			if log, status := l.run(t); status != 0 || strings.Contains(log, "::warning title") {
				t.Fatalf("exit status %d\n%s", status, log)
			}
		}
	})

	t.Run("like the Dockerfile", func(t *testing.T) {
		// The working directory is not compared: BuildKit writes / for none.
		const format = "{{json .Config.Entrypoint}} {{json .Config.Cmd}} {{json .Config.User}}"
		command(t, run, "pull", "--quiet", reference)
		got := command(t, run, "image", "inspect", "--format", format, reference)
		want := command(t, run, "image", "inspect", "--format", format, image)
		check.That(t, got == want, "the release's image has %s, the Dockerfile's %s", got, want)
		wantVersion := "strava-token " + releaseVersion + " linux/"
		if got := command(t, run, "run", "--rm", "--network", "none", reference, "version"); !strings.HasPrefix(got, wantVersion) {
			t.Errorf("the program says %q, want %q", got, wantVersion)
		}
	})
}

// filesIn lists what is in the image of each architecture, from the blobs of an
// OCI layout.
func filesIn(t *testing.T, layout, digest string) map[string][]string {
	t.Helper()
	type descriptor struct {
		Digest   string
		Platform struct{ Architecture string }
	}
	open := func(digest string) *os.File {
		file := check.Must(os.Open(filepath.Join(layout, "blobs", "sha256", strings.TrimPrefix(digest, "sha256:"))))(t)
		t.Cleanup(func() { _ = file.Close() })
		return file
	}
	read := func(digest string, into any) {
		check.OK(t, json.NewDecoder(open(digest)).Decode(into))
	}
	var index struct{ Manifests []descriptor }
	read(digest, &index)
	files := map[string][]string{}
	for _, image := range index.Manifests {
		var manifest struct{ Layers []descriptor }
		read(image.Digest, &manifest)
		for _, layer := range manifest.Layers {
			z := check.Must(gzip.NewReader(open(layer.Digest)))(t)
			r := tar.NewReader(z)
			for header, err := r.Next(); err != io.EOF; header, err = r.Next() {
				if err != nil {
					t.Fatal(err)
				}
				files[image.Platform.Architecture] = append(files[image.Platform.Architecture], header.Name)
			}
		}
	}
	return files
}
