//go:build e2e

package e2e

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"strava-token/internal/check"
	"strava-token/internal/provider"
	"strava-token/internal/sandbox"
)

// recipe is an example, and the runs of it.
type recipe struct {
	file  string
	knobs sandbox.Knobs
	given func(*testing.T, *world)
	runs  []run // none is one that ends well
	kept  []string
}

// run is one run of a recipe, and what must come of it.
type run struct {
	given func(*world)
	flags func(*world) []string // further flags of act
	says  []string              // stands in the log
	fails bool
	issue []string // what the issue that it opens says, or the comment on it
}

var always = sandbox.Knobs{Rotation: sandbox.RotateAlways}

// recipes are the workflows of examples/, except those that have a test of their
// own.
var recipes = []recipe{
	{file: "matrix.yml", knobs: always, given: stored, kept: []string{branch}},
	{
		file: "several-repositories.yml", knobs: always,
		given: func(_ *testing.T, w *world) {
			for _, name := range []string{"heatmap", "profile"} {
				w.server.AddRepository(name)
				w.server.SetSecret("octo/"+name+"/"+secretName, w.server.LiveRefreshToken())
			}
		},
		kept: []string{secretName, "octo/heatmap/" + secretName, "octo/profile/" + secretName},
	},
	{
		file: "environment.yml", knobs: always,
		given: func(_ *testing.T, w *world) {
			w.server.AddEnvironment("production")
			w.server.SetSecret(secretName+"@production", w.server.LiveRefreshToken())
		},
		runs: []run{{flags: func(w *world) []string {
			return []string{"--secret", "ENVIRONMENT_WRITER=" + w.server.GitHubToken()}
		}}},
		kept: []string{secretName + "@production"},
	},
	{
		file: "app-token.yml", knobs: always,
		runs: []run{{flags: func(w *world) []string {
			token := w.server.NewGitHubToken("app-token", sandbox.GitHubToken{Kind: sandbox.Integration, May: "secrets=write"})
			return []string{"--secret", "APP_PRIVATE_KEY=" + token, "--var", "APP_ID=1"}
		}}},
		kept: []string{secretName},
	},
	{
		// Each cause alone opens the issue, or adds to it.
		file: "doctor.yml", knobs: always, given: stored, kept: []string{branch},
		runs: []run{
			{says: []string{"the last commit is 0 days old"}},
			{
				flags: writer(5 * 24 * time.Hour), says: []string{"the personal access token ends in"},
				issue: []string{"Strava sync needs attention", "SECRETS_WRITER ends within 14 days"},
			},
			{
				given: func(w *world) { w.server.Set(func(k *sandbox.Knobs) { k.Inactive = true }) },
				issue: []string{"comment", "Something would fail"},
			},
			{
				given: func(w *world) {
					w.server.Set(func(k *sandbox.Knobs) { k.Inactive = false })
					w.server.Fail(sandbox.Fault{Call: "commits", Kind: sandbox.FaultStatus, Status: 502, Times: 1})
				},
				flags: writer(-time.Hour), fails: true, says: []string{"the personal access token has ended"},
				issue: []string{"comment", "could not find out", "or is refused already"},
			},
			{
				given: func(w *world) { w.server.Set(func(k *sandbox.Knobs) { k.CommitAge = 50 * 24 * time.Hour }) },
				says:  []string{"the last commit is 50 days old"},
				issue: []string{"comment", "Nothing was committed for 45 days"},
			},
		},
	},
}

// writer hands over a personal access token that ends after some time.
func writer(ends time.Duration) func(*world) []string {
	return func(w *world) []string {
		token := w.server.NewGitHubToken("token for "+ends.String(), sandbox.GitHubToken{Kind: sandbox.Personal, May: "secrets=write", Expires: time.Now().Add(ends)})
		return []string{"--secret", "SECRETS_WRITER=" + token}
	}
}

// stored lets the branch hold the refresh token already, as a first run leaves
// it, while the secret of the first day is dead.
func stored(t *testing.T, w *world) {
	t.Helper()
	w.step(t, provider.Done, map[string]string{
		"refresh-token": w.server.LiveRefreshToken(), "rotate-to": branch, "github-token": w.server.BuiltInToken(), "verify": "false",
	})
}

