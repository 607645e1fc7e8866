package words_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"strava-token/internal/check"
	"strava-token/internal/words"
)

// blanks are all that messages have, with values of the types that they take.
var blanks = words.Blanks{
	"athlete": int64(1111), "branch": "branch:strava-token", "by": []string{"o/r/NAME"},
	"cause": errors.New("no space left"), "command": "strava-token refresh", "destination": "o/r/NAME",
	"detail": "text", "fields": []string{"scope"}, "file": "file:/x", "flag": "--port", "form": "a number", "got": int64(2222), "held": "branch:strava-token",
	"host": "www.strava.com", "input": words.Input("client-secret"), "inputs": []string{"client-id"}, "kept": []string{"branch:a"},
	"left": 42 * time.Minute, "lock": "token.lock", "name": "NAME", "nearest": "refresh",
	"token-page": words.Page("settings/personal-access-tokens/new"), "path": "/x", "permission": "Secrets: read and write", "place": words.Place("client-secret"),
	"port": 8000, "printed": "standard output", "problem": "It's wrong.", "renewed": words.Clock(noon), "rule": "pull_request", "says": "No.", "new-name": "octocat/running",
	"scopes": []string{"read", "activity:read"}, "sealed": words.Sentence("log-in-recovery"), "seen": words.Sentence("log-seen-length"), "settings": words.Page("o/r/settings"), "status": 503,
	"edit": "https://github.com/octocat/sync/edit/main/.github/workflows/strava.yml", "tree": "/home/me/sync", "system": words.Reason(os.ErrPermission), "target": "o/r/NAME", "targets": []string{"o/r/NAME"},
	"until": words.Clock(noon), "updated": words.Moment(noon), "want": int64(1111), "wanted": time.Hour, "when": words.Day(noon),
}

var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

const (
	authorizeLink = "https://www.strava.com/oauth/authorize?client_id=%31%32"
	editPage      = "https://github.com/octocat/sync/edit/main/x.yml"
)

func inStep(language string) words.Voice {
	return words.Voice{
		Step: true, Language: language, Help: "https://github.com/octocat/strava-token/blob/v1/docs/troubleshooting.md",
		Repository: "octocat/sync", Link: authorizeLink, Edit: editPage,
	}
}

var voices = map[string]words.Voice{"step": inStep(""), "Chinese": inStep("zh"), "terminal": {Link: authorizeLink, Edit: editPage}}

var outage = &words.Failure{ID: "target-outage", Blanks: words.Blanks{"status": 503, "target": "o/r/NAME"}}

func TestSay(t *testing.T) {
	issued := words.Blanks{"athlete": int64(1111), "left": time.Hour, "until": words.Moment(noon)}
	for _, c := range []struct {
		voice, id string
		blanks    words.Blanks
		want      string
	}{
		{"step", "log-issued", issued, "Strava issued an access token (for athlete 1111). It's valid for 1 hour, until 2 January 2026, 12:00 UTC."},
		{"Chinese", "log-issued", issued, "已拿到 Strava access token（运动员 1111）。有效期还剩 1 小时，到 2026 年 1 月 2 日 12:00 UTC 为止。"},
		{"step", "log-issued", words.Blanks{"athlete": int64(0), "left": time.Hour, "until": words.Moment{}}, "Strava issued an access token."},
		{"step", "doctor-target-holds", words.Blanks{"updated": words.Day{}}, "It has a refresh token in it."},
		{"step", "input-unknown-scope", words.Blanks{"input": "scope", "detail": ""}, "scope names a scope that Strava doesn't have."},
		{"step", "input-unknown-scope", words.Blanks{"input": "scope", "detail": "x (y"}, `scope names a scope that Strava doesn't have ("x (y").`},
		{"terminal", "input-missing-client-id", nil, "STRAVA_CLIENT_ID is missing."},
		{"terminal", "doctor-scopes-are", nil, "<scopes>"}, // no other test lets this pass
	} {
		check.Equal(t, voices[c.voice].Say(c.id, c.blanks), c.want, "%s", c.id)
	}
	check.Equal(t, words.Voice{Language: "fr"}.Say("target-outage", outage.Blanks), "GitHub is down.", "a language without a page")
}

func TestValues(t *testing.T) {
	for _, c := range []struct {
		value                   any
		step, terminal, chinese string // in a terminal and in Chinese: as in a step if it's empty
	}{
		{"a\u202eb\u009bc\nd", `a\u202eb\u009bc d`, "", ""},
		{int64(12345678), "12345678", "", ""},
		{[]string{"a", "b"}, "a, b", "", "a、b"},
		{30 * time.Second, "less than a minute", "", "不到 1 分钟"},
		{5*time.Hour + 59*time.Minute + 59*time.Second, "5 hours 59 minutes", "", "5 小时 59 分钟"},
		{words.Clock(noon.In(time.FixedZone("", 3600))), "12:00 UTC", "", ""},
		{words.Day(noon), "2 January 2026", "", "2026 年 1 月 2 日"},
		{words.Moment(noon), "2 January 2026, 12:00 UTC", "", "2026 年 1 月 2 日 12:00 UTC"},
		{words.Input("github-token"), "github-token", "GH_TOKEN", ""},
		{words.Input("verify"), "verify", "--verify", ""},
		{words.Input("GITHUB_API_URL"), "GITHUB_API_URL", "", ""},
		{words.Place("github-token"), "the secret that github-token reads (https://github.com/octocat/sync/settings/secrets/actions)", "GH_TOKEN",
			"github-token 引用的 secret（https://github.com/octocat/sync/settings/secrets/actions ）"},
		{words.Place("client-id"), "client-id", "STRAVA_CLIENT_ID", ""},
		{words.Page("settings/tokens"), "https://github.com/settings/tokens", "", ""},
		{words.Reason(&os.PathError{Op: "open", Path: "/x", Err: os.ErrPermission}), "permission denied", "", ""},
		{words.Reason(errors.Join(&os.PathError{Op: "write", Path: "/x", Err: os.ErrPermission}, os.ErrClosed)), "permission denied", "", ""},
		{words.Short{Err: outage}, "GitHub is down.", "", "GitHub 出现故障。"},
		{outage, "GitHub is down. It answered with status 503 when asked for o/r/NAME.", "", "GitHub 出现故障。请求 o/r/NAME 时，它返回了状态码 503。"},
		{os.ErrPermission, "Permission denied.", "", ""},
		{time.UTC, "UTC", "", ""},
	} {
		for where, want := range map[string]string{"step": c.step, "terminal": c.terminal, "Chinese": c.chinese} { // the sentence is the value alone
			check.Equal(t, voices[where].Say("doctor-scopes-are", words.Blanks{"scopes": c.value}), cmp.Or(want, c.step), "%T, %s", c.value, where)
		}
	}
}

