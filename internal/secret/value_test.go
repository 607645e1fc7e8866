package secret_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

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
	h := holder{Public: v, private: v, list: []secret.Value{v}}
	h.deep = &holder{private: v}
	hexed := fmt.Sprintf("%x", text)

	var printed []string
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t", "%p", "%c", "%U", "%e"} {
		for _, x := range []any{v, &v, h, &h, []secret.Value{v}, map[string]secret.Value{"k": v}, fmt.Errorf("refused: %v", v)} {
			printed = append(printed, fmt.Sprintf(verb, x))
		}
	}
	j, err := json.Marshal(h)
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("m", "v", v, "h", h)
	slog.New(slog.NewJSONHandler(&log, nil)).Info("m", "v", v, "h", h)
	printed = append(printed, string(j), log.String())

	for _, p := range printed {
		if strings.Contains(p, text) || strings.Contains(strings.ToLower(p), hexed) {
			t.Errorf("the secret is in %q", p)
		}
	}
}

func TestRevealIsTheOneWayToTheText(t *testing.T) {
	t.Parallel()
	if got := secret.New(text).Reveal(); got != text {
		t.Errorf("Reveal: got %q, want %q", got, text)
	}
	if got := (secret.Value{}).Reveal(); got != "" {
		t.Errorf("Reveal of nothing: got %q, want nothing", got)
	}
	if !secret.New("").Empty() || secret.New(text).Empty() {
		t.Error("Empty does not tell nothing from something")
	}
}

func TestEqualComparesTexts(t *testing.T) {
	t.Parallel()
	a, b := secret.New(text), secret.New(strings.Clone(text))
	if !a.Equal(b) {
		t.Error("two values of the same text differ")
	}
	if a.Equal(secret.New(text+"x")) || a.Equal(secret.Value{}) {
		t.Error("two values of different texts are equal")
	}
}

func TestInspect(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		in   string
		want secret.Flaw
	}{
		{"", secret.Missing},
		{" \t\n", secret.Missing},
		{"null", secret.Placeholder},
		{"undefined", secret.Placeholder},
		{"-", secret.Placeholder},
		{"***", secret.Placeholder},
		{"xxx", secret.Placeholder},
		{"XXXXXXXXXXXXXXXX", secret.Placeholder},
		{"YOUR-CLIENT-SECRET", secret.Placeholder},
		{"<refresh token>", secret.Placeholder},
		{"${{ secrets.X }}", secret.Expression},
		{"$STRAVA_TOKEN", ""},
		{"${STRAVA_TOKEN}", secret.Expression},
		{"0123456789 abcdef", secret.Whitespace},
		{"0123456789\nabcdef", secret.Whitespace},
		{"0123456789äbcdef", secret.Unprintable},
		{"0123456789\x00bcdef", secret.Unprintable},
		{"abc1234", secret.Short},
		{strings.Repeat("a", 3000), secret.Long},
		{"0123456789abcdef0123456789abcdef01234567", ""},
	} {
		if got := secret.Inspect(tt.in); got != tt.want {
			t.Errorf("Inspect(%q): got %q, want %q", tt.in, got, tt.want)
		}
	}
}
