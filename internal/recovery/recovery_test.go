package recovery_test

import (
	"archive/zip"
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"filippo.io/age"
	"filippo.io/age/armor"
	"github.com/google/go-cmp/cmp"

	"strava-token/internal/check"
	"strava-token/internal/recovery"
	"strava-token/internal/secret"
)

const (
	token  = "89abcdef0123456789abcdef0123456789abcdef"
	key    = "0123456789abcdef0123456789abcdef01234567"
	prefix = "2026-11-22T20:33:00.1234567Z "
)

func content() recovery.Content {
	return recovery.Content{
		ClientID: "48213", AthleteID: 126651800, Targets: []string{"octo/running/STRAVA"},
		RepositoryID: 700100200, RefreshToken: secret.New(token),
	}
}

func seal(t *testing.T) string {
	t.Helper()
	return check.Must(recovery.Seal(content(), secret.New(key), nil))(t)
}

func assertOpens(t *testing.T, text string) {
	t.Helper()
	got, err := recovery.Open(text, secret.New(key))
	if err != nil {
		t.Errorf("Open: %v\n%s", err, text)
		return
	}
	want := content()
	check.That(t, got.RefreshToken.Reveal() == token, "Open: another refresh token")
	got.RefreshToken, want.RefreshToken = secret.Value{}, secret.Value{}
	if diff := cmp.Diff(want.Targets, got.Targets); diff != "" || got.ClientID != want.ClientID ||
		got.AthleteID != want.AthleteID || got.RepositoryID != want.RepositoryID {
		t.Errorf("Open: got %+v, want %+v", got, want)
	}
}

// TestStandardAgeOpensIt opens the text as the age tool does, with its limits.
func TestStandardAgeOpensIt(t *testing.T) {
	t.Parallel()
	identity := check.Must(age.NewScryptIdentity(key))(t)
	box := check.Must(age.Decrypt(armor.NewReader(strings.NewReader(seal(t))), identity))(t)
	plain, err := io.ReadAll(box)
	check.That(t, err == nil && bytes.Contains(plain, []byte(`"refresh_token":"`+token+`"`)), "got %s, %v", plain, err)
}

