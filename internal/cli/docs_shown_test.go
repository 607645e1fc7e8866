package cli_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"

	"strava-token/internal/check"
	"strava-token/internal/sandbox"
	"strava-token/internal/store"
)

// shown are the commands that the documents show, and what runs each of them: a
// file, and a text in it. A command that can't be run here has a reason instead.
var shown = map[string]struct{ file, text, reason string }{
	"go run . demo": {file: ".ci/run", text: `bash -c "$demo"`},
	"go test ./...": {file: ".ci/run", text: `bash -c "$tests"`},
	"go build .":    {file: ".ci/run", text: `(cd "$work/shown" && bash -e "$shown")`},
	"./strava-token sandbox --rotation always >sandbox.env & sandbox=$!": {file: ".ci/run", text: `(cd "$work/shown" && bash -e "$shown")`},
	"sleep 1 && . ./sandbox.env":                                         {file: ".ci/run", text: `(cd "$work/shown" && bash -e "$shown")`},
	"./strava-token refresh --rotate-to branch:strava-token":             {file: ".ci/run", text: `(cd "$work/shown" && bash -e "$shown")`},
	"./strava-token doctor --rotate-to branch:strava-token":              {file: ".ci/run", text: `(cd "$work/shown" && bash -e "$shown")`},
	"kill $sandbox": {file: ".ci/run", text: `(cd "$work/shown" && bash -e "$shown")`},

	"strava-token login --repo owner/name": {file: "internal/cli/login_test.go", text: `{"--repo", sandbox.Repository}`},
	"strava-token login --repo YOU/running_page --rotate-to STRAVA_CLIENT_REFRESH_TOKEN --scope read,activity:read_all,activity:write": {file: "internal/cli/docs_test.go", text: `strava-token login --repo YOU/running_page `},
	"strava-token login --format dotenv":                                          {file: "internal/cli/login_test.go", text: `"--format", "dotenv"`},
	"mkdir -p -m 700 ~/.strava":                                                   {file: "internal/cli/docs_test.go", text: `mkdir -p -m 700 ~/.strava\nstrava-token login `},
	`strava-token login --rotate-to "file:$HOME/.strava/token"`:                   {file: "internal/cli/docs_test.go", text: `mkdir -p -m 700 ~/.strava\nstrava-token login `},
	"set -a && . ~/.strava/token.env && set +a":                                   {file: "testdata/script/elsewhere.txtar", text: `sed -n "/^set -a/,/^strava-token exec/p"`},
	`strava-token revoke --rotate-to "file:$HOME/.strava/token"`:                  {file: "testdata/script/elsewhere.txtar", text: `sed -n "/^strava-token revoke/p"`},
	`strava-token refresh --rotate-to "file:$HOME/.strava/token" --format dotenv`: {file: "testdata/script/elsewhere.txtar", text: `sed -n "/^set -a/,/^strava-token exec/p"`},
	`strava-token exec --rotate-to "file:$HOME/.strava/token" -- ./sync.sh`:       {file: "testdata/script/elsewhere.txtar", text: `sed -n "/^set -a/,/^strava-token exec/p"`},

	"strava-token doctor --repo owner/repo --rotate-to branch:strava-token --require-scopes activity:read_all": {file: "testdata/script/when_it_fails.txtar", text: `sed -n "/^strava-token doctor --repo/p`},
	"GH_TOKEN=… strava-token recover run.log --rotate-to owner/repo/STRAVA_REFRESH_TOKEN":                      {file: "testdata/script/when_it_fails.txtar", text: `/ strava-token recover /p"`},
	"GH_TOKEN=… strava-token recover run.log --repo owner/repo --rotate-to branch:strava-token":                {file: "testdata/script/when_it_fails.txtar", text: `/ strava-token recover /p"`},
	"export STRAVA_CLIENT_ID=… STRAVA_CLIENT_SECRET=… STRAVA_REFRESH_TOKEN=… GH_TOKEN=…":                       {reason: "the values are the reader's"},
	"gh run view RUN_ID --log >run.log":                                                                 {reason: "it asks the real GitHub"},
	"sha256sum --check --ignore-missing checksums.txt":                                                  {file: ".ci/release/reproduce", text: "sha256sum --check --ignore-missing --quiet checksums.txt"},
	".ci/release/build v1.2.3 out && .ci/release/image v1.2.3 out":                                      {file: ".ci/release/reproduce", text: `"$1/.ci/release/build" "$version"`},
	"git ls-remote https://github.com/<OWNER>/strava-token refs/tags/v1.2.3":                            {reason: "it asks the real GitHub"},
	"gh release verify v1.2.3 --repo <OWNER>/strava-token":                                              {reason: "it asks the real GitHub"},
	"gh release verify-asset v1.2.3 strava-token_v1.2.3_linux_amd64.tar.gz --repo <OWNER>/strava-token": {reason: "it asks the real GitHub"},
	"gh attestation verify oci://ghcr.io/<OWNER>/strava-token@sha256:DIGEST --repo <OWNER>/strava-token   --signer-workflow <OWNER>/strava-token/.github/workflows/release.yml --source-ref refs/heads/main --deny-self-hosted-runners": {reason: "it asks the real GitHub"},
	"gh attestation verify strava-token_v1.2.3_linux_amd64.tar.gz --repo <OWNER>/strava-token   --signer-workflow <OWNER>/strava-token/.github/workflows/release.yml --source-ref refs/heads/main --deny-self-hosted-runners":           {reason: "it asks the real GitHub"},
	"git clone --branch v1.2.3 https://github.com/<OWNER>/strava-token && cd strava-token": {reason: "there is no such release here"},
}

