package cli_test

import (
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"strava-token/internal/sandbox"
)

func TestLoginWithoutAGitHubTokenCanHandOver(t *testing.T) {
	t.Parallel()
	v := newVisitor(t, sandbox.Knobs{})
	delete(v.env, "GH_TOKEN")
	file := filepath.Join(t.TempDir(), "strava.env")
	v.types("y")
	v.assertStatus(v.run("--repo", sandbox.Repository, "--output", file), 0)
	v.assertSays("There is no GitHub token", "gh auth login", "gh secret set STRAVA_REFRESH_TOKEN")
	v.assertFile(file)
}

func TestLoginHandsOver(t *testing.T) {
	t.Parallel()
	v := newVisitor(t, sandbox.Knobs{})
	v.assertStatus(v.run("--format", "dotenv"), 0)
	if want := "STRAVA_REFRESH_TOKEN=" + v.server.LiveRefreshToken() + "\n"; !strings.HasSuffix(v.stdout.String(), want) {
		t.Error("dotenv: the refresh token is not on standard output")
	}
	v = newVisitor(t, sandbox.Knobs{})
	v.assertStatus(v.run("--format", "json", "--secrets", "running_page"), 0)
	if want := `"STRAVA_CLIENT_REFRESH_TOKEN": "` + v.server.LiveRefreshToken() + `"`; !strings.Contains(v.stdout.String(), want) {
		t.Error("json: the refresh token is not on standard output")
	}
	v = newVisitor(t, sandbox.Knobs{})
	file := filepath.Join(t.TempDir(), "strava.env")
	v.assertStatus(v.run("--output", file), 0)
	v.assertFile(file)
	// An existing file is left alone, and nothing is opened.
	v = newVisitor(t, sandbox.Knobs{})
	v.browse = func(string) { t.Error("the browser was opened") }
	v.assertStatus(v.run("--output", file), 2)
	v.assertSays("cannot be written")
	// A login that fails leaves no empty file behind.
	v = newVisitor(t, sandbox.Knobs{})
	denied := filepath.Join(t.TempDir(), "strava.env")
	v.browse = func(address string) { v.submit(address, url.Values{"answer": {"deny"}}) }
	v.assertStatus(v.run("--output", denied), 1)
	if _, err := os.Stat(denied); err == nil {
		t.Error("an empty file was left behind")
	}
}

func TestLoginAsksForFurtherTargetsToo(t *testing.T) {
	t.Parallel()
	for _, arguments := range [][]string{
		{"--repo", sandbox.Repository, "--rotate-to", "octo/running/OTHER"},
		{"--format", "json", "--rotate-to", "octo/running/OTHER"},
		{"--output", filepath.Join(t.TempDir(), "strava.env"), "--rotate-to", "octo/running/OTHER"},
	} {
		v := newVisitor(t, sandbox.Knobs{})
		v.server.SetSecret("OTHER", "old")
		v.types("n")
		v.browse = func(string) { t.Error("the browser was opened") }
		v.assertStatus(v.run(arguments...), 1)
		v.assertSays("octo/running/OTHER", "Replace them?")
		if v.server.Secret("OTHER") != "old" {
			t.Error("the secret was replaced")
		}
	}
	// A new one is written without a question.
	v := newVisitor(t, sandbox.Knobs{})
	v.assertStatus(v.run("--repo", sandbox.Repository, "--rotate-to", "octo/running/OTHER"), 0)
	if v.server.Secret("OTHER") != v.server.LiveRefreshToken() {
		t.Error("the further target does not hold the refresh token")
	}
}

