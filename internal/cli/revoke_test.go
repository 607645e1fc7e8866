package cli_test

import (
	"strings"
	"testing"

	"strava-token/internal/cli"
	"strava-token/internal/sandbox"
)

func TestRevokeAsks(t *testing.T) {
	t.Parallel()
	for answer, revoked := range map[string]bool{"n": false, "": false, "y": true} {
		v := newVisitor(t, sandbox.Knobs{})
		v.env["STRAVA_REFRESH_TOKEN"] = v.server.LiveRefreshToken()
		status := cli.Run(t.Context(), cli.Process{
			Args: []string{"revoke"}, Getenv: func(name string) string { return v.env[name] },
			Stdin: strings.NewReader(answer + "\n"), Stdout: &v.stdout, Stderr: &v.stderr,
		})
		v.assertSays("stops working")
		if got := v.server.LiveRefreshToken() == ""; got != revoked || (status == 0) != revoked {
			t.Errorf("answer %q: revoked %t, status %d, want %t", answer, got, status, revoked)
		}
	}
	v := newVisitor(t, sandbox.Knobs{})
	v.env["STRAVA_REFRESH_TOKEN"] = v.server.LiveRefreshToken()
	status := cli.Run(t.Context(), cli.Process{
		Args: []string{"revoke", "--yes"}, Getenv: func(name string) string { return v.env[name] },
		Stdin: strings.NewReader(""), Stdout: &v.stdout, Stderr: &v.stderr,
	})
	if status != 0 || v.server.LiveRefreshToken() != "" {
		t.Errorf("--yes: status %d\n%s", status, v.stderr.String())
	}
}
