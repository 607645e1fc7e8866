package cli_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"strava-token/internal/check"
	"strava-token/internal/cli"
	"strava-token/internal/sandbox"
	"strava-token/internal/store"
	"strava-token/internal/strava"
)

const root = "../.."

func readDoc(t *testing.T, name string) string {
	t.Helper()
	return readFile(t, filepath.Join(root, name))
}

// documents are the names of all that people read.
func documents(t *testing.T) (names []string) {
	t.Helper()
	for _, folder := range []string{".", "docs"} {
		found, err := filepath.Glob(filepath.Join(root, folder, "*.md"))
		check.Need(t, err == nil && len(found) > 0, "there are no documents in %s", folder)
		for _, path := range found {
			names = append(names, filepath.Join(folder, filepath.Base(path)))
		}
	}
	return names
}

var fenced = regexp.MustCompile("(?ms)^ *```.*?^ *```")

// prose is a document without its blocks of code.
func prose(t *testing.T, name string) string {
	t.Helper()
	return fenced.ReplaceAllString(readDoc(t, name), "")
}

// sections are the parts of a document under its headings, which begin with those.
func sections(t *testing.T, doc string) []string {
	t.Helper()
	return strings.Split(prose(t, doc), "\n## ")
}

// table reads the first two columns of a section's table. The section has a title in
// README.md, and in another language its place. A row can be that of several names.
func table(t *testing.T, doc, title string) map[string]string {
	t.Helper()
	at := slices.IndexFunc(sections(t, "README.md"), func(s string) bool { return strings.HasPrefix(s, title+"\n") })
	all := sections(t, doc)
	check.Need(t, 0 < at && at < len(all), "%s has no section %q", doc, title)
	values := map[string]string{}
	for line := range strings.Lines(all[at]) {
		if cells := strings.Split(line, "|"); strings.HasPrefix(line, "| `") && len(cells) > 2 {
			second := strings.Split(strings.TrimSpace(cells[2]), ", ")
			for i, name := range strings.Split(strings.TrimSpace(cells[1]), ", ") {
				values[strings.Trim(name, "`")] = second[min(i, len(second)-1)]
			}
		}
	}
	return values
}

func names(values map[string]string) []string { return slices.Sorted(maps.Keys(values)) }

// readAction reads action.yml: what each input is without a value, as the tables show
// it, and the names of the outputs.
func readAction(t *testing.T) (inputs map[string]string, outputs []string) {
	t.Helper()
	inputs = map[string]string{}
	top, name := "", ""
	for _, m := range regexp.MustCompile(`(?m)^( *)([a-z-]+):(.*)$`).FindAllStringSubmatch(readDoc(t, "action.yml"), -1) {
		indent, key, value := len(m[1]), m[2], strings.Trim(m[3], ` "`)
		switch {
		case indent == 0:
			top = key
		case top == "inputs" && indent == 2:
			name = key
			inputs[name] = ""
		case top == "inputs" && key == "required" && value == "true":
			inputs[name] = "required"
		case top == "inputs" && key == "default":
			inputs[name] = "`" + value + "`"
		case top == "outputs" && indent == 2:
			outputs = append(outputs, key)
		}
	}
	slices.Sort(outputs)
	return inputs, outputs
}

// TestActionYmlAndTheReadmesAndTheCodeAgree on the inputs, their defaults, of which one
// says where the credentials go, the outputs and the targets.
func TestActionYmlAndTheReadmesAndTheCodeAgree(t *testing.T) {
	inputs, outputs := readAction(t)
	for _, doc := range []string{"README.md", "README.zh-CN.md"} {
		shown := table(t, doc, "Inputs")
		for name, value := range shown {
			shown[name] = strings.ReplaceAll(value, "必填", "required")
		}
		check.Same(t, shown, inputs, "inputs (-action.yml +%s)", doc)
		check.Same(t, names(table(t, doc, "Outputs")), outputs, "outputs (-action.yml +%s)", doc)
		targets := names(table(t, doc, "Targets"))
		check.Same(t, targets, names(table(t, "README.md", "Targets")), "targets (-English +%s)", doc)
		check.Equal(t, len(targets), 8, "targets of %s", doc)
		for _, target := range targets {
			_, err := store.Parse(target, sandbox.Repository)
			check.Equal(t, err, nil, "%s of %s", target, doc)
		}
	}
	code := map[string]string{"strava-url": "`" + strava.DefaultURL + "`", "strava-api-url": "`" + strava.DefaultAPIURL + "`"}
	for _, m := range regexp.MustCompile(`r\.boolean\("([a-z-]+)", (true|false)\)`).FindAllStringSubmatch(readDoc(t, "internal/input/read.go"), -1) {
		code[m[1]] = "`" + m[2] + "`"
	}
	check.Equal(t, len(code), 7, "defaults in the code")
	for name, value := range code {
		check.Equal(t, value, inputs[name], "%s in the code, and in action.yml", name)
	}
	inStep(t, sandbox.Knobs{}, func(t *testing.T, s *step) {
		s.runner.Input("expose-refresh-token", "true")
		asked, set := map[string]string{}, []string(nil)
		runs(s.ctx, cli.Process{
			Args: []string{"action"}, Stdout: s.runner, Dial: s.pipe.Dial,
			Getenv: func(name string) string {
				if input, ok := strings.CutPrefix(name, "INPUT_"); ok {
					asked[strings.ToLower(input)] = ""
				}
				return s.runner.Getenv(name)
			},
		})
		check.Same(t, names(asked), names(inputs), "inputs (-action.yml +code)")
		for _, m := range regexp.MustCompile(`(?m)^([a-z-]+)<<`).FindAllStringSubmatch(s.runner.File("GITHUB_OUTPUT"), -1) {
			set = append(set, m[1])
		}
		slices.Sort(set)
		check.Same(t, set, outputs, "outputs (-action.yml +code)")
	})
}