// TestLoginOntoABranch stores the refresh token there, too, and prints the
// workflow that needs no personal access token.
func TestLoginOntoABranch(t *testing.T) {
	t.Parallel()
	v := newVisitor(t, sandbox.Knobs{})
	v.assertStatus(v.run("--repo", sandbox.Repository, "--rotate-to", "branch:"+branchName), 0)
	v.assertStored("", "STRAVA_REFRESH_TOKEN")
	if v.server.Held(branchName) != v.server.LiveRefreshToken() {
		t.Error("the branch does not hold the refresh token")
	}
	v.assertSays("rotate-to: branch:strava-token", "contents: write")

	// Whoever logs in again may replace what nobody can open any more.
	v.server.SetFile(branchName, "refresh-token.txt", "strava-token refresh token, version 1\n\nsealed under another client secret\n-----BEGIN AGE ENCRYPTED FILE-----\nAAAA\n-----END AGE ENCRYPTED FILE-----\n")
	again := newVisitor(t, sandbox.Knobs{})
	again.server.SetFile(branchName, "refresh-token.txt", v.server.File(branchName, "refresh-token.txt"))
	again.types("y")
	again.assertStatus(again.run("--repo", sandbox.Repository, "--rotate-to", "branch:"+branchName), 0)
	again.assertSays("branch:strava-token", "Replace them?")
	if again.server.Held(branchName) != again.server.LiveRefreshToken() {
		t.Error("the branch does not hold the refresh token")
	}
}

// TestLoginIntoAFile keeps the refresh token there alone, since whoever used a
// copy would kill it, and ends with the command that uses it.
func TestLoginIntoAFile(t *testing.T) {
	t.Parallel()
	v := newVisitor(t, sandbox.Knobs{})
	folder := t.TempDir()
	token, app := filepath.Join(folder, "token"), filepath.Join(folder, "app.env")
	v.assertStatus(v.run("--rotate-to", "file:"+token, "--output", app), 0)
	sealed, err := os.ReadFile(token)
	if err != nil || v.server.Opened(string(sealed)) != v.server.LiveRefreshToken() {
		t.Errorf("the file does not keep the living refresh token: %v", err)
	}
	handed, err := os.ReadFile(app)
	if err != nil {
		t.Fatal(err)
	}
	if want := "STRAVA_CLIENT_ID=" + v.server.App().ID + "\nSTRAVA_CLIENT_SECRET=" + v.server.App().Secret + "\n"; string(handed) != want {
		t.Error("the file of the app does not hold its two values alone")
	}
	v.assertSays("strava-token refresh --rotate-to file:" + token)

	// Logging in again finds the same file, and goes on.
	v.client.Jar = nil // a browser that is not logged in at Strava
	v.assertStatus(v.run("--rotate-to", "file:"+token, "--output", app, "--yes"), 0)
	sealed, err = os.ReadFile(token)
	if err != nil || v.server.Opened(string(sealed)) != v.server.LiveRefreshToken() {
		t.Errorf("after the second login the file does not keep the living refresh token: %v", err)
	}
	if strings.Contains(v.stderr.String(), "gh secret set") || strings.Contains(v.stderr.String(), "sync.yml") {
		t.Errorf("it speaks of GitHub:\n%s", v.stderr.String())
	}
}

// TestLoginThatMayNotWrite ends with 1, since GitHub was asked.
func TestLoginThatMayNotWrite(t *testing.T) {
	t.Parallel()
	v := newVisitor(t, sandbox.Knobs{})
	v.browse = func(string) { t.Error("the browser was opened") }
	v.env["GITHUB_REPOSITORY"] = sandbox.Repository
	v.server.Fail(sandbox.Fault{Call: "blob", Kind: sandbox.FaultStatus, Status: 403, Body: `{"message":"Resource not accessible by personal access token"}`})
	output := filepath.Join(t.TempDir(), "app.env")
	v.assertStatus(v.run("--rotate-to", "branch:"+branchName, "--output", output), 1)
	if _, err := os.Stat(output); err == nil {
		t.Error("a file was left behind")
	}
}

// TestLoginShowsAWorkflowThatRuns: each target once, and none that a workflow
// cannot have.
func TestLoginShowsAWorkflowThatRuns(t *testing.T) {
	t.Parallel()
	v := newVisitor(t, sandbox.Knobs{})
	v.assertStatus(v.run("--repo", sandbox.Repository, "--rotate-to", "octo/running/strava_refresh_token", "--yes"), 0)
	if !strings.Contains(v.stderr.String(), "\n          rotate-to: STRAVA_REFRESH_TOKEN\n") {
		t.Errorf("the target is named twice:\n%s", v.stderr.String())
	}
	w := newVisitor(t, sandbox.Knobs{})
	w.browse = func(string) { t.Error("the browser was opened") }
	w.assertStatus(w.run("--repo", sandbox.Repository, "--rotate-to", "file:"+filepath.Join(t.TempDir(), "token")), 2)
	w.assertSays("These flags do not go together")
}
