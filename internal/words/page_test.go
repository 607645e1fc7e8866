package words_test

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"strava-token/docs"
	"strava-token/internal/check"
	"strava-token/internal/words"
)

const (
	anID       = "`([a-z]+(?:-[a-z]+)+)`"
	aParagraph = `\n(.+(?:\n.+)*)\n`
)

var (
	aMessage  = regexp.MustCompile("^## <a id=\"([a-z-]+)\"></a>" + anID + "\n" + aParagraph + aParagraph + aParagraph + "$")
	aSentence = regexp.MustCompile("(?m)^- " + anID + ": (.+)$")
	aBlank    = regexp.MustCompile(`<var title="([a-z-]+)">[^<]*</var>`)
	aCode     = regexp.MustCompile("`[^`]*`|<code>.*?</code>")
	aFact     = regexp.MustCompile("`[^`]*`|<code>.*?</code>|<var[^>]*>|https?://[!-~]*[!-'*-+/-9<-~]|]\\(#[^)]*\\)")
)

// rows are what a page says by id: a message is three paragraphs, under a heading with
// an anchor, a sentence is a line.
func rows(t *testing.T, page string) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, part := range strings.Split(page+"\n", "\n#")[1:] {
		if m := aMessage.FindStringSubmatch(part); m != nil {
			check.Equal(t, m[1], m[2], "the id of a heading")
			all[m[1]] = strings.Join(m[3:], "\n")
			continue
		}
		check.That(t, !strings.HasPrefix(part, "##"), "not an id and three paragraphs: %s", part)
		for _, m := range aSentence.FindAllStringSubmatch(part, -1) {
			all[m[1]] = m[2]
		}
	}
	check.Need(t, len(all) >= 180, "%d rows", len(all))
	check.Equal(t, len(all), strings.Count(page, `<a id="`)+strings.Count(page, "\n- "), "different rows")
	parentheses := strings.NewReplacer("（", "(", "）", ")")
	for id, text := range all {
		for line := range strings.Lines(parentheses.Replace(text)) {
			check.That(t, strings.Count(line, "(") == strings.Count(line, ")"), "%s: a parenthesis is open: %s", id, line)
			marks := 2*strings.Count(line, "<code>") + 2*len(aBlank.FindAllString(line, -1))
			check.Equal(t, strings.Count(line, "<"), marks, "marks in %s: %s", id, line)
		}
	}
	return all
}