// TestEveryPageInChinese has as many sections, list items and rows as the English
// one, and the same code, addresses and pictures, but those of what a run says.
func TestEveryPageInChinese(t *testing.T) {
	lines := regexp.MustCompile(`(?m)^(#+ |- |\d+\. |\|)`)
	code := regexp.MustCompile("(?ms)^ *```(?:sh|yaml)\n(.*?)^ *```")
	addresses := regexp.MustCompile(`https?://[\w./?=&-]*\w`)
	facts := func(doc string) map[string][]string {
		links, blocks := addresses.FindAllString(prose(t, doc), -1), code.FindAllString(readDoc(t, doc), -1)
		slices.Sort(links)
		for i := range blocks {
			blocks[i] = bare(blocks[i])
		}
		return map[string][]string{"lines": lines.FindAllString(prose(t, doc), -1), "code": blocks, "addresses": links}
	}
	for _, doc := range documents(t) {
		name, isChinese := strings.CutSuffix(doc, ".zh-CN.md")
		if isChinese && name != filepath.Join("docs", "troubleshooting") { // which package words compares
			check.Same(t, facts(doc), facts(name+".md"), "%s (-English +Chinese)", doc)
		}
	}
}

// TestTheReadmeIsReadToTheEnd: it's short, and all that a newcomer needs is on the
// first screen.
func TestTheReadmeIsReadToTheEnd(t *testing.T) {
	for _, doc := range []string{"README.md", "README.zh-CN.md"} {
		size := len(readDoc(t, doc))
		check.That(t, size <= 16<<10, "%s has %d bytes", doc, size)
	}
	first, _, _ := strings.Cut(readDoc(t, "README.md"), "\n## ")
	lines := strings.Count(strings.TrimSpace(first), "\n") + 1
	check.That(t, lines <= 40, "the first screen has %d lines", lines)
}

var (
	link    = regexp.MustCompile(`\]\(([^)\s]+)[^)]*\)|(?m:^\[[^]]+\]: (\S+))|(?:href|src)="([^"]+)"`)
	anchor  = regexp.MustCompile(`<a id="([^"]+)">`)
	heading = regexp.MustCompile(`(?m)^#+ (.*)$`)
)

// TestEveryLinkInsideResolves to a file that is there, and to a heading in it.
func TestEveryLinkInsideResolves(t *testing.T) {
	for _, name := range documents(t) {
		for _, m := range link.FindAllStringSubmatch(prose(t, name), -1) {
			to := m[1] + m[2] + m[3]
			if strings.Contains(to, "://") {
				continue
			}
			file, at, hasAnchor := strings.Cut(to, "#")
			if file == "" {
				file = filepath.Base(name)
			}
			file = filepath.Join(filepath.Dir(name), file)
			_, err := os.Stat(filepath.Join(root, file))
			check.That(t, err == nil, "%s links to %s, which is not there", name, file)
			check.That(t, err != nil || !hasAnchor || slices.Contains(anchors(t, file), at), "%s links to %s, and %s has no such heading", name, to, file)
		}
	}
}

// anchors are those of the headings of a document, as GitHub makes them, and its own.
func anchors(t *testing.T, doc string) (all []string) {
	t.Helper()
	for _, m := range anchor.FindAllStringSubmatch(readDoc(t, doc), -1) {
		all = append(all, m[1])
	}
	for _, m := range heading.FindAllStringSubmatch(prose(t, doc), -1) {
		all = append(all, strings.Map(func(r rune) rune {
			switch {
			case r == ' ':
				return '-'
			case unicode.IsLetter(r), unicode.IsDigit(r), r == '-', r == '_':
				return unicode.ToLower(r)
			}
			return -1
		}, m[1]))
	}
	return all
}

// TestEveryPageLeadsBack to the README, under its title.
func TestEveryPageLeadsBack(t *testing.T) {
	for _, name := range documents(t) {
		back := "[← README](../README.md)"
		if strings.HasSuffix(name, ".zh-CN.md") {
			back = "](../README.zh-CN.md)"
		}
		check.That(t, !strings.HasPrefix(name, "docs") || strings.Contains(sections(t, name)[0], back), "%s has no way back to the README", name)
	}
}

// TestTheClicksAddUp to what the page promises, and to no more than 18.
func TestTheClicksAddUp(t *testing.T) {
	t.Parallel()
	for doc, unit := range map[string]string{"docs/first-run.md": " clicks", "docs/first-run.zh-CN.md": " 次点击"} {
		page := readDoc(t, doc)
		sum := 0
		for _, row := range regexp.MustCompile(`(?m)^\| [^|*]+ \| (\d+) \| `).FindAllStringSubmatch(page, -1) {
			sum += check.Must(strconv.Atoi(row[1]))(t)
		}
		check.That(t, 0 < sum && sum <= 18, "%s: the table has %d clicks", doc, sum)
		check.Contains(t, page, fmt.Sprintf("**%d**", sum), fmt.Sprintf(" %d%s", sum, unit))
	}
}

// TestLoginToGoBackAsShown runs the command of docs/running_page.md as printed: its
// secret has a refresh token that lives.
func TestLoginToGoBackAsShown(t *testing.T) {
	t.Parallel()
	line := between(t, "docs/running_page.md", "\nstrava-token login --repo YOU/running_page ", "\n")
	v := newVisitor(t, sandbox.Knobs{})
	v.browse = func(address string) { v.grant(address, "activity:read_all", "activity:write") }
	v.runs(0, "", into(strings.Fields(line)...)...)
	lives("STRAVA_CLIENT_REFRESH_TOKEN")(v)
}