// TestRecipes runs every workflow of examples/.
func TestRecipes(t *testing.T) {
	tried := map[string]bool{
		"sync.yml": true, "running_page.yml": true, // have tests of their own
		"gitlab-ci.yml": true, // is no workflow of GitHub's
	}
	for _, r := range recipes {
		tried[r.file] = true
		t.Run(r.file, func(t *testing.T) {
			t.Parallel() // a runner waits for its containers most of the time
			r.try(t)
		})
	}
	all, err := filepath.Glob(filepath.Join("..", "examples", "*.yml"))
	check.Need(t, err == nil && len(all) > 0, "there are no examples: %v", err)
	for _, file := range all {
		check.That(t, tried[filepath.Base(file)], "%s is not run", file)
	}
}

func (r recipe) try(t *testing.T) {
	w := newWorld(t, r.knobs)
	if r.given != nil {
		r.given(t, w)
	}
	path := w.workspace(t, r.file)
	if r.runs == nil {
		r.runs = []run{{}}
	}
	for n, run := range r.runs {
		if run.given != nil {
			run.given(w)
		}
		var flags []string
		if run.flags != nil {
			flags = run.flags(w)
		}
		before := len(w.server.Issues())
		log, ok := w.actOn(t, path, flags...)
		check.Need(t, ok != run.fails, "run %d: succeeded: %t\n%s\n%s", n+1, ok, log, w.server.Journal())
		check.Contains(t, log, run.says...)
		opened := w.server.Issues()[before:]
		check.Equal(t, len(opened), min(len(run.issue), 1), "run %d: issues and comments: %q\n%s", n+1, opened, log)
		check.Contains(t, strings.Join(opened, "\n"), run.issue...)
		w.keeps(t, log, r.kept...)
	}
}

var (
	workspaces   atomic.Int64
	workflowName = regexp.MustCompile(`(?m)^name: .*$`)
)

// The owner is filled in once somebody adopts the project.
var usesOurs = regexp.MustCompile(`uses: \S+/strava-token@v1\n( *)with:\n`)

// workspace is a repository with one example in it. Only where the actions come
// from and where Strava and GitHub are is changed, and the name, by which the
// runner tells its containers apart.
func (w *world) workspace(t *testing.T, example string) string {
	t.Helper()
	needImage(t)
	dir := t.TempDir()
	content := readFile(t, filepath.Join("..", "examples", example))
	check.Need(t, usesOurs.MatchString(content), "the example does not use the action as published")
	content = workflowName.ReplaceAllString(content, fmt.Sprintf("$0 %d", workspaces.Add(1)))
	content = usesOurs.ReplaceAllString(content, "uses: ./.actions/strava-token\n${1}with:\n"+
		"${1}  strava-url: $${{ vars.SANDBOX }}\n${1}  strava-api-url: $${{ vars.SANDBOX }}/api/v3\n")
	content = regexp.MustCompile(`uses: actions/create-github-app-token@v[0-9.]+`).ReplaceAllString(content, "uses: ./.actions/create-github-app-token")
	content = strings.NewReplacer("https://www.strava.com", "${{ vars.SANDBOX }}", "${{ github.api_url }}", "${{ vars.SANDBOX }}",
		"client-id: 12345", "client-id: "+w.server.App().ID).Replace(content)
	if !strings.Contains(content, "actions/checkout") { // the stand-ins are in the repository
		content = strings.Replace(content, "    steps:\n", "    steps:\n      - uses: actions/checkout@v4.2.2\n", 1)
	}
	path := filepath.Join(dir, ".github", "workflows", example)
	write(t, path, content)
	action := replaced(t, readFile(t, "../action.yml"), "image: Dockerfile", "image: docker://"+image)
	write(t, filepath.Join(dir, ".actions", "strava-token", "action.yml"), action)
	write(t, filepath.Join(dir, ".actions", "create-github-app-token", "action.yml"), readFile(t, "stubs/create-github-app-token/action.yml"))
	command(t, "git", "-C", dir, "init", "--quiet", "--initial-branch", "main")
	command(t, "git", "-C", dir, "add", ".")
	command(t, "git", "-C", dir, "-c", "user.name=e2e", "-c", "user.email=e2e@example.com", "commit", "--quiet", "--message", "An example")
	return path
}

// actOn runs a workflow in the workspace that it lies in.
func (w *world) actOn(t *testing.T, path string, further ...string) (log string, ok bool) {
	t.Helper()
	return w.actIn(t, filepath.Dir(filepath.Dir(filepath.Dir(path))), path, further...)
}

