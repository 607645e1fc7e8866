package cli_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"strava-token/internal/check"
	"strava-token/internal/sandbox"
)

func TestLoginPrints(t *testing.T) {
	t.Parallel()
	v := newVisitor(t, sandbox.Knobs{})
	v.assertStatus(v.run("--format", "dotenv"), 0)
	if want := v.appLines() + "STRAVA_REFRESH_TOKEN=" + v.server.LiveRefreshToken() + "\n"; v.stdout.String() != want {
		t.Error("dotenv: something else is on standard output")
	}
	v = newVisitor(t, sandbox.Knobs{})
	v.assertStatus(v.run("--format", "json"), 0)
	if want := `"STRAVA_REFRESH_TOKEN": "` + v.server.LiveRefreshToken() + `"`; !strings.Contains(v.stdout.String(), want) {
		t.Error("json: the refresh token is not on standard output")
	}
	// A file keeps it, and a copy would be the end of that.
	v = newVisitor(t, sandbox.Knobs{})
	v.assertStatus(v.run("--format", "dotenv", "--rotate-to", "file:"+filepath.Join(t.TempDir(), "token")), 0)
	check.Equal(t, v.stdout.String(), v.appLines(), "with a file: something else is on standard output")
}

// TestLoginIntoAFile keeps the refresh token there alone, the app's credentials
// beside it, and ends with a command that works from any folder.
func TestLoginIntoAFile(t *testing.T) {
	t.Parallel()
	v := newVisitor(t, sandbox.Knobs{})
	token := filepath.Join(t.TempDir(), "to ken")
	v.assertStatus(v.run("--rotate-to", "file:"+token), 0)
	v.assertMessages()
	check.That(t, v.server.Opened(readFile(t, token)) == v.server.LiveRefreshToken(), "the file doesn't have the refresh token that lives")
	v.assertFile(token+".env", v.appLines())
	v.assertSays("refresh token of Sandbox Athlete (athlete 126651800) is kept in file:"+token,
		"(set -a && . '"+token+".env' && strava-token refresh --rotate-to 'file:"+token+"')")

	// Logging in again finds the same file, and Strava asks nothing any more.
	v.types("y")
	v.browse = func(address string) { v.open(address) }
	v.assertStatus(v.run("--rotate-to", "file:"+token), 0)
	if v.server.Opened(readFile(t, token)) != v.server.LiveRefreshToken() {
		t.Error("after the second login the file doesn't have the refresh token that lives")
	}
	check.That(t, !strings.Contains(v.stderr.String(), "workflow"), "it speaks of GitHub:\n%s", v.stderr.String())
}

func TestLoginsFileOfCredentials(t *testing.T) {
	t.Parallel()
	v := newVisitor(t, sandbox.Knobs{})
	folder := t.TempDir()
	check.OK(t, os.MkdirAll(filepath.Join(folder, ".git"), 0o755))
	token, app := filepath.Join(t.TempDir(), "token"), filepath.Join(folder, "sub", "app.env")
	v.assertStatus(v.run("--rotate-to", "file:"+token, "--output", app), 0)
	v.assertMessages("login-in-git-tree")
	v.assertFile(app, v.appLines())

	// One with something else in it is left alone, and nothing is opened.
	for path, content := range map[string]string{filepath.Join(t.TempDir(), "notes"): "remember the milk", token: ""} {
		if content != "" {
			check.OK(t, os.WriteFile(path, []byte(content), 0o600))
		}
		v = newVisitor(t, sandbox.Knobs{})
		v.browse = func(string) { t.Error("the browser was opened") }
		v.assertStatus(v.run("--rotate-to", "file:"+token, "--output", path), 2)
	}
	// One that was made meanwhile as well, and the refresh token is kept.
	v = newVisitor(t, sandbox.Knobs{})
	token = filepath.Join(t.TempDir(), "token")
	v.browse = func(address string) {
		check.OK(t, os.WriteFile(token+".env", []byte("remember the milk"), 0o600))
		v.grant(address, "activity:read_all")
	}
	v.assertStatus(v.run("--rotate-to", "file:"+token), 1)
	v.assertMessages("login-file")
	v.assertSays(token+".env can't be written", "is kept in file:"+token)
	check.That(t, v.server.Opened(readFile(t, token)) == v.server.LiveRefreshToken(), "the file doesn't have the refresh token that lives")
	v.assertFile(token+".env", "remember the milk")
	check.That(t, !strings.Contains(v.stderr.String(), "set -a"), "it shows a command that doesn't work")
	// A login that fails leaves no empty file behind.
	v = newVisitor(t, sandbox.Knobs{})
	v.browse = v.deny
	token = filepath.Join(t.TempDir(), "token")
	v.assertStatus(v.run("--rotate-to", "file:"+token), 1)
	if _, err := os.Stat(token + ".env"); err == nil {
		t.Error("an empty file was left behind")
	}
}

// TestLoginAsksForFurtherTargets: a new one is written without a question.
func TestLoginAsksForFurtherTargets(t *testing.T) {
	t.Parallel()
	for _, arguments := range [][]string{
		{"--repo", sandbox.Repository, "--rotate-to", "branch:" + branchName, "--rotate-to", "OTHER"},
		{"--format", "json", "--rotate-to", "octo/running/OTHER"},
		{"--output", filepath.Join(t.TempDir(), "strava.env"), "--rotate-to", "octo/running/OTHER"},
	} {
		v := newVisitor(t, sandbox.Knobs{})
		v.server.SetSecret("OTHER", "old")
		v.types("n")
		v.browse = func(string) { t.Error("the browser was opened") }
		v.assertStatus(v.run(arguments...), 1)
		v.assertMessages("login-left-alone")
		v.assertSays("octo/running/OTHER", "Replace them?")
		check.That(t, v.server.Secret("OTHER") == "old", "the secret was replaced")
	}
	v := newVisitor(t, sandbox.Knobs{})
	v.assertStatus(v.run("--repo", sandbox.Repository, "--rotate-to", "branch:"+branchName, "--rotate-to", "OTHER"), 0)
	v.assertStored("")
	check.That(t, v.server.Secret("OTHER") == v.server.LiveRefreshToken(), "the further target doesn't have the refresh token")
}

// TestLoginReplacesWhatNobodyCanOpen, which is what a new client secret leaves.
func TestLoginReplacesWhatNobodyCanOpen(t *testing.T) {
	t.Parallel()
	v := newVisitor(t, sandbox.Knobs{})
	v.server.SetFile(branchName, "refresh-token.txt", "strava-token refresh token, version 1\n\nsealed under another client secret\n-----BEGIN AGE ENCRYPTED FILE-----\nAAAA\n-----END AGE ENCRYPTED FILE-----\n")
	v.types("y")
	v.assertStatus(v.run("--repo", sandbox.Repository), 0)
	v.assertSays("branch:strava-token", "Replace them?")
	v.assertStored("")
}