// TestFindSurvivesLogs passes a text through everything that a log, a terminal
// and a clipboard do to it.
func TestFindSurvivesLogs(t *testing.T) {
	t.Parallel()
	each := func(text string, change func(line string) string) string {
		var b strings.Builder
		for line := range strings.Lines(text) {
			b.WriteString(change(strings.TrimSuffix(line, "\n")) + "\n")
		}
		return b.String()
	}
	between := func(before, after string) func(string) string {
		return func(text string) string { return each(text, func(l string) string { return before + l + after }) }
	}
	instead := func(old, new string) func(string) string {
		return func(text string) string { return strings.ReplaceAll(text, old, new) }
	}
	wrap := func(width int) func(string) string {
		return func(line string) string {
			var b strings.Builder
			for len(line) > width && !strings.HasPrefix(line, "-----") {
				b.WriteString(line[:width] + "\n")
				line = line[width:]
			}
			return b.String() + line
		}
	}
	for name, change := range map[string]func(string) string{
		"as it is":            between("", ""),
		"downloaded log":      between(prefix, ""),
		"gh run view --log":   between("sync\tRun\t"+prefix, ""),
		"runner in a console": between("[sync/sync]   | ", ""),
		"quoted mail":         between("> ", ""),
		"ANSI codes":          between("\x1b[36;1m", "\x1b[0m"),
		"CRLF":                instead("\n", "\r\n"),
		"blank lines":         instead("\n", "\n\n"),
		"indented":            between("      ", "   "),
		"wrapped at 40":       func(text string) string { return each(text, wrap(40)) },
		"wrapped at 63":       func(text string) string { return each(text, wrap(63)) },
		"wrapped at 7":        func(text string) string { return each(text, wrap(7)) },
		"inside a noisy log": func(text string) string {
			return "Strava replaced the refresh token.\n```\n" + text + "```\n##[error]Process completed with exit code 3.\n"
		},
		"all of it": func(text string) string {
			return "noise\n" + each(each(text, wrap(50)), func(l string) string { return "job\tstep\t" + prefix + "\x1b[31m" + l + "\x1b[0m\r" }) + "noise\n"
		},
		"wrapped at 80, prefixes and marks too": func(text string) string {
			prefixed := each(text, func(l string) string { return "sync\tRun OWNER/strava-token@v1\t" + prefix + l })
			return each(prefixed, func(l string) string {
				for i := 80; i < len(l); i += 81 {
					l = l[:i] + "\n" + l[i:]
				}
				return l
			})
		},
		"mark wrapped at a blank": instead("BEGIN AGE ENCRYPTED", "BEGIN AGE\nENCRYPTED"),
		"no-break spaces":         between("\u00a0\u200b", "\u00a0"),
		"joined by blanks":        instead("\n", " "),
		"joined by blanks, then wrapped": func(text string) string {
			joined := strings.ReplaceAll(text, "\n", " ")
			return joined[:300] + "\n" + joined[300:len(joined)-12] + "\n" + joined[len(joined)-12:]
		},
		"inside JSON":      func(text string) string { return `{"log":"` + strings.ReplaceAll(text, "\n", `\n`) + `"}` },
		"workflow command": func(text string) string { return "::notice::" + strings.ReplaceAll(text, "\n", "%0A") },
		"carriage returns": instead("\n", "\r"),
		"a page":           between("", "<br>"),
		"a table":          between("| ", " |"),
		"among rules":      func(text string) string { return strings.Repeat("-----\n", 40000) + text },
		"no footer":        instead(armor.Footer+"\n", ""),
		"a line of 2 MiB":  func(text string) string { return strings.Repeat("x", 2<<20) + "\n" + text + strings.Repeat("y", 2<<20) },
		"lines in between": func(text string) string {
			lines := strings.SplitAfter(text, "\n")
			return strings.Join(slices.Insert(lines, 3, "Post job cleanup\n", "Terminating orphan process\n"), "")
		},
		"UTF-16": func(text string) string {
			var b bytes.Buffer
			b.Write([]byte{0xff, 0xfe})
			for _, unit := range utf16.Encode([]rune(text)) {
				b.Write([]byte{byte(unit), byte(unit >> 8)})
			}
			return b.String()
		},
		"a zip of logs": func(text string) string {
			var b bytes.Buffer
			z := zip.NewWriter(&b)
			for name, content := range map[string]string{"0_sync.txt": each(text, func(l string) string { return prefix + l }), "sync/1_Set up job.txt": "noise"} {
				w := check.Must(z.Create(name))(t)
				check.Must(io.WriteString(w, content))(t)
			}
			check.OK(t, z.Close())
			return b.String()
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			found, err := recovery.Find(strings.NewReader(change(seal(t))))
			check.Need(t, err == nil && len(found) != 0, "Find: got %d texts, %v, want one", len(found), err)
			for _, text := range found {
				if c, err := recovery.Open(text, secret.New(key)); err == nil && c.RefreshToken.Reveal() == token {
					assertOpens(t, text)
					return
				}
			}
			t.Errorf("none of %d texts opens", len(found))
		})
	}
}

