package store_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"strava-token/internal/check"
	"strava-token/internal/sandbox"
	"strava-token/internal/secret"
	"strava-token/internal/store"
)

// TestWhatGitHubSays: each known refusal has a kind of its own, and what isn't
// known is quoted.
func TestWhatGitHubSays(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		status  int
		header  map[string]string
		message string
		want    store.Kind
	}{
		{403, map[string]string{"X-GitHub-SSO": "required; url=https://127.0.0.1/orgs/octo/sso?authorization_request=A"}, "Resource protected by organization SAML enforcement. You must grant your token access to this organization.", store.SignOn},
		{403, nil, "Repository was archived so is read-only.", store.Archived},
		{403, nil, "Although you appear to have the correct authorization credentials, the `octo` organization has an IP allow list enabled, and 192.0.2.1 is not permitted to access this resource.", store.AddressForbidden},
		{403, nil, "`octo` forbids access via a personal access token (classic). Please use a GitHub App, OAuth App, or a personal access token with fine-grained permissions.", store.TokenForbidden},
		{403, nil, "The 'octo' organization forbids access via a fine-grained personal access tokens if the token's lifetime is greater than 366 days.", store.LifetimeForbidden},
		{403, nil, "Must have admin rights to Repository.", store.AdminNeeded},
		{403, nil, "Sorry. Your account was suspended.", store.Suspended},
		{403, nil, "Repository access blocked", store.Disabled},
		{403, nil, "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.", store.RateLimited},
		{403, nil, "Something else entirely", store.Forbidden},
		{451, nil, "Repository access blocked", store.LegallyBlocked},
		{409, nil, "Repository rule violations found\n\nCannot update this protected ref.\n\n", store.Ruled},
		{409, nil, `Could not update file: Required status check "ci" is expected.`, store.Ruled},
		{409, nil, "is at 1 but expected 2", store.Conflict},
		{422, nil, "Repository rule violations found", store.Ruled},
		{418, nil, "I'm a teapot", store.Unrecognized},
	} {
		runOnGitHub(t, fmt.Sprint(tt.status, tt.message), func(t *testing.T, g *github) {
			g.server.SetSecret("STRAVA", oldToken)
			g.server.Fail(sandbox.Fault{Call: "public-key", Kind: sandbox.FaultStatus, Status: tt.status, Header: tt.header, Body: fmt.Sprintf(`{"message":%q}`, tt.message)})
			_, err := g.secret("STRAVA", g.server.GitHubToken(), "").Check(t.Context())
			assertStoreKind(t, "Check", err, tt.want)
			e, _ := errors.AsType[*store.Error](err)
			if first := strings.Fields(tt.message)[0]; e == nil || !strings.HasPrefix(e.Says, strings.Trim(first, "`")) {
				t.Errorf("says: got %q, want what begins with %s", e.Says, first)
			}
			if page := e.Note().Page; (page != "") != (tt.want == store.SignOn) {
				t.Errorf("page: got %q", page)
			}
		})
	}
}

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
		strings.Repeat("é word ", 100):       "",
	} {
		runOnGitHub(t, message, func(t *testing.T, g *github) {
			g.server.SetSecret("STRAVA", oldToken)
			s := g.secret("STRAVA", g.server.GitHubToken(), "")
			check.Must(s.Check(t.Context()))(t)
			body := check.Must(json.Marshal(map[string]string{"message": message}))(t)
			g.server.Fail(sandbox.Fault{Call: "put", Kind: sandbox.FaultStatus, Status: 403, Body: string(body)})
			e, _ := errors.AsType[*store.Error](s.Set(t.Context(), secret.New(newToken)))
			check.Need(t, e != nil, "no error")
			if want != "" && e.Says != want {
				t.Errorf("got %q, want %q", e.Says, want)
			}
			if want == "" && strings.Contains(message, "is") && e.Says != "" {
				t.Errorf("got %q, want nothing", e.Says)
			}
			if n := utf8.RuneCountInString(e.Says); n > 200 {
				t.Errorf("%d characters", n)
			}
			if odd := strings.IndexFunc(e.Says, func(c rune) bool { return !unicode.IsPrint(c) }); odd >= 0 || regexp.MustCompile("[<>`*\\[]|::").MatchString(e.Says) {
				t.Errorf("not harmless: %q", e.Says)
			}
		})
	}
}