// TestRunningPage pastes the block of examples/running_page.yml among steps of
// running_page's: both of its ways to a token end at the action's, and nothing
// happens if the run type is not about Strava.
func TestRunningPage(t *testing.T) {
	for runType, want := range map[string][]string{
		"strava":         {"Access ok", "30 activities", "the action's token: True", "the block is there: True"},
		"nike_to_strava": {"30 activities", "the action's token: True", "the block is there: True"},
		"keep":           {"the block is there: False"},
	} {
		t.Run(runType, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, sandbox.Knobs{Rotation: sandbox.RotateAlways, Activities: 30})
			log, ok := w.actOn(t, w.runningPage(t, runType))
			check.Need(t, ok, "the run failed:\n%s", log)
			check.Contains(t, log, append(want, "loaded at the start: []", "stravalib is there: True")...)
			if runType == "keep" {
				check.Equal(t, w.server.Journal(), "", "something was asked of Strava or GitHub:")
				return
			}
			check.Equal(t, strings.Count(w.server.Journal(), "grant=refresh_token"), 1, "token requests\n%s", w.server.Journal())
			w.keeps(t, log, branch)
		})
	}
}

// TestParallelRunsAndReRuns: with the built-in token alone and rotation on every
// refresh, two runs at once and a re-run of the first one all end well.
func TestParallelRunsAndReRuns(t *testing.T) {
	t.Parallel()
	w := newWorld(t, always)
	stored(t, w)
	first, second := w.runningPage(t, "strava"), w.runningPage(t, "strava")
	var both sync.WaitGroup
	for _, path := range []string{first, second} {
		both.Go(func() {
			log, ok := w.actOn(t, path)
			check.That(t, ok, "one of two runs at once failed:\n%s", log)
			check.Contains(t, log, "Access ok")
		})
	}
	both.Wait()
	log, ok := w.actOn(t, first, "--env", "GITHUB_RUN_ATTEMPT=2")
	check.That(t, ok, "the re-run failed:\n%s", log)
	w.keeps(t, log, branch)
	check.That(t, w.server.Secret(secretName) != w.server.LiveRefreshToken(), "the secret was rotated, so the runs proved nothing")
}

// runningPage is a workspace with the block, pasted after "Install dependencies",
// and with what running_page does with Strava.
func (w *world) runningPage(t *testing.T, runType string) string {
	t.Helper()
	path := w.workspace(t, "running_page.yml")
	root := filepath.Dir(filepath.Dir(filepath.Dir(path)))
	check.OK(t, os.CopyFS(root, os.DirFS("stubs/running_page")))
	content := replaced(t, readFile(t, path), "RUN_TYPE: strava", "SANDBOX: ${{ vars.SANDBOX }}\n  RUN_TYPE: "+runType)
	content = replaced(t, content, "      # From here...\n", "      - name: Install dependencies\n        run: |\n"+
		"          ln -s /usr/bin/python3 /usr/local/bin/python\n"+
		"          cp -r stravalib \"$(python -c 'import site; print(site.getsitepackages()[0])')\"\n")
	content = replaced(t, content, "      # ...to here.\n", readFile(t, "stubs/running_page/steps.yml"))
	write(t, path, content)
	return path
}

// TestDockerRecipe runs examples/docker.sh twice with the real image: the second
// time without a refresh token, which the folder keeps.
func TestDockerRecipe(t *testing.T) {
	w := newWorld(t, always)
	needImage(t)
	dir := t.TempDir()
	// The sandbox is on this machine's loopback, which only its network reaches.
	wrapper := filepath.Join(dir, "engine")
	script := "#!/bin/sh\nshift\nexec " + engine(t) + " run --network host \"$@\"\n"
	check.OK(t, os.WriteFile(wrapper, []byte(script), 0o700))
	example := check.Must(filepath.Abs("../examples/docker.sh"))(t)
	for n := range 2 {
		lines := ""
		for _, v := range w.server.Environment(w.base) {
			if n == 0 || v[0] != "STRAVA_REFRESH_TOKEN" {
				lines += v[0] + "=" + v[1] + "\n"
			}
		}
		write(t, filepath.Join(dir, "strava.env"), lines)
		cmd := exec.Command(example)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "ENGINE="+wrapper, "IMAGE="+image, "STATE="+filepath.Join(dir, "state"))
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		stdout, err := cmd.Output()
		check.Need(t, err == nil, "run: %v\n%s", err, stderr.String())
		check.That(t, regexp.MustCompile(`^[0-9a-f]{40}\n$`).Match(stdout), "standard output is not an access token alone")
		kept := w.server.Opened(readFile(t, filepath.Join(dir, "state", "token")))
		check.That(t, kept == w.server.LiveRefreshToken(), "the folder does not keep the living refresh token")
	}
}
