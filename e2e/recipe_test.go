//go:build e2e

package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"strava-token/internal/sandbox"
)

const branchName = "strava-token"

// recipe is an example, and what must come of it.
type recipe struct {
	file   string
	knobs  sandbox.Knobs
	given  func(*world)
	flags  func(*world) []string // further flags of act
	twice  bool                  // it runs a second time, with the secrets as they were
	says   string                // stands in the log
	fails  bool
	assert func(*testing.T, *world, string)
}

var always = sandbox.Knobs{Rotation: sandbox.RotateAlways}

// recipes are the workflows of examples/, except bootstrap.yml, which has a test
// of its own.
var recipes = []recipe{
	{file: "sync.yml", knobs: always, given: stored, twice: true, assert: heldByTheBranch},
	{file: "running_page.yml", knobs: always, twice: true, says: "Access ok", assert: heldByTheBranch},
	// What the unchanged script throws away is lost only where Strava replaces
	// the refresh token within the hour.
	{file: "running_page-unchanged.yml", knobs: sandbox.Knobs{Rotation: sandbox.RotateOnExpiry}, twice: true, says: "Access ok", assert: heldByTheBranch},
	{file: "matrix.yml", knobs: always, given: stored, assert: heldByTheBranch},
	{
		file: "several-repositories.yml", knobs: always,
		given: func(w *world) {
			for _, name := range []string{"heatmap", "profile"} {
				w.server.AddRepository(name)
				w.server.SetSecret("octo/"+name+"/"+secretName, w.server.LiveRefreshToken())
			}
		},
		assert: heldBy(secretName, "octo/heatmap/"+secretName, "octo/profile/"+secretName),
	},
	{
		file: "environment.yml", knobs: always,
		given: func(w *world) {
			w.server.AddEnvironment("production")
			w.server.SetSecret(secretName+"@production", w.server.LiveRefreshToken())
		},
		flags:  func(w *world) []string { return []string{"--secret", "ENVIRONMENT_WRITER=" + w.server.GitHubToken()} },
		assert: heldBy(secretName + "@production"),
	},
	{
		file: "app-token.yml", knobs: always,
		flags: func(w *world) []string {
			token := w.server.NewGitHubToken("app-token", sandbox.GitHubToken{Kind: sandbox.Integration, Secrets: sandbox.Write})
			return []string{"--secret", "APP_PRIVATE_KEY=" + token, "--var", "APP_ID=1"}
		},
		assert: heldBy(secretName),
	},
	{
		file: "doctor.yml", knobs: always, given: stored, says: "the last commit is 0 days old",
		assert: func(t *testing.T, w *world, log string) {
			heldByTheBranch(t, w, log)
			if got := w.server.Issues(); len(got) != 0 {
				t.Errorf("issues: %q", got)
			}
		},
	},
	{
		file: "doctor.yml", knobs: sandbox.Knobs{Rotation: sandbox.RotateAlways, Inactive: true}, given: stored, twice: true,
		assert: func(t *testing.T, w *world, log string) {
			got := w.server.Issues()
			if len(got) != 2 || !strings.Contains(got[0], "Strava sync needs attention") || !strings.HasPrefix(got[1], "comment") {
				t.Errorf("issues: %q\n%s", got, log)
			}
		},
	},
	{
		file: "doctor.yml", knobs: always, given: func(w *world) { stored(w); w.server.AgeCommits(50 * 24 * time.Hour) },
		says: "the last commit is 50 days old",
		assert: func(t *testing.T, w *world, log string) {
			if got := w.server.Issues(); len(got) != 1 || !strings.Contains(got[0], "Nothing was committed for 45 days") {
				t.Errorf("issues: %q\n%s", got, log)
			}
		},
	},
	{
		file: "doctor.yml", knobs: always, given: stored, says: "the personal access token ends in",
		flags: func(w *world) []string {
			token := w.server.NewGitHubToken("ending-token", sandbox.GitHubToken{Kind: sandbox.Personal, Secrets: sandbox.Write, Expires: time.Now().Add(5 * 24 * time.Hour)})
			return []string{"--secret", "SECRETS_WRITER=" + token}
		},
		assert: func(t *testing.T, w *world, log string) {
			if got := w.server.Issues(); len(got) != 1 || !strings.Contains(got[0], "SECRETS_WRITER ends within 14 days") {
				t.Errorf("issues: %q\n%s", got, log)
			}
		},
	},
	{ // what could not be found out is said, too
		file: "doctor.yml", knobs: always, fails: true, given: func(w *world) {
			stored(w)
			w.server.Fail(sandbox.Fault{Call: "commits", Kind: sandbox.FaultStatus, Status: 502})
		},
		says: "the personal access token has ended",
		flags: func(w *world) []string {
			token := w.server.NewGitHubToken("ended-token", sandbox.GitHubToken{Kind: sandbox.Personal, Secrets: sandbox.Write, Expires: time.Now().Add(-time.Hour)})
			return []string{"--secret", "SECRETS_WRITER=" + token}
		},
		assert: func(t *testing.T, w *world, log string) {
			if got := w.server.Issues(); len(got) != 1 || !strings.Contains(got[0], "could not find out") || !strings.Contains(got[0], "or is refused already") {
				t.Errorf("issues: %q\n%s", got, log)
			}
		},
	},
}

