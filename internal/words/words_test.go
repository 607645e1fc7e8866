package words_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"strava-token/docs"
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
	"edit": "https://github.com/octocat/sync/edit/main/.github/workflows/strava.yml", "tree": "/home/me/sync", "system": words.System{Err: os.ErrPermission}, "target": "o/r/NAME", "targets": []string{"o/r/NAME"},
	"until": words.Clock(noon), "updated": words.Moment(noon), "want": int64(1111), "wanted": time.Hour, "when": words.Day(noon),
}

const authorizeLink = "https://www.strava.com/oauth/authorize?client_id=%31%32"

var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

var voices = map[string]*words.Voice{
	"step":     words.Step("https://github.com/octocat/strava-token/blob/v1/docs/troubleshooting.md").In("", "octocat/sync").Authorizing(authorizeLink, "").Editing("https://github.com/octocat/sync/edit/main/x.yml"),
	"terminal": words.Terminal().Authorizing(authorizeLink, "").Editing("https://github.com/octocat/sync/edit/main/x.yml"),
	"Chinese":  inChinese,
}

// note is an error that says n of itself.
type note words.Note

func (n note) Error() string    { return n.ID }
func (n note) Note() words.Note { return words.Note(n) }

func TestEveryMessageIsWhole(t *testing.T) {
	messages, _ := words.IDs()
	check.Need(t, len(messages) >= 150, "%d messages", len(messages))
	for where, v := range voices {
		for _, id := range messages {
			m := v.Explain(note{ID: id, Blanks: blanks})[0]
			if m.ID != id || m.What == "" || m.Why == "" || m.Next == "" {
				t.Errorf("%s: %s leaves something unsaid: %+v", where, id, m)
			}
			for _, text := range []string{m.What, m.Why, m.Next} {
				checkText(t, where+": "+id, text)
				check.That(t, regexp.MustCompile(`[^.。][.。]$`).MatchString(text), "%s: %s doesn't end as a sentence: %s", where, id, text)
			}
		}
	}
}

// TestNothingIsLeftOver of a message, whichever of its blanks are empty.
func TestNothingIsLeftOver(t *testing.T) {
	t.Parallel()
	messages, sentences := words.IDs()
	for _, id := range append(messages, sentences...) {
		names := words.Missing(words.Note{ID: id})
		for empty := range 1 << len(names) {
			given := maps.Clone(blanks)
			for i, name := range names {
				if empty&(1<<i) != 0 {
					given[name] = ""
				}
			}
			for where, v := range voices {
				checkText(t, where+": "+id, v.Explain(note{ID: id, Blanks: given})[0].Text())
			}
		}
	}
}

func TestEverySentenceIsOne(t *testing.T) {
	_, sentences := words.IDs()
	check.Need(t, len(sentences) >= 30, "%d sentences", len(sentences))
	for where, v := range voices {
		for _, id := range sentences {
			text := v.Say(id, blanks)
			checkText(t, where+": "+id, text)
			check.That(t, text != "" && !strings.Contains(text, "\n"), "%s: %s isn't a line: %q", where, id, text)
		}
	}
}

// leftover is what no text has once it's filled in.
var leftover = regexp.MustCompile("[`*\x00\x01]|</?[a-z]|In a (workflow|terminal): |  |\\( | \\)|\\(\\)| [,)]| \\.( |$)|\\{[a-z]" +
	"|在(工作流|终端)里：|（[， ]|[ ，]）|（）|[，。：][，。：]|https?://[!-~]*[^!-~\\s]")

var behindAddress = regexp.MustCompile(`https?://\S+ ）`)

func checkText(t *testing.T, about, text string) {
	t.Helper()
	text = behindAddress.ReplaceAllString(text, "address）") // which ends there, or the link would go on
	if found := leftover.FindString(text); found != "" && !strings.Contains(text, "- _ . / +") {
		t.Errorf("%s has %q in it: %s", about, found, text)
	}
}

func TestEveryBlankIsKnown(t *testing.T) {
	unused := map[string]bool{}
	for name := range blanks {
		unused[name] = true
	}
	messages, sentences := words.IDs()
	for _, id := range append(messages, sentences...) {
		check.Same(t, words.Missing(words.Note{ID: id, Blanks: blanks}), nil, "%s: nothing fills in", id)
		for _, name := range words.Missing(words.Note{ID: id}) {
			delete(unused, name)
		}
	}
	check.That(t, len(unused) == 0, "no message has %v", unused)
}