// blanksOf are the names of the blanks in a text.
func blanksOf(text string) (names []string) {
	for _, m := range aBlank.FindAllStringSubmatch(text, -1) {
		names = append(names, m[1])
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// TestBothPagesHaveTheSame ids, and in every line of a row the same blanks, links
// and commands. Chinese may say them in another order. Nothing was left in English
// there, but names and commands.
func TestBothPagesHaveTheSame(t *testing.T) {
	english, chinese := rows(t, docs.Troubleshooting), rows(t, docs.TroubleshootingChinese)
	check.Same(t, slices.Sorted(maps.Keys(chinese)), slices.Sorted(maps.Keys(english)), "ids (-English +Chinese)")
	description, sentence := regexp.MustCompile(`description: "[^"]*"`), regexp.MustCompile(`[A-Za-z',]+( [A-Za-z',]+){5,}`)
	facts := func(text string) (all []string) {
		for i, line := range strings.Split(aBlank.ReplaceAllString(text, `<var title="$1">`), "\n") {
			all = append(all, fmt.Sprint("line ", i))
			for _, fact := range aFact.FindAllString(line, -1) {
				all = append(all, fmt.Sprint("line ", i, description.ReplaceAllString(fact, "")))
			}
		}
		slices.Sort(all)
		return all
	}
	for id, text := range english {
		check.Same(t, facts(chinese[id]), facts(text), "%s (-English +Chinese)", id)
		text = aCode.ReplaceAllString(aBlank.ReplaceAllString(chinese[id], "X"), "X")
		check.Equal(t, sentence.FindString(text), "", "%s", id)
	}
}

// TestEveryRowIsWhole: every message says what, why and what next, in sentences, and a
// sentence is a line. Something fills in each blank.
func TestEveryRowIsWhole(t *testing.T) {
	end, unused := regexp.MustCompile(`[^.。][.。]$`), maps.Clone(blanks)
	for id, text := range rows(t, docs.Troubleshooting) {
		check.Same(t, missing(words.Failure{ID: id, Blanks: blanks}), nil, "%s: nothing fills in", id)
		for _, name := range blanksOf(text) {
			delete(unused, name)
		}
		for where, v := range voices {
			m := v.Explain(&words.Failure{ID: id, Blanks: blanks})[0]
			isWhole := end.MatchString(m.What) && end.MatchString(m.Why) && end.MatchString(m.Next)
			if !strings.Contains(text, "\n") {
				isWhole = m.What != "" && !strings.Contains(m.What, "\n")
			}
			check.That(t, m.ID == id && isWhole, "%s: %s leaves something unsaid: %+v", where, id, m)
			checkText(t, where+": "+id, m.Text())
		}
	}
	check.Same(t, unused, words.Blanks{}, "no message has them")
}

// TestLeftOut: whichever blanks are empty, both languages leave out the same, and nothing
// of the page's marks is left over.
func TestLeftOut(t *testing.T) {
	t.Parallel()
	aValue := regexp.MustCompile(`\[[a-z-]+\]`)
	for id, text := range rows(t, docs.Troubleshooting) {
		names := blanksOf(text)
		for empty := range 1 << len(names) {
			given := words.Blanks{}
			for i, name := range names {
				given[name] = []string{"[" + name + "]", ""}[empty>>i&1]
			}
			for _, step := range []bool{true, false} {
				left := map[string][]string{}
				for _, language := range []string{"en", "zh"} {
					m := words.Voice{Step: step, Language: language}.Explain(&words.Failure{ID: id, Blanks: given})[0]
					checkText(t, language+" "+id, m.Text())
					for _, part := range []string{m.What, m.Why, m.Next} {
						found := aValue.FindAllString(part, -1)
						slices.Sort(found)
						left[language] = append(left[language], fmt.Sprint(part == "", found))
					}
				}
				check.Same(t, left["zh"], left["en"], "%s of %v (-English +Chinese)", id, given)
			}
		}
	}
}

// leftover is what no text has once it's filled in: markup, a blank, a line's beginning,
// empty parentheses, and what fmt makes of a value without words.
var leftover = regexp.MustCompile("[`*]|</?[a-z]|In a (workflow|terminal): |  |\\( | \\)|\\(\\)| [,)]| \\.( |$)|\\{[a-z]" +
	"|在(工作流|终端)里：|（[， ]|[ ，]）|（）|[，。：][，。：]|https?://[!-~]*[^!-~\\s]|0xc0|%!|\\+0000")

var behindAddress = regexp.MustCompile(`(https?://\S+|\[[a-z-]+]) ）`)

func checkText(t *testing.T, about, text string) {
	t.Helper()
	text = behindAddress.ReplaceAllString(text, "address）") // which ends there, or the link would go on
	if found := leftover.FindString(text); found != "" && !strings.Contains(text, "- _ . / +") {
		t.Errorf("%s has %q in it: %s", about, found, text)
	}
}

// missing are the blanks that nothing fills in, or the id if the page doesn't have it.
func missing(n words.Failure) (all []string) {
	filled := words.Blanks{}
	for name := range n.Blanks {
		filled[name] = "x" // so that no sentence is left out
	}
	for _, v := range voices {
		m := v.Explain(&words.Failure{ID: n.ID, Blanks: filled})[0]
		if m.ID != n.ID {
			return []string{n.ID}
		}
		all = append(all, regexp.MustCompile(`<[a-z-]+>`).FindAllString(m.Text(), -1)...)
	}
	return all
}