var shellBlock = regexp.MustCompile("(?ms)^ *```(?:sh|bash|shell|console)\n(.*?)^ *```")

// TestEveryCommandShownIsRun, or is named as one that cannot be here; and nothing
// is named that is shown nowhere.
func TestEveryCommandShownIsRun(t *testing.T) {
	left := map[string]bool{}
	for command := range shown {
		left[command] = true
	}
	for _, doc := range documents(t) {
		if doc == filepath.Join("docs", "sandbox.md") {
			continue // TestSandboxPage in e2e runs all of it
		}
		for _, block := range shellBlock.FindAllStringSubmatch(readDoc(t, doc), -1) {
			for command := range strings.Lines(strings.ReplaceAll(block[1], "\\\n", "")) {
				command = strings.TrimSpace(command)
				proof, known := shown[command]
				switch {
				case !known:
					t.Errorf("%s shows %q, which nothing runs", doc, command)
				case proof.reason == "" && !stands(readDoc(t, proof.file), proof.text, proof.file == ".ci/run"):
					t.Errorf("%s does not run %q", proof.file, command)
				}
				delete(left, command)
			}
		}
	}
	for command := range left {
		t.Errorf("%q is shown nowhere", command)
	}
}

// stands reports whether a text stands in a document, as a whole line if that is
// asked for: part of one could be a comment.
func stands(doc, text string, whole bool) bool {
	if whole {
		return strings.Contains(doc, "\n"+text+"\n")
	}
	return strings.Contains(doc, text)
}

// documents are the names of all that people read.
func documents(t *testing.T) []string {
	t.Helper()
	var names []string
	for _, pattern := range []string{"*.md", "docs/*.md"} {
		found, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil || len(found) == 0 {
			t.Fatal("the documents are missing", err)
		}
		for _, path := range found {
			name := check.Must(filepath.Rel(root, path))(t)
			names = append(names, name)
		}
	}
	return names
}

// TestEveryExampleIsLinked from the README.
func TestEveryExampleIsLinked(t *testing.T) {
	examples, err := filepath.Glob(filepath.Join(root, "examples", "*"))
	if err != nil || len(examples) == 0 {
		t.Fatal("there are no examples", err)
	}
	readme := readDoc(t, "README.md")
	for _, example := range examples {
		if name := filepath.Base(example); !strings.HasSuffix(name, ".go") && !strings.Contains(readme, "(examples/"+name+")") {
			t.Errorf("the README does not link to %s", filepath.Base(example))
		}
	}
}

var comment = regexp.MustCompile(`(?m)^ *#.*\n| +#.*$`)

// translated is what may differ in another language: the time zone of a schedule,
// what the field for the code says, and the language of the messages.
var translated = regexp.MustCompile(`, timezone: [A-Za-z/_]+|description: "[^"]*"|\n *language: zh`)

// bare is a workflow without its comments, its indentation as a whole, and what may
// differ in another language.
func bare(workflow string) string {
	workflow = translated.ReplaceAllString(comment.ReplaceAllString(workflow, ""), "")
	rest := strings.TrimLeft(strings.TrimLeft(workflow, "\n"), " ")
	indent := "\n" + strings.Repeat(" ", len(strings.TrimLeft(workflow, "\n"))-len(rest))
	return strings.TrimSpace(strings.ReplaceAll(rest, indent, "\n"))
}

// yamlBlock is the first block of YAML in a document.
func yamlBlock(t *testing.T, doc string) string {
	t.Helper()
	_, block, ok := strings.Cut(readDoc(t, doc), "```yaml\n")
	block, _, closed := strings.Cut(block, "```")
	check.Need(t, ok && closed, "%s shows no workflow", doc)
	return block
}