// stored lets the branch hold the refresh token already, as the bootstrap leaves
// it, while the secret of the first day is dead.
func stored(w *world) { w.seed = true }

func heldByTheBranch(t *testing.T, w *world, log string) {
	t.Helper()
	if w.server.Held(branchName) != w.server.LiveRefreshToken() {
		t.Errorf("the branch does not hold the living refresh token\n%s\n%s", log, w.server.Journal())
	}
}

func heldBy(targets ...string) func(*testing.T, *world, string) {
	return func(t *testing.T, w *world, log string) {
		t.Helper()
		for _, target := range targets {
			if w.server.Secret(target) != w.server.LiveRefreshToken() {
				t.Errorf("%s does not hold the living refresh token\n%s\n%s", target, log, w.server.Journal())
			}
		}
	}
}

// TestRecipes runs every workflow of examples/.
func TestRecipes(t *testing.T) {
	tried := map[string]bool{"bootstrap.yml": true, "gitlab-ci.yml": true} // the latter is no workflow of GitHub's
	for _, r := range recipes {
		tried[r.file] = true
		t.Run(r.file, func(t *testing.T) {
			w := newWorld(t, r.knobs)
			if r.given != nil {
				r.given(w)
			}
			w.seedBranch(t)
			path := w.workspace(t, r.file)
			var flags []string
			if r.flags != nil {
				flags = r.flags(w)
			}
			runs := 1
			if r.twice {
				runs = 2
			}
			log := ""
			for run := range runs {
				var ok bool
				if log, ok = w.actOn(t, path, flags...); ok == r.fails {
					t.Fatalf("run %d: succeeded: %t\n%s\n%s", run+1, ok, log, w.server.Journal())
				}
			}
			if !strings.Contains(log, r.says) {
				t.Errorf("%q is not in the log:\n%s", r.says, log)
			}
			r.assert(t, w, log)
		})
	}
	all, err := filepath.Glob(filepath.Join("..", "examples", "*.yml"))
	if err != nil || len(all) == 0 {
		t.Fatal("there are no examples", err)
	}
	for _, file := range all {
		if !tried[filepath.Base(file)] {
			t.Errorf("%s is not run", file)
		}
	}
}

// TestParallelRunsAndReRuns: with the built-in token alone and rotation on every
// refresh, two runs at once and a re-run of the first one all end well.
func TestParallelRunsAndReRuns(t *testing.T) {
	w := newWorld(t, always)
	first := w.workspace(t, "running_page.yml")
	if log, ok := w.actOn(t, first); !ok {
		t.Fatalf("the first run failed:\n%s", log)
	}
	second := rename(t, w.workspace(t, "running_page.yml"))
	var both sync.WaitGroup
	for _, path := range []string{first, second} {
		both.Go(func() {
			if log, ok := w.actOn(t, path); !ok {
				t.Errorf("one of two runs at once failed:\n%s", log)
			}
		})
	}
	both.Wait()
	log, ok := w.actOn(t, first, "--env", "GITHUB_RUN_ATTEMPT=2")
	if !ok {
		t.Errorf("the re-run failed:\n%s", log)
	}
	heldByTheBranch(t, w, log)
	if w.server.Secret(secretName) == w.server.LiveRefreshToken() {
		t.Error("the secret was rotated, so the runs proved nothing")
	}
}

