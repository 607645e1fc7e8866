package action

import (
	"strings"
	"testing"

	"strava-token/internal/secret"
)

// TestSayPrintsNoCommand holds lines that the runner could take for commands.
func TestSayPrintsNoCommand(t *testing.T) {
	t.Parallel()
	var printed strings.Builder
	e := newEdge(func(string) string { return "" }, &printed)
	for _, line := range []string{
		"::add-mask::octo", "  ::error::x", "kept in a/b@x\n::set-output name=a::b", "kept in a/b@##[add-mask]x", "\x1b[31mred",
	} {
		e.say(line)
	}
	for line := range strings.Lines(printed.String()) {
		if strings.HasPrefix(strings.TrimSpace(line), "::") || strings.Contains(line, "##[") || strings.Contains(line, "\x1b") {
			t.Errorf("a command: %q", line)
		}
	}
	if got := strings.Count(printed.String(), "\n"); got != 5 {
		t.Errorf("lines: got %d, want 5", got)
	}
}

func TestMarkdownEscapes(t *testing.T) {
	t.Parallel()
	got := markdown("<script>[x](y) *a* `b` | #c & \\")
	for _, raw := range []string{"<script>", "[x]", "*a*", "`b`"} {
		if strings.Contains(got, raw) && !strings.Contains(got, `\`+raw[:1]) {
			t.Errorf("%q stands in %q", raw, got)
		}
	}
}

func TestAnEmptyValueIsNotMasked(t *testing.T) {
	t.Parallel()
	var printed strings.Builder
	e := newEdge(func(string) string { return "" }, &printed)
	if !e.Mask(secret.Value{}) || printed.Len() != 0 {
		t.Errorf("printed %q", printed.String())
	}
}
