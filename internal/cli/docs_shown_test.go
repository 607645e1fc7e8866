package cli_test

import (
	"maps"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"strava-token/internal/check"
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
	"mkdir -p -m 700 ~/.strava":                                                   {file: "internal/cli/login_test.go", text: `mkdir -p -m 700 ~/.strava\nstrava-token login `},
	`strava-token login --rotate-to "file:$HOME/.strava/token"`:                   {file: "internal/cli/login_test.go", text: `mkdir -p -m 700 ~/.strava\nstrava-token login `},
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
	".ci/release/build v1.2.3 out":                                                                      {file: ".ci/release/reproduce", text: `"$first/.ci/release/build" "$version"`},
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
	left := maps.Clone(shown)
	for _, doc := range documents(t) {
		if doc == filepath.Join("docs", "sandbox.md") {
			continue // TestSandboxPage in e2e runs all of it
		}
		for _, block := range shellBlock.FindAllStringSubmatch(readDoc(t, doc), -1) {
			for command := range strings.Lines(strings.ReplaceAll(block[1], "\\\n", "")) {
				command = strings.TrimSpace(command)
				proof, known := shown[command]
				check.That(t, known, "%s shows %q, which nothing runs", doc, command)
				if proof.file == ".ci/run" { // part of a line could be a comment
					proof.text = "\n" + proof.text + "\n"
				}
				runs := proof.reason != "" || known && strings.Contains(readDoc(t, proof.file), proof.text)
				check.That(t, runs || !known, "%s does not run %q", proof.file, command)
				delete(left, command)
			}
		}
	}
	check.That(t, len(left) == 0, "these are shown nowhere: %v", left)
}

// TestEveryExampleIsLinked from the README.
func TestEveryExampleIsLinked(t *testing.T) {
	examples, err := filepath.Glob(filepath.Join(root, "examples", "*"))
	check.Need(t, err == nil && len(examples) > 0, "there are no examples")
	readme := readDoc(t, "README.md")
	for _, example := range examples {
		name := filepath.Base(example)
		check.That(t, strings.HasSuffix(name, ".go") || strings.Contains(readme, "(examples/"+name+")"), "the README does not link to %s", name)
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

// TestTheWorkflowShownIsARecipe, which the end-to-end ring runs.
func TestTheWorkflowShownIsARecipe(t *testing.T) {
	for _, doc := range []string{"README.md", "README.zh-CN.md"} {
		check.Same(t, bare(between(t, doc, "```yaml\n", "```")), bare(readDoc(t, "examples/sync.yml")), "%s (-examples/sync.yml +shown)", doc)
	}
	block := between(t, "examples/running_page.yml", "# From here...\n", "      # ...to here.")
	for _, doc := range []string{"docs/running_page.md", "docs/running_page.zh-CN.md"} {
		shown := strings.ReplaceAll(between(t, doc, "```yaml\n", "```"), "          language: zh\n", "")
		check.Same(t, shown, block, "%s, which people paste (-examples/running_page.yml +shown)", doc)
	}
}

// between is the first part of a document between two texts.
func between(t *testing.T, doc, start, end string) string {
	t.Helper()
	_, block, ok := strings.Cut(readDoc(t, doc), start)
	block, _, closed := strings.Cut(block, end)
	check.Need(t, ok && closed, "%s has nothing between %q and %q", doc, start, end)
	return block
}

// TestOneSetOfFlags: the image, a release and the benchmark are built alike,
// without tricks.
func TestOneSetOfFlags(t *testing.T) {
	for _, file := range []string{"Dockerfile", ".ci/release/build", "bench/run"} {
		text := readDoc(t, file)
		if file == ".ci/release/build" {
			text += readDoc(t, ".ci/release/environment")
		}
		check.Contains(t, text, "-trimpath", `-ldflags "-s -w`)
		check.That(t, !strings.Contains(text, "gcflags"), "%s has flags of its own", file)
	}
}
