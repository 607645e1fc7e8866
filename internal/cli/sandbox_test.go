package cli_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"strava-token/internal/check"
	"strava-token/internal/cli"
)

// TestSandboxBeginsWithWhatFlagsSay: another project's test can write the
// credentials down.
func TestSandboxBeginsWithWhatFlagsSay(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	printed, stdout := io.Pipe()
	status := make(chan int)
	go func() {
		status <- cli.Run(ctx, cli.Process{Stdout: stdout, Stderr: io.Discard, Args: []string{"sandbox", "--format", "json",
			"--client-id", "7", "--client-secret", "made-up", "--refresh-token", "first", "--scopes", "read,activity:write"}})
	}()
	var env map[string]string
	check.OK(t, json.NewDecoder(printed).Decode(&env))
	go func() { _, _ = io.Copy(io.Discard, printed) }()
	ready, err := http.Get(env["STRAVA_URL"] + "/sandbox/ready")
	check.Need(t, err == nil && ready.StatusCode == http.StatusOK, "not ready: %v", err)
	_ = ready.Body.Close()
	resp, err := http.PostForm(env["STRAVA_URL"]+"/oauth/token", url.Values{
		"client_id": {"7"}, "client_secret": {"made-up"}, "grant_type": {"refresh_token"}, "refresh_token": {"first"},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if body, _ := io.ReadAll(resp.Body); !strings.Contains(string(body), `"scope":"read activity:write"`) {
		t.Errorf("the answer of the token endpoint: %d %s", resp.StatusCode, body)
	}
	cancel()
	check.Equal(t, <-status, 0, "exit status")
	check.That(t, env["STRAVA_CLIENT_SECRET"] == "made-up" && env["STRAVA_REFRESH_TOKEN"] == "first", "the environment: %v", env)
}