func TestExplain(t *testing.T) {
	bob := words.Blanks{
		"target": "branch:strava-token#bob", "destination": "", "branch": "branch:strava-token#bob", "printed": "", "kept": []string{}, "cause": outage, "held": "branch:b",
	}
	for _, c := range [][3]string{
		{"step", "run-not-kept", `branch:strava-token#bob doesn't have the new refresh token.
GitHub is down. It answered with status 503 when asked for o/r/NAME. The new one is in the recovery text.
Next: Save this log and correct that. Then run strava-token recover FILE --repo octocat/sync --rotate-to 'branch:strava-token#bob'.
https://github.com/octocat/strava-token/blob/v1/docs/troubleshooting.md#run-not-kept`},
		{"terminal", "run-not-kept", `branch:strava-token#bob doesn't have the new refresh token.
GitHub is down. It answered with status 503 when asked for o/r/NAME. The new one is in the recovery text.
Next: Save the recovery text to a file and correct that. Then run strava-token recover FILE --repo OWNER/REPO --rotate-to 'branch:strava-token#bob'.
more: run-not-kept`},
		{"Chinese", "run-not-kept-yet", `branch:strava-token#bob 里还是旧的 refresh token。
GitHub 出现故障。请求 o/r/NAME 时，它返回了状态码 503。没有丢：有效的那个在 branch:b 里。
下一步：解决上述问题，再运行一次，下一次运行会补上。
https://github.com/octocat/strava-token/blob/v1/docs/troubleshooting.zh-CN.md#run-not-kept-yet`},
	} {
		check.Same(t, voices[c[0]].Explain(&words.Failure{ID: c[1], Blanks: bob})[0].Text(), c[2], "%s", c[0])
	}
	inner, other := &words.Failure{ID: "strava-app-inactive"}, &words.Failure{ID: "strava-wrong-client-secret"}
	for _, c := range []struct {
		err  error
		want string
	}{
		{fmt.Errorf("refresh: %w", inner), "strava-app-inactive "},
		{errors.Join(inner, fmt.Errorf("read: %w", other)), "strava-app-inactive strava-wrong-client-secret "},
		{fmt.Errorf("%w: %w", inner, os.ErrPermission), "strava-app-inactive "},
		{&words.Failure{ID: "run-not-masked"}, "run-not-masked "},
		{&words.Failure{ID: "strava-nothing"}, "run-internal "},
		{context.Canceled, "run-cancelled "},
		{fmt.Errorf("open: %w", context.Canceled), "run-internal "},
		{errors.Join(os.ErrPermission, os.ErrExist), "run-internal "},
	} {
		got := ""
		for _, m := range voices["step"].Explain(c.err) {
			got += m.ID + " "
		}
		check.Equal(t, got, c.want, "%v", c.err)
	}
	want := "Something unexpected went wrong.\nPermission denied by nobody.\nNext: Run again. If it fails in the same way, report it with this message.\nmore: run-internal"
	check.Same(t, words.Voice{Step: true}.Explain(errors.New("permission denied by nobody"))[0].Text(), want, "an unforeseen error")
}

func TestQuote(t *testing.T) {
	for s, want := range map[string]string{
		"": "''", "o/r/NAME@prod": "o/r/NAME@prod", "file:/my file": "'file:/my file'", "it's": `'it'\''s'`, "a#b": "'a#b'", "$HOME": "'$HOME'",
	} {
		check.Equal(t, words.Quote(s), want, "%q", s)
	}
}

// TestSeen holds what people paste for a token, which is T here.
func TestSeen(t *testing.T) {
	token := strings.Repeat("0123456789", 4)
	for want, all := range map[words.Sentence][]string{
		"":                {"T", "another-form-of-token"},
		"log-seen-around": {"T,", "NAME=T", "refresh_token=r'T'", "T%", `{"expires_in":21600,"refresh":"T"}`},
		"log-seen-length": {token[:39], "TT"},
		"log-seen-hidden": {token[:8] + "****" + token[:8]},
		"log-seen-other":  {"another-secret"},
		"log-seen-signs":  {"another form", "‘another-form’", `"another`},
	} {
		for _, pasted := range all {
			check.Equal(t, words.Seen(strings.ReplaceAll(pasted, "T", token), "another-secret"), want, "%s", pasted)
		}
	}
}
