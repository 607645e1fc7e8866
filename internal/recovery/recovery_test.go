package recovery_test

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"filippo.io/age"
	"filippo.io/age/armor"
	"github.com/google/go-cmp/cmp"

	"strava-token/internal/check"
	"strava-token/internal/recovery"
	"strava-token/internal/sealed"
	"strava-token/internal/secret"
)

const (
	token  = "89abcdef0123456789abcdef0123456789abcdef"
	key    = "0123456789abcdef0123456789abcdef01234567"
	prefix = "2026-11-22T20:33:00.1234567Z "
)

var content = recovery.Content{
	ClientID: "48213", AthleteID: 126651800, Targets: []string{"octo/running/STRAVA"}, RepositoryID: 700100200, RefreshToken: secret.New(token),
}

func seal(t testing.TB, masked ...secret.Value) string {
	t.Helper()
	return check.Must(recovery.Seal(content, secret.New(key), masked))(t)
}

// opened returns those of texts that open to content.
func opened(texts []string) (all []string) {
	for _, text := range texts {
		c, err := recovery.Open(text, secret.New(key))
		same := cmp.Equal(c, content, cmp.Comparer(secret.Value.Equal))
		if err == nil && same {
			all = append(all, text)
		}
	}
	return all
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
			if strings.HasPrefix(line, "-----") {
				return line
			}
			var lines []string
			for part := range slices.Chunk([]byte(line), width) {
				lines = append(lines, string(part))
			}
			return strings.Join(lines, "\n")
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
			return each(each(text, func(l string) string { return "sync\tRun OWNER/strava-token@v1\t" + prefix + l }), wrap(80))
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
		"UTF-16":          func(text string) string { return "\xff\xfe" + strings.Join(strings.Split(text, ""), "\x00") + "\x00" },
		"UTF-16, big end": func(text string) string { return "\xfe\xff\x00" + strings.Join(strings.Split(text, ""), "\x00") },
		"a zip of logs": func(text string) string {
			var b bytes.Buffer
			z := zip.NewWriter(&b)
			for name, content := range map[string]string{"0_sync.txt": between(prefix, "")(text), "sync/1_Set up job.txt": "noise"} {
				check.Must(io.WriteString(check.Must(z.Create(name))(t), content))(t)
			}
			check.OK(t, z.Close())
			return b.String()
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			found := check.Must(recovery.Find(strings.NewReader(change(seal(t)))))(t)
			check.That(t, len(opened(found)) > 0, "none of %d texts opens", len(found))
		})
	}
}

func TestFindReturnsEveryTextInOrder(t *testing.T) {
	t.Parallel()
	a, b := seal(t), seal(t)
	found := check.Must(recovery.Find(strings.NewReader(a + "noise\n" + armor.Header + "\nbroken off\n" + b)))(t)
	check.Same(t, opened(found), []string{a, b}, "Find")
}

func TestSealAndOpenRefuse(t *testing.T) {
	t.Parallel()
	foreign := func(workFactor int, version, purpose, token string) string {
		recipient := check.Must(age.NewScryptRecipient(key))(t)
		recipient.SetWorkFactor(workFactor)
		var text bytes.Buffer
		armored := armor.NewWriter(&text)
		box := check.Must(age.Encrypt(armored, recipient))(t)
		check.Must(fmt.Fprintf(box, `{"version":%s,"purpose":"%s","refresh_token":"%s"}`, version, purpose, token))(t)
		check.OK(t, errors.Join(box.Close(), armored.Close()))
		return text.String()
	}
	const ours = "strava-token recovery"
	text := seal(t)
	for name, tt := range map[string]struct {
		text, key string
		want      error
	}{
		"nothing wrong":         {foreign(10, "1", ours, token), key, nil},
		"another client secret": {text, strings.Repeat("f", 40), recovery.ErrWrongSecret},
		"no client secret":      {text, "", recovery.ErrWrongSecret},
		"damaged":               {strings.Replace(text, text[200:204], "AAAA", 1), key, recovery.ErrWrongSecret},
		"cut short":             {text[:300], key, recovery.ErrWrongSecret},
		"nothing":               {"", key, recovery.ErrWrongSecret},
		"too costly":            {foreign(11, "1", ours, token), key, recovery.ErrWrongSecret},
		"too long":              {strings.Repeat("A", 200<<10), key, recovery.ErrWrongSecret},
		"another purpose":       {foreign(10, "1", "x", token), key, recovery.ErrNotOurs},
		"another version":       {foreign(10, "2", ours, token), key, recovery.ErrNotOurs},
		"the word null":         {foreign(10, "1", ours, "null"), key, recovery.ErrNotOurs},
		"no JSON":               {foreign(10, "", ours, token), key, recovery.ErrNotOurs},
	} {
		got, err := recovery.Open(tt.text, secret.New(tt.key))
		check.That(t, errors.Is(err, tt.want) && got.RefreshToken.Empty() == (err != nil), "%s: got %v, %v, want %v", name, got, err, tt.want)
		check.That(t, err == nil || !strings.Contains(err.Error(), token) && !strings.Contains(err.Error(), key), "%s: %v has a secret", name, err)
	}
	_, err := recovery.Seal(content, secret.New(strings.Repeat("a", 31)), nil)
	check.That(t, errors.Is(err, sealed.ErrWeakSecret), "Seal: got %v, want %v", err, sealed.ErrWeakSecret)
}

func TestSealedTextHoldsNoMaskedValue(t *testing.T) {
	t.Parallel()
	// Two characters are in about every eighth text; without the guard some of
	// these would be. The beginning of every text is the same.
	constant := seal(t)[:100]
	tried := 0
	for n := range 100 {
		masked := fmt.Sprintf("%c%d", 'A'+n/10, n%10)
		if !strings.Contains(constant, masked) {
			tried++
			check.That(t, !strings.Contains(seal(t, secret.New(masked), secret.Value{}), masked), "%s is in the text", masked)
		}
	}
	check.That(t, tried >= 50, "tried %d values, want at least 50", tried)
}

// FuzzFind asserts that no text makes Find or Open panic, and that a sealed text
// is found inside any noise that doesn't look like one.
func FuzzFind(f *testing.F) {
	text := seal(f)
	for _, noise := range []string{"", "noise\n", prefix + "x\n", armor.Header + "\n", armor.Footer + "\n", "\x1b[0m\r\n", "a b c="} {
		f.Add(noise)
	}
	f.Fuzz(func(t *testing.T, noise string) {
		found, err := recovery.Find(strings.NewReader(noise + "\n" + text + noise))
		check.That(t, err != nil || len(opened(found)) > 0, "the sealed text was not found beside %q", noise) // err: a broken zip
	})
}
