package secret_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"strava-token/internal/check"
	"strava-token/internal/secret"
)

const text = "5f2c0ffee0ddba11"

type holder struct {
	Public  secret.Value
	private secret.Value
	deep    *holder
	list    []secret.Value
}

func TestValueNeverPrintsItself(t *testing.T) {
	t.Parallel()
	v := secret.New(text)
	h := holder{Public: v, private: v, deep: &holder{private: v}, list: []secret.Value{v}}
	var printed bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t", "%p", "%c", "%U", "%e"} {
		for _, x := range []any{v, &v, h, &h, []secret.Value{v}, map[string]secret.Value{"k": v}, fmt.Errorf("refused: %v", v)} {
			fmt.Fprintf(&printed, verb, x)
		}
	}
	check.OK(t, json.NewEncoder(&printed).Encode(h))
	slog.New(slog.NewTextHandler(&printed, nil)).Info("m", "v", v, "h", h)
	slog.New(slog.NewJSONHandler(&printed, nil)).Info("m", "v", v, "h", h)
	for _, form := range []string{text, fmt.Sprintf("%x", text)} {
		check.That(t, !strings.Contains(strings.ToLower(printed.String()), form), "the secret is in %s", &printed)
	}
}

func TestValuesAreTexts(t *testing.T) {
	t.Parallel()
	var nothing secret.Value
	a, b := secret.New(text), secret.New(strings.Clone(text))
	check.That(t, a.Reveal() == text && nothing.Reveal() == "", "Reveal returns another text")
	check.That(t, nothing.Empty() && secret.New("").Empty() && !a.Empty(), "Empty doesn't tell nothing from something")
	check.That(t, a.Equal(b) && !a.Equal(secret.New(text+"x")) && !a.Equal(nothing), "Equal compares something else")
}

func TestInspect(t *testing.T) {
	t.Parallel()
	for want, texts := range map[secret.Flaw][]string{
		secret.Missing:     {"", " \t\n"},
		secret.Placeholder: {"null", "undefined", "-", "***", "xxx", "XXXXXXXXXXXXXXXX", "YOUR-CLIENT-SECRET", "<refresh token>"},
		secret.Expression:  {"${{ secrets.X }}", "${STRAVA_TOKEN}"},
		secret.Quoted:      {`"0123456789abcdef"`},
		secret.Whitespace:  {"0123456789 abcdef", "0123456789\nabcdef"},
		secret.Unprintable: {"0123456789äbcdef", "0123456789\x00bcdef"},
		secret.Short:       {"abc1234"},
		secret.Long:        {strings.Repeat("a", 2049)},
		"":                 {"$STRAVA_TOKEN", "0123456789abcdef0123456789abcdef01234567", "abcd1234", strings.Repeat("a", 2048)},
	} {
		for _, text := range texts {
			check.Equal(t, secret.Inspect(text), want, "Inspect(%q)", text)
		}
	}
}

func TestTokensAreSpotted(t *testing.T) {
	t.Parallel()
	token := strings.Repeat("0123456789ABCDEFabcd", 2)
	for text, want := range map[string]struct {
		hex, gitHub bool
		redacted    string
	}{
		"o/r/NAME_" + token: {true, false, "o/r/NAME_…"}, token[1:]: {false, false, "…"}, token + "g": {false, false, "…"},
		"high ghp_aB1 x": {false, true, "high … x"}, "github_pat_11A_b/": {false, true, "…/"}, "xgho_a": {false, true, "…"},
		"a github.com/high-five": {false, false, "a github.com/high-five"},
	} {
		check.That(t, secret.HasHexToken(text) == want.hex && secret.HasGitHubToken(text) == want.gitHub, "%q is taken for another", text)
		check.Equal(t, secret.Redacted(text), want.redacted, "Redacted(%q)", text)
	}
	check.Equal(t, secret.Quotable("a\u200b b"), "a b", "what can't be seen")
	check.Equal(t, secret.Quotable(token[:20]+"\u200b"+token[20:]), "", "a token in two parts")
}