// rename gives a workflow another name, by which the runner tells its containers
// apart.
func rename(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(strings.Replace(string(content), "name: Run", "name: Another Run", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

var usesOurs = regexp.MustCompile(`uses: OWNER/strava-token@v1\n( *)with:\n`)

// workspace is a repository with one example in it. Only where the actions come
// from and where Strava and GitHub are is changed.
func (w *world) workspace(t *testing.T, example string) string {
	t.Helper()
	if out, err := buildImage(); err != nil {
		t.Fatalf("build the image: %v\n%s", err, out)
	}
	dir := t.TempDir()
	content := readFile(t, filepath.Join("..", "examples", example))
	if !usesOurs.MatchString(content) {
		t.Fatal("the example does not use the action as published")
	}
	content = usesOurs.ReplaceAllString(content, "uses: ./.actions/strava-token\n${1}with:\n"+
		"${1}  strava-url: $${{ vars.SANDBOX }}\n${1}  strava-api-url: $${{ vars.SANDBOX }}/api/v3\n")
	content = regexp.MustCompile(`uses: actions/(setup-python|create-github-app-token)@v[0-9.]+`).ReplaceAllString(content, "uses: ./.actions/$1")
	content = strings.ReplaceAll(content, "https://www.strava.com", "${{ vars.SANDBOX }}")
	content = strings.ReplaceAll(content, "${{ github.api_url }}", "${{ vars.SANDBOX }}")
	if !strings.Contains(content, "actions/checkout") { // the stand-ins are in the repository
		content = strings.Replace(content, "    steps:\n", "    steps:\n      - uses: actions/checkout@v4.2.2\n", 1)
	}
	action := strings.Replace(readFile(t, "../action.yml"), "image: Dockerfile", "image: docker://"+image, 1)
	files := map[string]string{
		".github/workflows/" + example:                content,
		".actions/strava-token/action.yml":            action,
		".actions/setup-python/action.yml":            readFile(t, "stubs/setup-python/action.yml"),
		".actions/create-github-app-token/action.yml": readFile(t, "stubs/create-github-app-token/action.yml"),
		"requirements.txt":                            "",
	}
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, arguments := range [][]string{
		{"init", "--quiet", "--initial-branch", "main"}, {"add", "."},
		{"-c", "user.name=e2e", "-c", "user.email=e2e@example.com", "commit", "--quiet", "--message", "An example"},
	} {
		cmd := exec.Command("git", arguments...)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("git: %v\n%s", err, out)
		}
	}
	return filepath.Join(dir, ".github", "workflows", example)
}

// actOn runs a workflow in the workspace that it lies in.
func (w *world) actOn(t *testing.T, path string, further ...string) (log string, ok bool) {
	t.Helper()
	return w.actIn(t, filepath.Dir(filepath.Dir(filepath.Dir(path))), path, further...)
}

// seedBranch makes a first run, where that was asked for, with the command.
func (w *world) seedBranch(t *testing.T) {
	t.Helper()
	if !w.seed {
		return
	}
	cmd := exec.Command(engine(t), "run", "--rm", "--network", "host",
		"--env", "STRAVA_URL="+w.base, "--env", "STRAVA_API_URL="+w.base+"/api/v3", "--env", "GITHUB_API_URL="+w.base,
		"--env", "STRAVA_CLIENT_ID", "--env", "STRAVA_CLIENT_SECRET", "--env", "STRAVA_REFRESH_TOKEN", "--env", "GH_TOKEN",
		"--env", "GITHUB_REPOSITORY="+sandbox.Repository,
		image, "refresh", "--rotate-to", "branch:"+branchName, "--verify=false")
	cmd.Env = append(os.Environ(), "STRAVA_CLIENT_ID="+w.server.App().ID, "STRAVA_CLIENT_SECRET="+w.server.App().Secret,
		"STRAVA_REFRESH_TOKEN="+w.server.LiveRefreshToken(), "GH_TOKEN="+w.server.BuiltInToken())
	if out, err := buildImage(); err != nil {
		t.Fatalf("build the image: %v\n%s", err, out)
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("the first run: %v\n%s", err, out)
	}
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}
