//go:build e2e

package e2e

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

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
	if err != nil {
		t.Fatalf("%s %s: %v\n%s%s", name, strings.Join(arguments, " "), err, out, stderr.String())
	}
	return strings.TrimSpace(string(out))
}

// serveRegistry starts a registry in memory where the engine expects one, and
// returns its address.
func serveRegistry(t *testing.T) string {
	t.Helper()
	address := os.Getenv("REGISTRY")
	if address == "" {
		t.Fatal("REGISTRY names no address; .ci/run sets it")
	}
	if conn, err := net.Dial("tcp", address); err == nil {
		_ = conn.Close()
		t.Fatalf("something else listens on %s", address)
	}
	cmd := exec.Command("crane", "registry", "serve", "--address", address)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
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
	command(t, ".ci/release/build", releaseVersion, out, "linux/amd64", "linux/arm64")
	digest := command(t, ".ci/release/image", releaseVersion, out)

	repository := serveRegistry(t) + "/owner/strava-token"
	reference := repository + "@" + digest
	if got := command(t, "crane", "push", filepath.Join(out, "image"), repository+":"+releaseVersion); got != reference {
		t.Fatalf("pushed %s, want %s", got, reference)
	}

	t.Run("files", func(t *testing.T) {
		for _, platform := range []string{"linux/amd64", "linux/arm64"} {
			want := []string{"NOTICES", "etc", "etc/ssl", "etc/ssl/cert.pem", "strava-token"}
			if diff := cmp.Diff(want, filesOf(t, reference, platform)); diff != "" {
				t.Errorf("%s (-want +got):\n%s", platform, diff)
			}
		}
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
		if !ok {
			t.Fatalf("the workflow failed:\n%s", log)
		}
		for _, want := range []string{"docker pull image=" + reference, "Strava access token is ready", "athlete 126651800"} {
			if !strings.Contains(log, want) {
				t.Errorf("%q is not in the log:\n%s", want, log)
			}
		}
		if strings.Contains(log, "docker build") {
			t.Errorf("an image was built:\n%s", log)
		}
		w.assertKept(t, log)
	})

	t.Run("like the Dockerfile", func(t *testing.T) {
		// The working directory is not compared: BuildKit writes / for none.
		const format = "{{json .Config.Entrypoint}} {{json .Config.Cmd}} {{json .Config.User}}"
		command(t, run, "pull", "--quiet", reference)
		got := command(t, run, "image", "inspect", "--format", format, reference)
		want := command(t, run, "image", "inspect", "--format", format, image)
		if got != want {
			t.Errorf("the release's image has %s, the Dockerfile's %s", got, want)
		}
		wantVersion := "strava-token " + releaseVersion + " linux/"
		if got := command(t, run, "run", "--rm", "--network", "none", reference, "version"); !strings.HasPrefix(got, wantVersion) {
			t.Errorf("the program says %q, want %q", got, wantVersion)
		}
	})
}

// filesOf lists what is in the image of one platform, as the registry has it.
func filesOf(t *testing.T, reference, platform string) []string {
	t.Helper()
	archive := filepath.Join(t.TempDir(), "image.tar")
	command(t, "crane", "export", "--platform", platform, reference, archive)
	file, err := os.Open(archive)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var names []string
	for r := tar.NewReader(file); ; {
		header, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, strings.TrimSuffix(header.Name, "/"))
	}
	slices.Sort(names)
	return names
}
