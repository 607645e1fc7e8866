package cli_test

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"strava-token/internal/cli"
	"strava-token/internal/sandbox"
	"strava-token/internal/strava"
)

const root = "../.."

func readDoc(t *testing.T, name string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// sections are the titles in both languages.
var sections = map[string]string{
	"Try it with no account": "不用账号先试试", "The first token": "第一个 token", "Recipes": "示例", "Inputs": "输入",
	"Outputs": "输出", "Targets": "目标", "How it works": "工作原理", "When it fails": "失败的时候",
	"Security": "安全", "Limits": "限制", "How it compares": "与手工做法的比较",
	"What it costs": "开销", "Verify what you run": "验证你运行的东西", "License": "许可证",
}

// TestBothLanguagesSayTheSame holds the Chinese README against the English one:
// the same messages, inputs, outputs, targets, commands and number of sections.
func TestBothLanguagesSayTheSame(t *testing.T) {
	t.Parallel()
	english, chinese := readDoc(t, "README.md"), readDoc(t, "README.zh-CN.md")
	var titles [2][]string
	for i, doc := range []string{english, chinese} {
		for _, m := range regexp.MustCompile(`(?m)^## (.*)$`).FindAllStringSubmatch(doc, -1) {
			titles[i] = append(titles[i], m[1])
		}
	}
	for i, title := range titles[0] {
		if i < len(titles[1]) && sections[title] != titles[1][i] {
			t.Errorf("section %d of README.zh-CN.md: got %q, want %q", i+1, titles[1][i], sections[title])
		}
	}
	for _, pair := range [][2]string{{"Inputs", "输入"}, {"Outputs", "输出"}, {"Targets", "目标"}} {
		if diff := cmp.Diff(names(section(t, english, pair[0])), names(section(t, chinese, pair[1]))); diff != "" {
			t.Errorf("%s (-English +Chinese):\n%s", pair[0], diff)
		}
	}
	count := func(doc, what string) int { return len(regexp.MustCompile(what).FindAllString(doc, -1)) }
	for _, what := range []string{`(?m)^## `, `(?m)^### `, "(?m)^ *```[a-z]"} {
		if got, want := count(chinese, what), count(english, what); got != want {
			t.Errorf("%q in README.zh-CN.md: got %d, want %d", what, got, want)
		}
	}
	code := regexp.MustCompile("(?ms)^ *```(?:sh|text)\n(.*?)^ *```")
	if diff := cmp.Diff(code.FindAllString(english, -1), code.FindAllString(chinese, -1)); diff != "" {
		t.Errorf("commands (-English +Chinese):\n%s", diff)
	}
	// Rows, facts and figures, section by section, but for the messages, whose rows
	// are compared above.
	digits := regexp.MustCompile(`[0-9]+(?:\.[0-9]+)?`)
	for title, translated := range sections {
		one, other := section(t, english, title), section(t, chinese, translated)
		for _, what := range []string{`(?m)^\|`, `(?m)^- `, `(?m)^[0-9]+\. `} {
			if title == "Recipes" || title == "The first token" {
				break // the Chinese one has more for running_page
			}
			if got, want := count(other, what), count(one, what); got != want {
				t.Errorf("%q in %s: got %d, want %d", what, translated, got, want)
			}
		}
		if title == "When it fails" || title == "What it costs" || title == "Outputs" {
			got, want := digits.FindAllString(other, -1), digits.FindAllString(one, -1)
			slices.Sort(got)
			slices.Sort(want)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("figures in %s (-English +Chinese):\n%s", translated, diff)
			}
		}
	}
}

// section returns the part of a document under a heading.
func section(t *testing.T, doc, heading string) string {
	t.Helper()
	_, rest, ok := strings.Cut(doc, "\n## "+heading+"\n")
	if !ok {
		t.Fatalf("there is no section %q", heading)
	}
	body, _, _ := strings.Cut(rest, "\n## ")
	return body
}

// names finds the names in the first column of a table.
func names(table string) []string {
	var all []string
	for line := range strings.Lines(table) {
		if !strings.HasPrefix(line, "| `") {
			continue
		}
		first, _, _ := strings.Cut(line[2:], " |")
		for name := range strings.SplitSeq(first, ", ") {
			all = append(all, strings.Trim(name, "` "))
		}
	}
	slices.Sort(all)
	return all
}

