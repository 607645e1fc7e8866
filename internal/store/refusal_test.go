package store_test

import (
	"encoding/json"
	"errors"
	"regexp"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"strava-token/internal/check"
	"strava-token/internal/sandbox"
	"strava-token/internal/store"
)

// TestQuotesAreHarmless: a hostile server gets nothing onto the screen but plain
// words, and no secret in any spelling.
func TestQuotesAreHarmless(t *testing.T) {
	t.Parallel()
	spaced := strings.Join(strings.Split(newToken, ""), " ")
	spelled := strings.Join(strings.Split(newToken, ""), "\u200b")
	for message, want := range map[string]string{
		"a\n::error::b\r\x1b[31m\u202e\u009bc":                            "a :error:b 31m c.",
		"##[command]x <b>*y*</b> `z` [l](k)":                              "## command x b y /b z l (k).",
		"see https://evil.example/x?y=1 or https://docs.github.com/rest.": "see … or https://docs.github.com/rest.",
		"token ghp_abc and github_pat_11_22 " + strings.Repeat("ab", 20):  "token … and … …",
		"it is " + newToken:                  "",
		"it is " + strings.ToUpper(newToken): "",
		"it is " + spaced:                    "",
		"it is " + spelled:                   "",
		"\xff\xfe":                           "",
		strings.Repeat("é word ", 100):       "*",
	} {
		runOnGitHub(t, message, func(t *testing.T, g *github) {
			s := g.checked("STRAVA")
			body := check.Must(json.Marshal(map[string]string{"message": message}))(t)
			g.server.Fail(sandbox.Fault{Call: "put", Kind: sandbox.FaultStatus, Status: 403, Body: string(body)})
			e, _ := errors.AsType[*store.Error](s.Store(t.Context(), record(newToken)))
			check.Need(t, e != nil, "no error")
			check.That(t, want == "*" || e.Says == want, "got %q, want %q", e.Says, want)
			check.That(t, utf8.RuneCountInString(e.Says) <= 200, "%d bytes", len(e.Says))
			odd := strings.ContainsFunc(e.Says, func(c rune) bool { return !unicode.IsPrint(c) })
			check.That(t, !odd && !regexp.MustCompile("[<>`*\\[]|::").MatchString(e.Says), "not harmless: %q", e.Says)
		})
	}
}
