package cli_test

import (
	"bytes"
	"context"
	"regexp"
	"strings"
	"testing"

	"strava-token/internal/check"
	"strava-token/internal/cli"
	"strava-token/internal/sandbox"
)

// TestHelpFitsOnAScreen: 80 columns, for every command that help names.
func TestHelpFitsOnAScreen(t *testing.T) {
	help := func(args ...string) string {
		t.Helper()
		var out bytes.Buffer
		status := runs(t.Context(), cli.Process{Args: args, Stdout: &out, Stderr: &out})
		check.That(t, status == 0 && strings.Contains(out.String(), "Usage:\n"), "%v: status %d\n%s", args, status, out.String())
		return out.String()
	}
	all := map[string]string{"": help()}
	_, commands, _ := strings.Cut(all[""], "\nCommands:\n")
	for _, m := range regexp.MustCompile(`(?m)^  ([a-z]+) `).FindAllStringSubmatch(commands, -1) {
		all[m[1]] = help(m[1], "--help")
	}
	check.Need(t, len(all) >= 12 && all["login"] != "" && all["completion"] != "", "help names too few commands:\n%s", commands)
	for command, text := range all {
		for line := range strings.Lines(text) {
			check.That(t, len(strings.TrimRight(line, "\n")) <= 80, "%s: %s", command, line)
		}
	}
}

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
		v.command(status, args...)
		check.Contains(v.t, v.stderr.String(), "stops working")
		check.Equal(t, v.server.LiveRefreshToken() == "", (status == 0), "answer %q: revoked", answer)
		interrupt()
	}
}