// TestAnchorsAreIds: a link to a message finds it, and a reader finds its id.
func TestAnchorsAreIds(t *testing.T) {
	messages, sentences := words.IDs()
	for _, id := range append(slices.Clone(messages), sentences...) {
		check.That(t, regexp.MustCompile(`^[a-z]+(-[a-z]+)+$`).MatchString(id), "%q isn't an id", id)
	}
	check.Equal(t, strings.Count(docs.Troubleshooting, `<a id="`), len(messages), "anchors")
	check.Equal(t, strings.Count(docs.Troubleshooting, "\n- "), len(sentences), "items")
}

func TestMissing(t *testing.T) {
	for _, c := range []struct {
		note words.Note
		want []string
	}{
		{words.Note{ID: "strava-nothing"}, []string{"strava-nothing"}},
		{words.Note{ID: "strava-missing-client-secret"}, nil},
		{words.Note{ID: "target-rate-limited", Blanks: words.Blanks{"until": "", "says": ""}}, []string{"target"}},
		{words.Note{ID: "run-scope-unchecked", Blanks: words.Blanks{"scopes": 1.5}}, []string{"scopes"}},
	} {
		check.Same(t, words.Missing(c.note), c.want, "%s", c.note.ID)
	}
}

func TestOptionalParts(t *testing.T) {
	for _, c := range []struct {
		id     string
		blanks words.Blanks
		want   string
	}{
		{"log-issued", words.Blanks{"athlete": int64(1111), "left": time.Hour, "until": words.Moment(noon)},
			"Strava issued an access token (for athlete 1111). It's valid for 1 hour, until 2 January 2026, 12:00 UTC."},
		{"log-issued", words.Blanks{"athlete": int64(0), "left": 61 * time.Minute, "until": words.Moment(time.Time{})},
			"Strava issued an access token."},
		{"doctor-target-holds", words.Blanks{"updated": words.Day(time.Time{})}, "It has a refresh token in it."},
		{"input-unknown-scope", words.Blanks{"input": words.Input("scope"), "detail": ""}, "--scope names a scope that Strava doesn't have."},
		{"input-unknown-scope", words.Blanks{"input": words.Input("scope"), "detail": "x (y"},
			`--scope names a scope that Strava doesn't have ("x (y").`},
		{"input-missing-client-id", nil, "STRAVA_CLIENT_ID is missing."},
		{"strava-nothing", nil, "Something unexpected went wrong."},
	} {
		check.Equal(t, voices["terminal"].Say(c.id, c.blanks), c.want, "%s", c.id)
	}
}

func TestStepAndTerminal(t *testing.T) {
	err := note{ID: "run-not-kept", Blanks: words.Blanks{
		"target": "branch:strava-token#bob", "destination": "", "branch": "branch:strava-token#bob", "printed": "", "kept": []string{},
		"cause": note{ID: "target-outage", Blanks: words.Blanks{"status": 503, "target": "branch:strava-token#bob"}},
	}}
	for where, want := range map[string]string{
		"step": `branch:strava-token#bob doesn't have the new refresh token.
GitHub is down. It answered with status 503 when asked for branch:strava-token#bob. The new one is in the recovery text.
Next: Save this log and correct that. Then run strava-token recover FILE --repo octocat/sync --rotate-to 'branch:strava-token#bob'.
https://github.com/octocat/strava-token/blob/v1/docs/troubleshooting.md#run-not-kept`,
		"terminal": `branch:strava-token#bob doesn't have the new refresh token.
GitHub is down. It answered with status 503 when asked for branch:strava-token#bob. The new one is in the recovery text.
Next: Save the recovery text to a file and correct that. Then run strava-token recover FILE --repo OWNER/REPO --rotate-to 'branch:strava-token#bob'.
more: run-not-kept`,
	} {
		check.Same(t, voices[where].Explain(err)[0].Text(), want, "%s", where)
	}
}