// keys finds the keys directly below a top-level key of action.yml.
func keys(t *testing.T, top string) []string {
	t.Helper()
	var all []string
	inside := false
	for line := range strings.Lines(readDoc(t, "action.yml")) {
		if !strings.HasPrefix(line, " ") && strings.TrimSpace(line) != "" {
			inside = strings.HasPrefix(line, top+":")
		}
		if m := regexp.MustCompile(`^  ([a-z-]+):`).FindStringSubmatch(line); inside && m != nil {
			all = append(all, m[1])
		}
	}
	slices.Sort(all)
	return all
}

// defaults finds what each input of action.yml is without a value, as the tables
// show it.
func defaults(t *testing.T) map[string]string {
	t.Helper()
	all, name := map[string]string{}, ""
	inputs, _, _ := strings.Cut(readDoc(t, "action.yml"), "\noutputs:")
	for line := range strings.Lines(inputs) {
		line = strings.TrimSuffix(line, "\n")
		if m := regexp.MustCompile(`^  ([a-z-]+):$`).FindStringSubmatch(line); m != nil {
			name = m[1]
			all[name] = ""
		} else if line == "    required: true" {
			all[name] = "required"
		} else if value, ok := strings.CutPrefix(line, "    default: "); ok {
			all[name] = "`" + strings.Trim(value, `"`) + "`"
		}
	}
	return all
}

// TestEveryDefaultIsTheSame in action.yml, in the code and in both tables: one of
// them says where the credentials go.
func TestEveryDefaultIsTheSame(t *testing.T) {
	t.Parallel()
	want := defaults(t)
	for doc, title := range map[string]string{"README.md": "Inputs", "README.zh-CN.md": "输入"} {
		got := map[string]string{}
		for line := range strings.Lines(section(t, readDoc(t, doc), title)) {
			cells := strings.Split(line, "|")
			if !strings.HasPrefix(line, "| `") || len(cells) < 4 {
				continue
			}
			values := strings.Split(strings.ReplaceAll(strings.TrimSpace(cells[2]), "必填", "required"), ", ")
			for i, name := range strings.Split(strings.TrimSpace(cells[1]), ", ") {
				got[strings.Trim(name, "`")] = values[min(i, len(values)-1)]
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("defaults (-action.yml +%s):\n%s", doc, diff)
		}
	}
	code := map[string]string{"strava-url": "`" + strava.DefaultURL + "`", "strava-api-url": "`" + strava.DefaultAPIURL + "`"}
	for _, m := range regexp.MustCompile(`r\.boolean\("([a-z-]+)", (true|false)\)`).FindAllStringSubmatch(readDoc(t, "internal/input/read.go"), -1) {
		code[m[1]] = "`" + m[2] + "`"
	}
	if len(code) != 7 {
		t.Errorf("%d defaults in the code, want 7", len(code))
	}
	for name, value := range code {
		if want[name] != value {
			t.Errorf("%s: %s in action.yml, %s in the code", name, want[name], value)
		}
	}
}

func TestActionYmlAndTheReadmeAndTheCodeAgree(t *testing.T) {
	t.Parallel()
	inputs, outputs := keys(t, "inputs"), keys(t, "outputs")
	readme := readDoc(t, "README.md")
	if diff := cmp.Diff(inputs, names(section(t, readme, "Inputs"))); diff != "" {
		t.Errorf("inputs (-action.yml +README.md):\n%s", diff)
	}
	if diff := cmp.Diff(outputs, names(section(t, readme, "Outputs"))); diff != "" {
		t.Errorf("outputs (-action.yml +README.md):\n%s", diff)
	}
	synctest.Test(t, func(t *testing.T) {
		s := newStep(t, sandbox.Knobs{})
		s.runner.Input("expose-refresh-token", "true")
		asked := map[string]bool{}
		cli.Run(s.ctx, cli.Process{
			Args: []string{"action"},
			Getenv: func(name string) string {
				if input, ok := strings.CutPrefix(name, "INPUT_"); ok {
					asked[strings.ToLower(input)] = true
				}
				return s.runner.Getenv(name)
			},
			Stdout: s.runner, Stderr: &s.stderr, Dial: s.pipe.Dial,
		})
		if diff := cmp.Diff(inputs, slices.Sorted(maps.Keys(asked))); diff != "" {
			t.Errorf("inputs (-action.yml +code):\n%s", diff)
		}
		var set []string
		for _, m := range regexp.MustCompile(`(?m)^([a-z-]+)<<`).FindAllStringSubmatch(s.runner.File("GITHUB_OUTPUT"), -1) {
			set = append(set, m[1])
		}
		slices.Sort(set)
		if diff := cmp.Diff(outputs, set); diff != "" {
			t.Errorf("outputs (-action.yml +code):\n%s", diff)
		}
	})
}
