package cli_test

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"strava-token/internal/check"
	"strava-token/internal/cli"
	"strava-token/internal/sandbox"
	"strava-token/internal/strava"
)

const root = "../.."

func readDoc(t *testing.T, name string) string {
	t.Helper()
	return string(check.Must(os.ReadFile(filepath.Join(root, name)))(t))
}

// TestBothLanguagesSayTheSame holds the Chinese README against the English one: as
// many sections, and the same inputs, outputs and targets.
func TestBothLanguagesSayTheSame(t *testing.T) {
	english, chinese := readDoc(t, "README.md"), readDoc(t, "README.zh-CN.md")
	if got, want := len(titles(chinese)), len(titles(english)); got != want {
		t.Fatalf("sections of README.zh-CN.md: got %d, want %d", got, want)
	}
	for _, title := range []string{"Inputs", "Outputs", "Targets"} {
		want, got := names(section(t, english, title)), names(section(t, chinese, inChinese(t, title)))
		if diff := cmp.Diff(want, got); diff != "" || len(want) == 0 {
			t.Errorf("%s (-English +Chinese):\n%s", title, diff)
		}
	}
}

// TestEveryPageInChinese has as many sections, list items and rows as the English
// one, and the same code, addresses and pictures, but those of what a run says.
func TestEveryPageInChinese(t *testing.T) {
	lines := regexp.MustCompile(`(?m)^(#+ |- |\d+\. |\|)`)
	code := regexp.MustCompile("(?ms)^ *```(?:sh|yaml)\n(.*?)^ *```")
	addresses := regexp.MustCompile(`https?://[\w./?=&-]*\w`)
	for _, doc := range documents(t) {
		name, isChinese := strings.CutSuffix(doc, ".zh-CN.md")
		if !isChinese || name == filepath.Join("docs", "troubleshooting") { // which package words compares
			continue
		}
		english, chinese := readDoc(t, name+".md"), readDoc(t, doc)
		for what, facts := range map[string]func(string) []string{
			"lines": func(page string) []string { return lines.FindAllString(fenced.ReplaceAllString(page, ""), -1) },
			"code": func(page string) (all []string) {
				for _, block := range code.FindAllString(page, -1) {
					all = append(all, bare(block))
				}
				return all
			},
			"addresses": func(page string) []string {
				all := addresses.FindAllString(fenced.ReplaceAllString(page, ""), -1)
				slices.Sort(all)
				return all
			},
		} {
			check.Same(t, facts(chinese), facts(english), "%s of %s (-English +Chinese)", what, doc)
		}
	}
}

// TestTheReadmeIsReadToTheEnd: it's short, and all that a newcomer needs is on the
// first screen.
func TestTheReadmeIsReadToTheEnd(t *testing.T) {
	const mostBytes, firstScreen = 16 << 10, 40
	for _, doc := range []string{"README.md", "README.zh-CN.md"} {
		if size := len(readDoc(t, doc)); size > mostBytes {
			t.Errorf("%s has %d bytes, want at most %d", doc, size, mostBytes)
		}
	}
	first, _, _ := strings.Cut(readDoc(t, "README.md"), "\n## ")
	if lines := strings.Count(strings.TrimSpace(first), "\n") + 1; lines > firstScreen {
		t.Errorf("the first screen has %d lines, want at most %d", lines, firstScreen)
	}
}

var anyTitle = regexp.MustCompile(`(?m)^## (.*)$`)

func titles(doc string) []string {
	var all []string
	for _, m := range anyTitle.FindAllStringSubmatch(fenced.ReplaceAllString(doc, ""), -1) {
		all = append(all, m[1])
	}
	return all
}

// inChinese is the title of README.zh-CN.md in the place of an English one.
func inChinese(t *testing.T, title string) string {
	t.Helper()
	at, chinese := slices.Index(titles(readDoc(t, "README.md")), title), titles(readDoc(t, "README.zh-CN.md"))
	check.Need(t, at >= 0 && at < len(chinese), "README.zh-CN.md has no section in the place of %q", title)
	return chinese[at]
}