func TestValues(t *testing.T) {
	for _, c := range []struct {
		value          any
		step, terminal string
	}{
		{"plain", "plain", "plain"},
		{"a\u202eb\u009bc\nd", `a\u202eb\u009bc d`, `a\u202eb\u009bc d`},
		{7, "7", "7"},
		{int64(12345678), "12345678", "12345678"},
		{[]string{"a", "b"}, "a, b", "a, b"},
		{30 * time.Second, "less than a minute", "less than a minute"},
		{5*time.Hour + 59*time.Minute + 59*time.Second, "5 hours 59 minutes", "5 hours 59 minutes"},
		{words.Clock(noon.In(time.FixedZone("", 3600))), "12:00 UTC", "12:00 UTC"},
		{words.Day(noon), "2 January 2026", "2 January 2026"},
		{words.Moment(noon), "2 January 2026, 12:00 UTC", "2 January 2026, 12:00 UTC"},
		{words.Input("github-token"), "github-token", "GH_TOKEN"},
		{words.Input("verify"), "verify", "--verify"},
		{words.Input("GITHUB_API_URL"), "GITHUB_API_URL", "GITHUB_API_URL"},
		{words.Place("github-token"), "the secret that github-token reads (https://github.com/octocat/sync/settings/secrets/actions)", "GH_TOKEN"},
		{words.Place("client-id"), "client-id", "STRAVA_CLIENT_ID"},
		{words.Page("settings/tokens"), "https://github.com/settings/tokens", "https://github.com/settings/tokens"},
		{words.System{Err: &os.PathError{Op: "open", Path: "/x", Err: os.ErrPermission}}, "permission denied", "permission denied"},
		{words.Short{Err: note{ID: "strava-rate-limited"}}, "Strava's rate limit is used up.", "Strava's rate limit is used up."},
		{note{ID: "recover-no-secret"}, "The client secret can't be asked for. There is no terminal to ask at.",
			"The client secret can't be asked for. There is no terminal to ask at."},
		{os.ErrPermission, "Permission denied.", "Permission denied."},
		{time.UTC, "UTC", "UTC"},
	} {
		// The sentence is the value alone.
		b := words.Blanks{"scopes": c.value}
		check.Equal(t, voices["step"].Say("doctor-scopes-are", b), c.step, "%T in a step", c.value)
		check.Equal(t, voices["terminal"].Say("doctor-scopes-are", b), c.terminal, "%T in a terminal", c.value)
	}
}

func TestExplain(t *testing.T) {
	inner, other := note{ID: "strava-app-inactive"}, note{ID: "strava-wrong-client-secret"}
	for _, c := range []struct {
		err  error
		want []string
	}{
		{inner, []string{"strava-app-inactive"}},
		{fmt.Errorf("refresh: %w", inner), []string{"strava-app-inactive"}},
		{errors.Join(inner, fmt.Errorf("read: %w", other)), []string{"strava-app-inactive", "strava-wrong-client-secret"}},
		{fmt.Errorf("%w: %w", inner, os.ErrPermission), []string{"strava-app-inactive"}},
		{&words.Failure{ID: "run-not-masked"}, []string{"run-not-masked"}},
		{note{ID: "strava-nothing"}, []string{"run-internal"}},
		{context.Canceled, []string{"run-cancelled"}},
		{fmt.Errorf("open: %w", context.Canceled), []string{"run-internal"}},
		{errors.Join(os.ErrPermission, os.ErrExist), []string{"run-internal"}},
	} {
		var got []string
		for _, m := range voices["step"].Explain(c.err) {
			got = append(got, m.ID)
		}
		check.Same(t, got, c.want, "%v", c.err)
	}
	want := "Something unexpected went wrong.\nPermission denied by nobody.\nNext: Run again. If it fails in the same way, report it with this message.\nmore: run-internal"
	check.Same(t, words.Step("").Explain(errors.New("permission denied by nobody"))[0].Text(), want, "an unforeseen error")
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
	for pasted, want := range map[string]words.Sentence{
		"T": "", "T,": "log-seen-around", "NAME=T": "log-seen-around", "refresh_token=r'T'": "log-seen-around",
		"T%":                                 "log-seen-around",
		`{"expires_in":21600,"refresh":"T"}`: "log-seen-around", token[:39]: "log-seen-length", "TT": "log-seen-length",
		token[:8] + "****" + token[:8]: "log-seen-hidden", "another-form-of-token": "", "another-secret": "log-seen-other",
		"another form": "log-seen-signs", "‘another-form’": "log-seen-signs", `"another`: "log-seen-signs",
	} {
		check.Equal(t, words.Seen(strings.ReplaceAll(pasted, "T", token), "another-secret"), want, "%s", pasted)
	}
}
