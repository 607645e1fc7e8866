package action

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"strava-token/internal/secret"
)

// TestCredentialsThatAreFlawedAreMaskedAllTheSame: what was pasted may be a real
// one with something glued to it.
func TestCredentialsThatAreFlawedAreMaskedAllTheSame(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		variable, value string
		masked          bool
	}{
		{"INPUT_CLIENT-SECRET", "0123456789abcdef 0123456789abcdef01234567", true},
		{"INPUT_REFRESH-TOKEN", "0123456789äbcdef0123456789abcdef01234567", true},
		{"INPUT_GITHUB-TOKEN", strings.Repeat("a", 3000), true},
		{"INPUT_CLIENT-ID", "0123456789abcdef0123456789abcdef01234567", true},
		// The mask of a word or of a few characters would mangle the log.
		{"INPUT_CLIENT-SECRET", "null", false},
		{"INPUT_REFRESH-TOKEN", "xxx", false},
		{"INPUT_REFRESH-TOKEN", "abc", false},
		{"INPUT_CLIENT-ID", "48213", false},
	} {
		env := good(t)
		env[tt.variable] = tt.value
		var printed strings.Builder
		newEdge(func(name string) string { return env[name] }, &printed).read()
		if got := strings.Contains(printed.String(), "::add-mask::"+tt.value+"\n"); got != tt.masked {
			t.Errorf("%s=%.20q: masked %t, want %t", tt.variable, tt.value, got, tt.masked)
		}
	}
}

func TestRunsWithoutSecretsAreRecognized(t *testing.T) {
	t.Parallel()
	event := func(content string) string {
		path := filepath.Join(t.TempDir(), "event.json")
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	fork := event(`{"pull_request":{"head":{"repo":{"full_name":"someone/running"}}}}`)
	own := event(`{"pull_request":{"head":{"repo":{"full_name":"Octo/Running"}}}}`)
	deleted := event(`{"pull_request":{"head":{"repo":null}}}`)
	for _, tt := range []struct {
		name, event, path, actor string
		want                     Fault
	}{
		{"fork", "pull_request", fork, "someone", FaultFork},
		{"deleted fork", "pull_request", deleted, "someone", FaultFork},
		{"review of a fork", "pull_request_review", fork, "someone", FaultFork},
		{"own branch", "pull_request", own, "octo", ""},
		{"target of a fork, which has secrets", "pull_request_target", fork, "someone", ""},
		{"schedule", "schedule", fork, "octo", ""},
		{"no event", "pull_request", "/nowhere", "octo", ""},
		{"junk", "pull_request", event("<html>"), "octo", ""},
		{"dependabot", "push", own, "dependabot[bot]", FaultDependabot},
	} {
		env := map[string]string{
			"GITHUB_REPOSITORY": "octo/running", "GITHUB_EVENT_NAME": tt.event,
			"GITHUB_EVENT_PATH": tt.path, "GITHUB_ACTOR": tt.actor,
		}
		e := newEdge(func(name string) string { return env[name] }, &strings.Builder{})
		if got := e.secretless(); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
}

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