// section returns the part of a document under a heading.
func section(t *testing.T, doc, heading string) string {
	t.Helper()
	_, rest, ok := strings.Cut(doc, "\n## "+heading+"\n")
	check.Need(t, ok, "there is no section %q", heading)
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
	want := defaults(t)
	for doc, title := range map[string]string{"README.md": "Inputs", "README.zh-CN.md": inChinese(t, "Inputs")} {
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
		check.Same(t, got, want, "defaults (-action.yml +%s)", doc)
	}
	code := map[string]string{"strava-url": "`" + strava.DefaultURL + "`", "strava-api-url": "`" + strava.DefaultAPIURL + "`"}
	for _, m := range regexp.MustCompile(`r\.boolean\("([a-z-]+)", (true|false)\)`).FindAllStringSubmatch(readDoc(t, "internal/input/read.go"), -1) {
		code[m[1]] = "`" + m[2] + "`"
	}
	check.That(t, len(code) == 7, "%d defaults in the code, want 7", len(code))
	for name, value := range code {
		check.That(t, want[name] == value, "%s: %s in action.yml, %s in the code", name, want[name], value)
	}
}

func TestActionYmlAndTheReadmeAndTheCodeAgree(t *testing.T) {
	inputs, outputs := keys(t, "inputs"), keys(t, "outputs")
	readme := readDoc(t, "README.md")
	check.Same(t, names(section(t, readme, "Inputs")), inputs, "inputs (-action.yml +README.md)")
	check.Same(t, names(section(t, readme, "Outputs")), outputs, "outputs (-action.yml +README.md)")
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
		check.Same(t, slices.Sorted(maps.Keys(asked)), inputs, "inputs (-action.yml +code)")
		var set []string
		for _, m := range regexp.MustCompile(`(?m)^([a-z-]+)<<`).FindAllStringSubmatch(s.runner.File("GITHUB_OUTPUT"), -1) {
			set = append(set, m[1])
		}
		slices.Sort(set)
		check.Same(t, set, outputs, "outputs (-action.yml +code)")
	})
}

// TestTheClicksAddUp to what the page promises, and to no more than 18.
func TestTheClicksAddUp(t *testing.T) {
	t.Parallel()
	for doc, unit := range map[string]string{"docs/first-run.md": " clicks", "docs/first-run.zh-CN.md": " 次点击"} {
		page := readDoc(t, doc)
		sum, most := 0, 18
		for _, row := range regexp.MustCompile(`(?m)^\| [^|*]+ \| (\d+) \| `).FindAllStringSubmatch(page, -1) {
			clicks := check.Must(strconv.Atoi(row[1]))(t)
			sum += clicks
		}
		total := strconv.Itoa(sum)
		if sum == 0 || sum > most || !strings.Contains(page, "**"+total+"**") || !strings.Contains(page, " "+total+unit) {
			t.Errorf("%s: the table has %d clicks; want the same in the text, and at most %d", doc, sum, most)
		}
	}
}

// TestLoginAsShown runs the command of docs/elsewhere.md as printed, in the folder
// that the line before it makes.
func TestLoginAsShown(t *testing.T) {
	t.Parallel()
	_, block, ok := strings.Cut(readDoc(t, "docs/elsewhere.md"), "mkdir -p -m 700 ~/.strava\nstrava-token login ")
	line, _, _ := strings.Cut(block, "\n")
	flag, target, split := strings.Cut(line, " ")
	check.Need(t, ok && split, "the page doesn't show it")
	home := t.TempDir()
	check.OK(t, os.Mkdir(filepath.Join(home, ".strava"), 0o700))
	v := newVisitor(t, sandbox.Knobs{})
	v.runs(0, "", flag, strings.ReplaceAll(strings.Trim(target, `"`), "$HOME", home))
	for _, name := range []string{"token", "token.env"} {
		info, err := os.Stat(filepath.Join(home, ".strava", name))
		check.That(t, err == nil && info.Mode().Perm()&0o077 == 0, "%s: %v, %v", name, info, err)
	}
}

// TestLoginToGoBackAsShown runs the command of docs/running_page.md as printed: its
// secret has a refresh token that lives.
func TestLoginToGoBackAsShown(t *testing.T) {
	t.Parallel()
	_, line, ok := strings.Cut(readDoc(t, "docs/running_page.md"), "\nstrava-token login --repo YOU/running_page ")
	line, _, _ = strings.Cut(line, "\n")
	check.Need(t, ok, "the page doesn't show it")
	v := newVisitor(t, sandbox.Knobs{})
	v.browse = func(address string) { v.grant(address, "activity:read_all", "activity:write") }
	v.runs(0, "", into(strings.Fields(line)...)...)
	if v.server.Secret("STRAVA_CLIENT_REFRESH_TOKEN") != v.server.LiveRefreshToken() {
		t.Error("the secret doesn't have the living refresh token")
	}
}