func TestFindReturnsEveryTextInOrder(t *testing.T) {
	t.Parallel()
	a, b := seal(t), seal(t)
	found := check.Must(recovery.Find(strings.NewReader(a + "noise\n" + armor.Header + "\nbroken off\n" + b)))(t)
	var opened []string
	for _, text := range found {
		if _, err := recovery.Open(text, secret.New(key)); err == nil {
			opened = append(opened, text)
		}
	}
	check.Same(t, opened, []string{a, b}, "Find")
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	foreign := func(workFactor int, plain string) string {
		recipient := check.Must(age.NewScryptRecipient(key))(t)
		recipient.SetWorkFactor(workFactor)
		return encrypt(t, recipient, plain)
	}
	ours := `{"version":1,"purpose":"strava-token recovery","refresh_token":"` + token + `"}`
	text := seal(t)
	for _, tt := range []struct {
		name string
		text string
		key  string
		want error
	}{
		{"another client secret", text, strings.Repeat("f", 40), recovery.ErrWrongSecret},
		{"no client secret", text, "", recovery.ErrWrongSecret},
		{"damaged", strings.Replace(text, text[200:204], "AAAA", 1), key, recovery.ErrWrongSecret},
		{"cut short", text[:300], key, recovery.ErrWrongSecret},
		{"nothing", "", key, recovery.ErrWrongSecret},
		{"too costly", foreign(11, ours), key, recovery.ErrWrongSecret},
		{"too long", strings.Repeat("A", 200<<10), key, recovery.ErrWrongSecret},
		{"another purpose", foreign(10, `{"version":1,"purpose":"x","refresh_token":"`+token+`"}`), key, recovery.ErrNotOurs},
		{"another version", foreign(10, `{"version":2,"purpose":"strava-token recovery","refresh_token":"`+token+`"}`), key, recovery.ErrNotOurs},
		{"the word null", foreign(10, `{"version":1,"purpose":"strava-token recovery","refresh_token":"null"}`), key, recovery.ErrNotOurs},
		{"no JSON", foreign(10, "hello"), key, recovery.ErrNotOurs},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := recovery.Open(tt.text, secret.New(tt.key))
			check.That(t, errors.Is(err, tt.want), "Open: got %v, want %v", err, tt.want)
			check.That(t, got.RefreshToken.Empty(), "Open handed out a token")
			if err != nil && (strings.Contains(err.Error(), token) || strings.Contains(err.Error(), key)) {
				t.Errorf("the error holds a secret: %v", err)
			}
		})
	}
}

func encrypt(t *testing.T, r age.Recipient, plain string) string {
	t.Helper()
	var text bytes.Buffer
	armored := armor.NewWriter(&text)
	box := check.Must(age.Encrypt(armored, r))(t)
	check.Must(io.WriteString(box, plain))(t)
	check.OK(t, errors.Join(box.Close(), armored.Close()))
	return text.String()
}

func TestSealRefusesAWeakSecret(t *testing.T) {
	t.Parallel()
	_, err := recovery.Seal(content(), secret.New(strings.Repeat("a", 31)), nil)
	check.That(t, errors.Is(err, recovery.ErrWeakSecret), "Seal: got %v, want %v", err, recovery.ErrWeakSecret)
}

func TestSealedTextHoldsNoMaskedValue(t *testing.T) {
	t.Parallel()
	// Two characters stand in about every eighth text; without the guard some of
	// these would. The beginning of every text is the same.
	constant := seal(t)[:100]
	tried := 0
	for _, a := range "ABCDEFGHIJ" {
		for _, b := range "0123456789" {
			masked := secret.New(string(a) + string(b))
			if strings.Contains(constant, masked.Reveal()) {
				continue
			}
			tried++
			text := check.Must(recovery.Seal(content(), secret.New(key), []secret.Value{masked, {}}))(t)
			check.That(t, !strings.Contains(text, masked.Reveal()), "%s is in the text", masked.Reveal())
		}
	}
	check.That(t, tried >= 50, "tried %d values, want at least 50", tried)
}

// FuzzFind asserts that no text makes Find or Open panic, and that a sealed text
// is found inside any noise that does not look like one.
func FuzzFind(f *testing.F) {
	text, err := recovery.Seal(content(), secret.New(key), nil)
	if err != nil {
		f.Fatal(err)
	}
	for _, noise := range []string{"", "noise\n", prefix + "x\n", armor.Header + "\n", armor.Footer + "\n", "\x1b[0m\r\n", "a b c="} {
		f.Add(noise)
	}
	f.Fuzz(func(t *testing.T, noise string) {
		found, err := recovery.Find(strings.NewReader(noise + "\n" + text + noise))
		if err != nil {
			return // a line beyond the limit
		}
		opened := false
		for _, candidate := range found {
			if c, err := recovery.Open(candidate, secret.New(key)); err == nil && c.RefreshToken.Reveal() == token {
				opened = true
			}
		}
		check.That(t, opened, "the sealed text was not found beside %q", noise)
	})
}
