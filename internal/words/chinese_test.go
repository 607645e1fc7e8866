package words_test

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"strava-token/docs"
	"strava-token/internal/check"
	"strava-token/internal/words"
)

var inChinese = words.Step("https://github.com/octocat/strava-token/blob/v1/docs/troubleshooting.md").
	In("", "octocat/sync").Authorizing(authorizeLink, "").Editing("https://github.com/octocat/sync/edit/main/x.yml").Speaking("zh")

var (
	title   = regexp.MustCompile(`^#+ <a id="([a-z-]+)"></a>|^- ` + "`([a-z-]+)`: " + ``)
	aBlank  = regexp.MustCompile(`<var title="([a-z-]+)">[^<]*</var>`)
	address = regexp.MustCompile(`https?://[!-~]*[^!-~]|]\(#[^)]*\)`)
	aCode   = regexp.MustCompile("`[^`]*`|<code>.*?</code>")
	quoted  = regexp.MustCompile(`description: "[^"]*"`)
)

// rows are the lines of a page by the id that they are under.
func rows(page string) map[string][]string {
	all, id := map[string][]string{}, ""
	for line := range strings.Lines(page) {
		if m := title.FindStringSubmatch(line); m != nil {
			id = m[1] + m[2]
		} else if strings.HasPrefix(line, "#") {
			id = ""
		}
		if id != "" && strings.TrimSpace(line) != "" {
			all[id] = append(all[id], line)
		}
	}
	return all
}

// TestBothPagesHaveTheSame ids, and in every line of a row the same blanks, links
// and commands. Chinese may say them in another order.
func TestBothPagesHaveTheSame(t *testing.T) {
	chinese := rows(docs.TroubleshootingChinese)
	english := rows(docs.Troubleshooting)
	check.Same(t, slices.Sorted(maps.Keys(chinese)), slices.Sorted(maps.Keys(english)), "ids (-English +Chinese)")
	facts := func(line string) (all []string) {
		for _, m := range aBlank.FindAllStringSubmatch(line, -1) {
			all = append(all, m[1])
		}
		line = aBlank.ReplaceAllString(line, `<var title="$1">`)
		for _, code := range aCode.FindAllString(line, -1) {
			all = append(all, quoted.ReplaceAllString(code, ""))
		}
		for _, link := range address.FindAllString(line, -1) {
			all = append(all, strings.TrimRight(link, ".,;:() \n\u3002"))
		}
		slices.Sort(all)
		return all
	}
	for id, lines := range english {
		if len(chinese[id]) != len(lines) {
			t.Errorf("%s: %d lines in English, %d in Chinese", id, len(lines), len(chinese[id]))
			continue
		}
		for i, line := range lines {
			check.Same(t, facts(chinese[id][i]), facts(line), "%s, line %d (-English +Chinese)", id, i+1)
		}
	}
}

// TestBothLanguagesLeaveOutTheSame: without the value of a blank, the same blanks
// are left in each part of a message.
func TestBothLanguagesLeaveOutTheSame(t *testing.T) {
	pages := rows(docs.Troubleshooting)
	for id, lines := range pages {
		names := []string{""}
		for _, m := range aBlank.FindAllStringSubmatch(strings.Join(lines, ""), -1) {
			names = append(names, m[1])
		}
		for _, v := range []*words.Voice{words.Step(""), words.Terminal()} {
			for _, without := range names {
				given := words.Blanks{}
				for _, name := range names {
					given[name] = "[" + name + "]"
				}
				given[without] = ""
				one, other := said(v, id, given), said(v.Speaking("zh"), id, given)
				check.Same(t, other, one, "%s without %q (-English +Chinese)", id, without)
			}
		}
	}
}

// said are the blanks in each part of a message, in order of their names.
func said(v *words.Voice, id string, given words.Blanks) (parts []string) {
	m := v.Explain(note{ID: id, Blanks: given})[0]
	for _, text := range []string{m.What, m.Why, m.Next} {
		found := regexp.MustCompile(`\[[a-z-]+\]`).FindAllString(text, -1)
		slices.Sort(found)
		parts = append(parts, fmt.Sprint(text == "", found))
	}
	return parts
}

// TestChineseIsChinese: nothing was left in English, but names and commands.
func TestChineseIsChinese(t *testing.T) {
	sentence := regexp.MustCompile(`[A-Za-z',]+( [A-Za-z',]+){5,}`)
	for id, lines := range rows(docs.TroubleshootingChinese) {
		for _, line := range lines {
			text := aCode.ReplaceAllString(aBlank.ReplaceAllString(line, "X"), "X")
			check.Equal(t, sentence.FindString(text), "", "%s", id)
		}
	}
}

func TestChinese(t *testing.T) {
	outage := note{ID: "target-outage", Blanks: words.Blanks{"status": 503, "target": "o/r/NAME"}}
	for _, c := range []struct {
		id     string
		blanks words.Blanks
		want   string
	}{
		{"log-issued", words.Blanks{"athlete": int64(1111), "left": time.Hour, "until": words.Moment(noon)},
			"已拿到 Strava access token（运动员 1111）。有效期还剩 1 小时，到 2026 年 1 月 2 日 12:00 UTC 为止。"},
		{"log-issued", words.Blanks{"athlete": int64(0), "left": time.Hour, "until": words.Moment(time.Time{})}, "已拿到 Strava access token。"},
		{"doctor-target-holds", words.Blanks{"updated": words.Day(noon)}, "里面有 refresh token（更新于 2026 年 1 月 2 日）。"},
		{"summary-scopes", words.Blanks{"scopes": []string{"read", "activity:read_all"}}, "scope：read、activity:read_all"},
		{"doctor-scopes-are", words.Blanks{"scopes": 30 * time.Second}, "不到 1 分钟"},
		{"doctor-scopes-are", words.Blanks{"scopes": 42 * time.Minute}, "42 分钟"},
		{"doctor-scopes-are", words.Blanks{"scopes": 359 * time.Minute}, "5 小时 59 分钟"},
		{"doctor-scopes-are", words.Blanks{"scopes": words.Clock(noon)}, "12:00 UTC"},
		{"doctor-scopes-are", words.Blanks{"scopes": words.Place("client-secret")}, "client-secret 引用的 secret（https://github.com/octocat/sync/settings/secrets/actions ）"},
		{"doctor-scopes-are", words.Blanks{"scopes": outage}, "GitHub 出现故障。请求 o/r/NAME 时，它返回了状态码 503。"},
	} {
		check.Equal(t, inChinese.Say(c.id, c.blanks), c.want, "%s", c.id)
	}
	want := `o/r/NAME 里还是旧的 refresh token。
GitHub 出现故障。请求 o/r/NAME 时，它返回了状态码 503。没有丢：有效的那个在 branch:b 里。
下一步：解决上述问题，再运行一次，下一次运行会补上。
https://github.com/octocat/strava-token/blob/v1/docs/troubleshooting.zh-CN.md#run-not-kept-yet`
	text := inChinese.Explain(note{ID: "run-not-kept-yet", Blanks: words.Blanks{"target": "o/r/NAME", "cause": outage, "held": "branch:b"}})[0].Text()
	check.Same(t, text, want, "(-want +got)")
	if m := words.Step("").Speaking("fr").Explain(outage)[0]; m.What != "GitHub is down." {
		t.Errorf("a language without a page: %s", m.What)
	}
}
