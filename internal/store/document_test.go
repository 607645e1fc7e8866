package store

import (
	"strings"
	"sync"
	"testing"

	"strava-token/internal/check"
	"strava-token/internal/sealed"
	"strava-token/internal/secret"
)

const documentToken = "0123456789abcdef0123456789abcdef01234567"

var (
	documentApp   = App{ClientID: "48213", ClientSecret: secret.New(strings.Repeat("c", 40))}
	documentPlace = place{Purpose: "branch", Target: "branch:strava-token", RepositoryID: 700100200}
)

func opened(text string) (Held, string) {
	r := readable{place: documentPlace, held: Held{app: documentApp}}
	id := r.open(text)
	return r.held, id
}

func composed(r Record) (string, error) {
	_, text, err := (&readable{place: documentPlace, held: Held{app: documentApp}}).compose(r)
	return text, err
}

// document is one that was composed, which takes a moment.
var document = sync.OnceValue(func() string {
	text, err := composed(Record{RefreshToken: secret.New(documentToken), AthleteID: 126651800, Input: secret.New(strings.Repeat("1", 40))})
	if err != nil {
		panic(err)
	}
	return text
})

// assertRead asserts that a text is either refused by name and nothing of it
// used, or holds a token that could be one.
func assertRead(t *testing.T, held Held, kind string) {
	t.Helper()
	switch {
	case kind == "" && secret.Inspect(held.RefreshToken.Reveal()) != "":
		t.Error("a refresh token was read that cannot be one")
	case kind != "" && (!held.RefreshToken.Empty() || held.AthleteID != 0 || held.seen != nil):
		t.Errorf("something was read of a document that is %s", kind)
	}
}

func TestDocumentReadsBack(t *testing.T) {
	t.Parallel()
	for _, token := range []string{documentToken, "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~", strings.Repeat("x1", 1024)} {
		text := check.Must(composed(Record{RefreshToken: secret.New(token)}))(t)
		if held, kind := opened(text); kind != "" || held.RefreshToken.Reveal() != token {
			t.Errorf("read: got kind %q, or another token", kind)
		}
		check.That(t, len(text) <= sealed.MaxText, "a document of %d bytes would be refused", len(text))
	}
}

// TestDocumentIsRefused by name, and replaced only by somebody who just logged in, and
// only if it's ours.
func TestDocumentIsRefused(t *testing.T) {
	t.Parallel()
	text := document()
	sealedAt := strings.LastIndex(text, armorMark)
	under := func(app App, at place) string {
		_, text, err := (&readable{place: at, held: Held{app: app}}).compose(Record{RefreshToken: secret.New(documentToken)})
		check.OK(t, err)
		return text
	}
	at := func(change func(*place)) string {
		other := documentPlace
		change(&other)
		return under(documentApp, other)
	}
	// plain is a document whose sealed part is ours, with one thing replaced.
	plain := func(old, other string) string {
		ours := `{"version":"1","purpose":"branch","client_id":"48213","target":"branch:strava-token","repository_id":700100200,"refresh_token":"` + documentToken + `"}`
		text := check.Must(sealed.Seal([]byte(strings.Replace(ours, old, other, 1)), documentApp.ClientSecret))(t)
		return documentIntro + text
	}
	for _, tt := range []struct {
		name, text, want string
		replaceable      bool
	}{
		{"what fits", plain("", ""), "", true},
		{"no purpose", plain(`"purpose":"branch",`, ""), "target-other-place", true},
		{"a recovery text", plain(`"branch"`, `"recovery"`), "target-other-place", true},
		{"no app", plain(`"client_id":"48213",`, ""), "target-other-app", true},
		{"no repository", plain(`"repository_id":700100200,`, ""), "target-other-repository", true},
		{"no target", plain(`"target":"branch:strava-token",`, ""), "target-other-place", true},
		{"no token", plain("refresh_token", "x"), "target-damaged", true},
		{"a placeholder", plain(documentToken, "undefined"), "target-damaged", true},
		{"a line break in the token", plain(documentToken, `01234567\n89`), "target-damaged", true},
		{"another version inside", plain(`"1"`, `"2"`), "target-newer-version", false},
		{"another type", plain(`"`+documentToken+`"`, "12345678"), "target-damaged", true},
		{"no object", plain("{", "["), "target-damaged", true},
		{"ours", text, "", true},
		{"with the line ends of Windows", strings.ReplaceAll(text, "\n", "\r\n"), "", true},
		{"with other words before", documentMark + documentVersion + "\nHello.\n" + text[sealedAt:], "", true},
		{"of a later version", strings.Replace(text, "version 1\n", "version 2\n", 1), "target-newer-version", false},
		{"of a much later version", documentMark + "10\n", "target-newer-version", false},
		{"empty", "", "target-not-ours", false},
		{"another text", "# strava-token\n\nHello.\n", "target-not-ours", false},
		{"a refresh token as it is", documentToken, "target-not-ours", false},
		{"only the sealed part", text[sealedAt:], "target-not-ours", false},
		{"something before ours", "x" + text, "target-not-ours", false},
		{"without the sealed part", text[:sealedAt], "target-damaged", true},
		{"cut in the middle", text[:len(text)-80], "target-damaged", true},
		{"with something behind", text + "more\n", "target-damaged", true},
		{"under another client secret", under(App{documentApp.ClientID, secret.New(strings.Repeat("b", 40))}, documentPlace), "target-other-secret", true},
		{"of another app", under(App{"99999", documentApp.ClientSecret}, documentPlace), "target-other-app", true},
		{"of another repository", at(func(p *place) { p.RepositoryID++ }), "target-other-repository", true},
		{"of another branch", at(func(p *place) { p.Target = "branch:other" }), "target-other-place", true},
		{"of another athlete", at(func(p *place) { p.Target += "#alice" }), "target-other-place", true},
		{"of a file", at(func(p *place) { *p = place{Purpose: "file", Target: "file:token"} }), "target-other-place", true},
	} {
		for _, mayReplace := range []bool{false, true} {
			r := readable{MayReplace: mayReplace, place: documentPlace, held: Held{app: documentApp}}
			want := tt.want
			if mayReplace && tt.replaceable {
				want = ""
			}
			check.Equal(t, r.open(tt.text), want, "%s, may be replaced: %t", tt.name, mayReplace)
			check.Equal(t, r.held.RefreshToken.Empty(), tt.want != "", "%s: nothing is held", tt.name)
		}
	}
}