// TestTheWorkflowShownIsARecipe, which the end-to-end ring runs.
func TestTheWorkflowShownIsARecipe(t *testing.T) {
	for _, doc := range []string{"README.md", "README.zh-CN.md"} {
		check.Same(t, bare(yamlBlock(t, doc)), bare(readDoc(t, "examples/sync.yml")), "%s (-examples/sync.yml +shown)", doc)
	}
	_, block, _ := strings.Cut(readDoc(t, "examples/running_page.yml"), "# From here...\n")
	block, _, ok := strings.Cut(block, "      # ...to here.")
	for _, doc := range []string{"docs/running_page.md", "docs/running_page.zh-CN.md"} {
		shown := strings.ReplaceAll(yamlBlock(t, doc), "          language: zh\n", "")
		if diff := cmp.Diff(block, shown); !ok || diff != "" {
			t.Errorf("%s, which people paste (-examples/running_page.yml +shown):\n%s", doc, diff)
		}
	}
}

var (
	link    = regexp.MustCompile(`\]\(([^)\s]+)[^)]*\)|(?m:^\[[^]]+\]: (\S+))|(?:href|src)="([^"]+)"`)
	heading = regexp.MustCompile(`(?m)^#+ (.*)$`)
	fenced  = regexp.MustCompile("(?ms)^ *```.*?^ *```")
)

// TestEveryLinkInsideResolves to a file that is there, and to a heading in it.
func TestEveryLinkInsideResolves(t *testing.T) {
	for _, name := range documents(t) {
		for _, m := range link.FindAllStringSubmatch(fenced.ReplaceAllString(readDoc(t, name), ""), -1) {
			to := m[1] + m[2] + m[3]
			if strings.Contains(to, "://") {
				continue
			}
			file, anchor, _ := strings.Cut(to, "#")
			if file == "" {
				file = name
			} else {
				file = filepath.Join(filepath.Dir(name), file)
			}
			if _, err := os.Stat(filepath.Join(root, file)); err != nil {
				t.Errorf("%s links to %s, which is not there", name, file)
				continue
			}
			if anchor != "" && !hasHeading(readDoc(t, file), anchor) && !strings.Contains(readDoc(t, file), `<a id="`+anchor+`">`) {
				t.Errorf("%s links to #%s, and %s has no such heading", name, anchor, file)
			}
		}
	}
}

// TestEveryPageLeadsBack to the README, under its title.
func TestEveryPageLeadsBack(t *testing.T) {
	for _, name := range documents(t) {
		back := "[← README](../README.md)"
		if strings.HasSuffix(name, ".zh-CN.md") {
			back = "](../README.zh-CN.md)"
		}
		start, _, _ := strings.Cut(readDoc(t, name), "\n## ")
		check.That(t, !strings.HasPrefix(name, "docs") || strings.Contains(start, back), "%s has no way back to the README", name)
	}
}

// hasHeading reports whether a heading of doc has an anchor, as GitHub makes it.
func hasHeading(doc, anchor string) bool {
	for _, m := range heading.FindAllStringSubmatch(fenced.ReplaceAllString(doc, ""), -1) {
		slug := strings.Map(func(r rune) rune {
			switch {
			case r == ' ':
				return '-'
			case unicode.IsLetter(r), unicode.IsDigit(r), r == '-', r == '_':
				return unicode.ToLower(r)
			}
			return -1
		}, m[1])
		if slug == anchor {
			return true
		}
	}
	return false
}

// TestTheTargetsShownAreThoseOfTheCode parses every target of the tables.
func TestTheTargetsShownAreThoseOfTheCode(t *testing.T) {
	for doc, title := range map[string]string{"README.md": "Targets", "README.zh-CN.md": inChinese(t, "Targets")} {
		all := names(section(t, readDoc(t, doc), title))
		check.That(t, len(all) == 8, "%s: %d targets, want 8", doc, len(all))
		for _, target := range all {
			if _, err := store.Parse(target, sandbox.Repository); err != nil {
				t.Errorf("%s: %v", doc, err)
			}
		}
	}
}

// TestOneSetOfFlags: the image, a release and the benchmark are built alike,
// without tricks.
func TestOneSetOfFlags(t *testing.T) {
	for _, file := range []string{"Dockerfile", ".ci/release/build", "bench/run"} {
		text := readDoc(t, file)
		if file == ".ci/release/build" {
			text += readDoc(t, ".ci/release/environment")
		}
		if !strings.Contains(text, "-trimpath") || !strings.Contains(text, `-ldflags "-s -w`) || strings.Contains(text, "gcflags") {
			t.Errorf("%s: the program is not built with -trimpath -ldflags \"-s -w\" alone", file)
		}
	}
}
