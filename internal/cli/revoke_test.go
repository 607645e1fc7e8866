package cli_test

import (
	"context"
	"testing"

	"strava-token/internal/check"
	"strava-token/internal/sandbox"
)

func TestRevokeAsks(t *testing.T) {
	t.Parallel()
	for answer, status := range map[string]int{"n": 1, "": 1, "y": 0, "--yes": 0, "Ctrl-C": 130} {
		v := newVisitor(t, sandbox.Knobs{})
		v.env["STRAVA_REFRESH_TOKEN"] = v.server.LiveRefreshToken()
		args := []string{"revoke"}
		ctx, interrupt := context.WithCancel(t.Context())
		v.ctx = ctx
		switch answer {
		case "--yes":
			args = append(args, answer)
		case "Ctrl-C":
			v.wait.Go(func() { v.waitFor("[y/N]"); interrupt() })
		default:
			v.types(answer)
		}
		v.assertStatus(v.command(args...), status)
		v.assertSays("stops working")
		check.Equal(t, v.server.LiveRefreshToken() == "", (status == 0), "answer %q: revoked", answer)
		interrupt()
	}
}
