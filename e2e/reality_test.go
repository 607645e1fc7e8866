//go:build e2e

package e2e

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"strava-token/internal/check"
	"strava-token/internal/sandbox"
)

// golang has the Go that the workflow's own step gets from actions/setup-go, which can't
// be fetched here.
const golang = "docker.io/library/golang:1.26"

// TestReality runs the workflow of the reality check: every assumption holds of the
// sandbox. That each can be false is tested beside the check.
func TestReality(t *testing.T) {
	engine(t)
	const target = secretName + "@reality"
	modules, builds := command(t, "go", "env", "GOMODCACHE"), command(t, "go", "env", "GOCACHE")
	content := readFile(t, "../.github/workflows/reality.yml")
	setUp := regexp.MustCompile(`(?m)^      - uses: actions/setup-go@.*\n(?:        .*\n)*`)
	check.Equal(t, len(setUp.FindAllString(content, -1)), 1, "how often the workflow sets up Go")
	workflow := filepath.Join(t.TempDir(), "reality.yml")
	write(t, workflow, setUp.ReplaceAllString(content, ""))

	w := newWorld(t, sandbox.Knobs{CallbackDomain: "github.com"})
	w.server.AddEnvironment("reality")
	w.server.SetSecret(target, w.server.LiveRefreshToken())
	writer := w.server.NewGitHubToken("secrets-token", sandbox.GitHubToken{
		Kind: sandbox.Personal, May: "secrets=write environments=write actions=read",
		Expires: time.Now().Add(30 * 24 * time.Hour),
	})
	w.secrets = strings.Join([]string{
		"STRAVA_CLIENT_ID=" + w.server.App().ID, "STRAVA_CLIENT_SECRET=" + w.server.App().Secret,
		"STRAVA_REFRESH_TOKEN=" + w.server.Secret(target), "REALITY_SECRETS_TOKEN=" + writer, "GITHUB_TOKEN=" + w.server.BuiltInToken(),
	}, "\n")
	log, ok := w.actIn(t, "..", workflow, "--platform", "ubuntu-latest="+golang,
		// This machine's caches, at the same place: what was built here needn't be built again.
		"--container-options", "--volume "+modules+":"+modules+":ro --volume "+builds+":"+builds,
		"--env", "GOMODCACHE="+modules, "--env", "GOCACHE="+builds,
		"--env", "GOFLAGS=-buildvcs=false", // what the runner copies may have no repository
		"--env", "STRAVA_URL="+w.base, "--env", "STRAVA_API_URL="+w.base+"/api/v3")
	check.Need(t, ok, "the workflow failed:\n%s", log)
	confirmed, all := strings.Count(log, "| confirmed |"), strings.Count(log, "| internal/")
	check.That(t, all > 0 && confirmed == all, "%d of %d rows confirmed\n%s", confirmed, all, log)
	w.keeps(t, log, target)
}