func TestDocumentShowsNothingSecret(t *testing.T) {
	t.Parallel()
	for _, hidden := range []string{documentToken, strings.Repeat("1", 40), documentApp.ClientSecret.Reveal(), "126651800"} {
		check.That(t, !strings.Contains(document(), hidden), "the document shows what it should hide")
	}
	check.Contains(t, document(), "strava-token", "version 1", "refresh token", "may be public", "age --decrypt")
}

// TestTheLatestInputsAreRemembered, and no more than a few.
func TestTheLatestInputsAreRemembered(t *testing.T) {
	t.Parallel()
	r := readable{held: Held{app: documentApp}}
	input := func(n int) secret.Value { return secret.New(strings.Repeat("i", 20) + string(rune('a'+n))) }
	for _, n := range []int{0, 1, 0, 2, 3, 4, 5, 6, 7, 8} { // the first one was used again later
		r.held, _, _ = r.compose(Record{RefreshToken: secret.New(documentToken), Input: input(n)})
	}
	held, _, err := r.compose(Record{RefreshToken: secret.New(documentToken)}) // a run without an input takes nothing back
	check.That(t, err == nil && !held.Saw(secret.Value{}), "saw an input that is none: %v", err)
	for n, want := range []bool{true, false, true, true, true, true, true, true, true} {
		check.Equal(t, held.Saw(input(n)), want, "saw input %d", n)
	}
}

// FuzzReadDocument asserts that no text makes the reader panic, and that each is
// refused by name or holds a token.
func FuzzReadDocument(f *testing.F) {
	text := document()
	for _, seed := range []string{
		"", text, documentIntro, documentMark, documentMark + "1\n" + armorMark, documentMark + "2\n", armorMark,
		strings.ReplaceAll(text, "\n", "\r\n"), text[:len(text)/2], text + text, "\ufeff" + text,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		held, kind := opened(text)
		assertRead(t, held, kind)
	})
}

// FuzzChangedDocument asserts that a document that somebody changed, who does
// not hold the client secret, yields the token that was sealed or none.
func FuzzChangedDocument(f *testing.F) {
	length := len(document()) - strings.Index(document(), armorMark)
	begin := len(document()) - length
	for _, at := range []int{0, 36, 60, 150, length / 2, length - 40, length - 1} {
		f.Add(at, byte('A'))
		f.Add(at, byte('\n'))
	}
	for at := 0; at < length; at += 101 {
		f.Add(at, byte('A'))
		f.Add(at, document()[begin+at]^1)
	}
	f.Fuzz(func(t *testing.T, at int, to byte) {
		text := document()
		begin := strings.Index(text, armorMark)
		if at < 0 || begin+at >= len(text) {
			return
		}
		held, kind := opened(text[:begin+at] + string([]byte{to}) + text[begin+at+1:])
		assertRead(t, held, kind)
		check.That(t, kind != "" || held.RefreshToken.Reveal() == documentToken, "another token was read")
	})
}
