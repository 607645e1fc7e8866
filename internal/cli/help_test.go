package cli_test

import (
	"bytes"
	"regexp"
	"strings"
	"testing"

	"strava-token/internal/check"
	"strava-token/internal/cli"
)

// TestHelpFitsOnAScreen: 80 columns, for every command that help names.
func TestHelpFitsOnAScreen(t *testing.T) {
	help := func(args ...string) string {
		t.Helper()
		var out bytes.Buffer
		status := cli.Run(t.Context(), cli.Process{
			Args: args, Getenv: func(string) string { return "" }, Stdin: strings.NewReader(""), Stdout: &out, Stderr: &out,
		})
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
