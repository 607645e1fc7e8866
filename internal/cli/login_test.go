package cli_test

import (
	"context"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"strava-token/internal/check"
	"strava-token/internal/sandbox"
)

// login is one login, and how it ends.
type login struct {
	name   string
	knobs  sandbox.Knobs
	given  func(v *visitor)
	args   []string // "": the repository
	status int      // 2: besides, nothing is sent
	ids    string   // of the messages, in this order
	says   []string
	quiet  bool             // the browser isn't opened
	stored bool             // the client secret is a secret of the repository, and the refresh token is on its branch
	then   func(v *visitor) // what else holds
}

var intoRepository = []string{"--repo", sandbox.Repository}

// into is a login into the repository, with further flags.
func into(flags ...string) []string { return append([]string{"--repo", sandbox.Repository}, flags...) }

var logins = []login{
	// TestTranscripts has what is said, and what the page shows.
	{name: "a repository", stored: true, then: aPageWithoutASecret},
	{name: "its address", args: []string{"--repo", "https://github.com/octo/running"}, stored: true},
	{name: "what git clones", args: []string{"--repo", "https://github.com/octo/running.git"}, stored: true},
	{name: "with blanks", args: []string{"--repo", " https://github.com/octo/running/ "}, stored: true},
	{name: "an environment", args: into("--environment", "my env/prod"), says: []string{"environment: 'my env/prod'"},
		given: func(v *visitor) { v.server.AddEnvironment("my env/prod") }, then: func(v *visitor) { v.assertStored("@my env/prod") }},
	{name: "a secret, whose workflow needs a token that may write it", args: into("--rotate-to", "strava_refresh_token"),
		says: []string{"refresh-token: ${{ secrets.STRAVA_REFRESH_TOKEN }}", "rotate-to: octo/running/STRAVA_REFRESH_TOKEN\n",
			"github-token: ${{ secrets.SECRETS_WRITER }}", "settings/personal-access-tokens/new?", "secrets=write"},
		then: lives("STRAVA_REFRESH_TOKEN")},
	{name: "every target, and the client secret in its own", args: into("--rotate-to", "A", "--rotate-to", "B", "--rotate-to", "C"),
		then: func(v *visitor) {
			lives("A", "B", "C")(v)
			check.Equal(v.t, v.server.Secret("STRAVA_CLIENT_SECRET"), v.server.App().Secret, "the client secret")
		}},
	{name: "a further target, which is new", args: into("--rotate-to", "branch:"+branchName, "--rotate-to", "OTHER"), stored: true, then: lives("OTHER")},
	{name: "the client secret's place", args: into("--rotate-to", "strava_client_secret"), status: 2, ids: "login-same-secret", then: (*visitor).assertNothingStored},

	{name: "n to what is there", given: asked("n"), status: 1, ids: "login-left-alone", says: toReplace, quiet: true, then: isOld},
	{name: "nothing to what is there", given: asked(""), status: 1, ids: "login-left-alone", says: toReplace, quiet: true, then: isOld},
	{name: "y to what is there", given: asked("y"), says: toReplace, stored: true},
	{name: "maybe, and then yes", given: asked("maybe\nyes"), says: toReplace, stored: true},
	{name: "what nobody can open, which is what a new client secret leaves", says: []string{"branch:strava-token", "Replace them?"}, stored: true,
		given: func(v *visitor) {
			v.server.SetFile(branchName, "refresh-token.txt", "strava-token refresh token, version 1\n\nsealed under another client secret\n"+
				"-----BEGIN AGE ENCRYPTED FILE-----\nAAAA\n-----END AGE ENCRYPTED FILE-----\n")
			v.types("y")
		}},
	{name: "another athlete, with y", given: anotherAthlete("y"), says: []string{"branch:strava-token (the token of athlete 42)"}, stored: true},
	{name: "another athlete, with --yes", given: anotherAthlete(""), args: into("--yes"), stored: true},
	{name: "another athlete, with n", given: anotherAthlete("n"), status: 1, ids: "login-left-alone",
		says: []string{"branch:strava-token (the token of athlete 42)"}, then: func(v *visitor) {
			check.Equal(v.t, v.server.Commits(branchName), 1, "commits")
		}},

	{name: "a token that may not write secrets", given: gitHub(sandbox.GitHubToken{Kind: sandbox.Personal, May: "secrets=read contents=write"}),
		status: 1, ids: "target-personal-forbidden", quiet: true, then: (*visitor).assertNothingStored},
	{name: "a token that may not write the branch", given: gitHub(sandbox.GitHubToken{Kind: sandbox.Personal, May: "secrets=write contents=read"}),
		status: 1, ids: "target-personal-forbidden", quiet: true, then: (*visitor).assertNothingStored},
	{name: "denied", given: func(v *visitor) { v.browse = v.deny }, status: 1, ids: "login-denied", then: func(v *visitor) {
		v.assertPage("No access was granted")
		v.assertNothingStored()
	}},
	{name: "a pasted address, since the browser is elsewhere", ids: "login-no-code login-code-alone login-wrong-state", stored: true, given: func(v *visitor) {
		v.browse = func(address string) {
			address = v.callback(address, "activity:read_all")
			_, after, _ := strings.Cut(address, "code=")
			code, _, _ := strings.Cut(after, "&")
			for _, line := range []string{"hello", code, strings.Replace(address, "state=", "state=0", 1), address} {
				_, _ = io.WriteString(v.stdin, line+"\n")
			}
		}
	}},
	{name: "a browser that asks twice", stored: true, then: exchanged(1), given: func(v *visitor) {
		v.browse = func(address string) {
			callback := v.callback(address, "activity:read_all")
			v.visit(callback, nil, false)
			body, ended := v.visit(callback, nil, true)
			check.That(v.t, strings.Contains(body, "It worked") && !strings.Contains(ended, "code"), "the page at %s: %s", ended, body)
		}
	}},
	{name: "an early code is tried again", knobs: sandbox.Knobs{EarlyCodes: 2}, stored: true, then: exchanged(3)},
	{name: "a code that stays too early, and tokens in addresses", knobs: sandbox.Knobs{EarlyCodes: 9}, status: 1, ids: "strava-invalid-code",
		args: []string{"--repo", "https://me:ghp_0@github.com/o/r", "--repo", "https://me:ghp_0123456789@github.com/octo/running"},
		says: []string{"strava-token login --port 0 --repo 'https://me:…@github.com/o/r' --repo octo/running again"}},
	{name: "an inactive app, whose token is kept", knobs: sandbox.Knobs{Inactive: true}, status: 1, ids: "strava-app-inactive", stored: true,
		then: func(v *visitor) { v.assertPage("The Strava app is inactive") }},
	{name: "what cannot be stored is sealed", status: 3, ids: "run-not-kept", says: []string{"BEGIN AGE ENCRYPTED FILE"},
		given: func(v *visitor) {
			v.server.Fail(sandbox.Fault{Call: "commit", Kind: sandbox.FaultStatus, Status: 403})
		}, then: (*visitor).assertNothingStored},

	// TestCtrlC has what the terminal does.
	{name: "interrupted at the first question", status: 130, says: []string{"cancelled"}, quiet: true, given: func(v *visitor) {
		v.sets("STRAVA_CLIENT_ID", "")
		v.interruptAt("Client ID: ")
	}, then: (*visitor).assertNothingStored},
	{name: "interrupted at a question", status: 130, says: []string{"cancelled"}, quiet: true, given: func(v *visitor) {
		v.server.SetSecret("STRAVA_CLIENT_SECRET", "old")
		v.interruptAt("Replace them?")
	}, then: isOld},
	{name: "interrupted while it waits", status: 130, says: []string{"cancelled"}, given: func(v *visitor) {
		v.browse = func(string) {}
		v.interruptAt("Waiting for Strava's answer")
	}, then: (*visitor).assertNothingStored},
	{name: "interrupted when it has everything", says: []string{"The client secret is kept in"}, stored: true, given: func(v *visitor) {
		ctx, interrupt := context.WithCancel(v.ctx)
		v.ctx = ctx
		v.server.Notify(func(call string) {
			if call == "put" && v.server.File(branchName, "refresh-token.txt") != "" {
				interrupt()
			}
		})
	}, then: func(v *visitor) { check.That(v.t, v.ctx.Err() != nil, "it wasn't interrupted") }},
	// It asks for the client id alone, and says how to go on in the browser.
	{name: "no GitHub token", status: 1, ids: "input-whitespace login-no-github-token", quiet: true, given: func(v *visitor) {
		v.sets("GH_TOKEN", "", "STRAVA_CLIENT_ID", "", "STRAVA_CLIENT_SECRET", "")
		v.types("my app\n48213")
	}, says: []string{"https://github.com/octo/running/settings/secrets/actions/new", "client-id: 48213 #", "rotate-to: branch:strava-token\n"},
		then: func(v *visitor) { check.Equal(v.t, v.server.Journal(), "", "something was sent") }},
	// What is no client id isn't printed.
	{name: "no GitHub token, and a client secret as id", status: 2, ids: "input-secret-as-id", given: func(v *visitor) {
		v.sets("GH_TOKEN", "", "STRAVA_CLIENT_ID", v.server.App().Secret, "STRAVA_CLIENT_SECRET", "")
	}},

	{name: "dotenv", args: []string{"--format", "dotenv"}, then: func(v *visitor) {
		v.assertPrinted(v.appLines() + "STRAVA_REFRESH_TOKEN=" + v.server.LiveRefreshToken() + "\n")
	}},
	{name: "JSON", args: []string{"--format", "json"}, then: func(v *visitor) {
		want := `"STRAVA_REFRESH_TOKEN": "` + v.server.LiveRefreshToken() + `"`
		check.That(v.t, strings.Contains(v.stdout.String(), want), "the refresh token is not on standard output")
	}},
}

// Slips in what it was told, before anything is sent.
var loginSlips = []struct{ variable, value, args, id string }{
	{"STRAVA_CLIENT_ID", "0123456789abcdef0123456789abcdef01234567", "--repo octo/running", "input-secret-as-id"},
	{"STRAVA_CLIENT_ID", "48 213", "--repo octo/running", "input-whitespace"},
	{"STRAVA_CLIENT_ID", "app!", "--repo octo/running", "input-not-a-client-id"},
	{"STRAVA_CLIENT_SECRET", "null", "--repo octo/running", "input-placeholder"},
	{"GITHUB_API_URL", "http://api.github.com", "--repo octo/running", "input-insecure-address"},
	{"", "", "--scope view_private --format json", "input-unknown-scope"},
	{"", "", "--scope=\t", "login-no-scope"},
	{"", "", "--repo octo", "login-repository"},
	{"", "", "--repo https://github.com", "login-repository"},
	{"", "", "--repo https://github.com/octo", "login-repository"},
	{"", "", "--repo https://github.com/octo/running/settings", "login-repository"},
	{"", "", "--environment prod", "login-together"},
	{"", "", "--repo octo/running --format json", "login-together"},
	{"", "", "--repo octo/running --output app.env", "login-together"},
	{"", "", "--repo octo/running --rotate-to file:/x/token", "login-together"},
	{"", "", "--repo octo/running --rotate-to=\tfile:/x/token", "login-together"},
	{"", "", "--format json --output app.env", "login-together"},
	{"", "", "--repo octo/running --port 99999", "login-no-port"},
	{"", "", "--format xml", "login-format"},
}

func TestLogin(t *testing.T) {
	t.Parallel()
	for _, tt := range logins {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.check(newVisitor(t, tt.knobs))
		})
	}
	for _, tt := range loginSlips {
		t.Run(tt.id, func(t *testing.T) {
			t.Parallel()
			login{
				given: func(v *visitor) { v.env[tt.variable] = tt.value }, args: strings.Split(tt.args, " "), status: 2, ids: tt.id,
			}.check(newVisitor(t, sandbox.Knobs{}))
		})
	}
}

// check logs in.
func (tt login) check(v *visitor) {
	v.t.Helper()
	if tt.given != nil {
		tt.given(v)
	}
	if tt.args == nil {
		tt.args = intoRepository
	}
	v.runs(tt.status, tt.ids, tt.args...)
	check.Contains(v.t, v.stderr.String(), tt.says...)
	check.That(v.t, tt.status != 2 || v.server.Journal() == "", "something was sent:\n%s", v.server.Journal())
	check.That(v.t, !v.opened.Load() || !tt.quiet && tt.status != 2, "the browser was opened")
	if tt.stored {
		v.assertStored("")
	}
	if tt.then != nil {
		tt.then(v)
	}
}

// What is there already, and what is asked then.
var toReplace = []string{"octo/running/STRAVA_CLIENT_SECRET", "Replace them?"}

func asked(answer string) func(*visitor) {
	return func(v *visitor) {
		v.server.SetSecret("STRAVA_CLIENT_SECRET", "old")
		v.types(answer)
	}
}

func isOld(v *visitor) {
	check.Equal(v.t, v.server.Secret("STRAVA_CLIENT_SECRET"), "old", "the client secret")
}

// anotherAthlete keeps another athlete's token on the branch.
func anotherAthlete(answer string) func(*visitor) {
	return func(v *visitor) {
		v.sets("STRAVA_REFRESH_TOKEN", v.server.Connect(42), "GITHUB_REPOSITORY", sandbox.Repository)
		v.command(0, "refresh", "--rotate-to", "branch:"+branchName)
		v.sets("STRAVA_REFRESH_TOKEN", "")
		if answer != "" {
			v.types(answer)
		}
	}
}

func gitHub(token sandbox.GitHubToken) func(*visitor) {
	return func(v *visitor) { v.env["GH_TOKEN"] = v.server.NewGitHubToken("read-only-token", token) }
}

// lives: these secrets have the refresh token that lives.
func lives(names ...string) func(*visitor) {
	return func(v *visitor) {
		for _, name := range names {
			check.That(v.t, v.server.Secret(name) == v.server.LiveRefreshToken(), "%s doesn't have the refresh token that lives", name)
		}
	}
}

// exchanged: a code was sent so many times.
func exchanged(times int) func(*visitor) {
	return func(v *visitor) {
		check.Equal(v.t, strings.Count(v.server.Journal(), "grant=authorization_code"), times, "exchanges")
	}
}

func aPageWithoutASecret(v *visitor) {
	v.assertPage("")
	nothing := !strings.Contains(v.pages[0], "<script") && !strings.ContainsAny(v.ended[0], "?#")
	check.That(v.t, nothing, "the page has a script, or its address %q has something in it", v.ended[0])
}

func TestLoginOffersToAskAgainForAnUntickedScope(t *testing.T) {
	t.Parallel()
	for answer, want := range map[string]string{"y": "read activity:read_all", "n": "read"} {
		v := newVisitor(t, sandbox.Knobs{})
		var opened []string
		v.browse = func(address string) {
			opened = append(opened, v.open(address))
			if len(opened) == 1 {
				_, query, _ := strings.Cut(v.callback(v.base+"/oauth/authorize?"+opened[0]), "?") // only read, which has no box
				here, _, _ := strings.Cut(address, "/start/")
				v.visit(here+"/token?"+query, nil, true)
				v.stderr.waitFor(t, "Ask again?", 1)
				_, _ = io.WriteString(v.stdin, answer+"\n")
				return
			}
			v.grant(v.base+"/oauth/authorize?"+opened[1], "activity:read_all")
		}
		v.runs(0, "login-unticked", intoRepository...)
		v.assertStored("")
		check.That(t, answer != "y" || len(opened) == 2 && strings.Contains(opened[1], "approval_prompt=force"), "opened: %v", opened)
		exchanged(1)(v)
		check.Equal(t, strings.Join(v.server.GrantedScopes(), " "), want, "granted")
	}
}

func TestLoginSaysThatThePortIsTaken(t *testing.T) {
	t.Parallel()
	taken := check.Must(net.Listen("tcp", "127.0.0.1:0"))(t)
	defer taken.Close()
	_, port, _ := net.SplitHostPort(taken.Addr().String())
	login{args: into("--port", port), status: 1, ids: "login-port", says: []string{"Port " + port}, quiet: true}.check(newVisitor(t, sandbox.Knobs{}))
}

// TestLoginIntoAFile keeps the refresh token there alone, the app's credentials
// beside it, and ends with a command that works from any folder.
func TestLoginIntoAFile(t *testing.T) {
	t.Parallel()
	v := newVisitor(t, sandbox.Knobs{})
	home := filepath.Join(t.TempDir(), "my home")
	check.OK(t, os.MkdirAll(filepath.Join(home, ".strava"), 0o700))
	// As docs/elsewhere.md prints it, in the folder that the line before it makes.
	line := between(t, "docs/elsewhere.md", "mkdir -p -m 700 ~/.strava\nstrava-token login ", "\n")
	flag, target, _ := strings.Cut(line, " ")
	token := filepath.Join(home, ".strava", "token")
	v.runs(0, "", flag, strings.ReplaceAll(strings.Trim(target, `"`), "$HOME", home))
	v.assertHolds(token)
	v.assertFile(token, readFile(t, token))
	v.assertFile(token+".env", v.appLines())
	check.Contains(t, v.stderr.String(), "refresh token of Sandbox Athlete (athlete 126651800) is kept in file:"+token,
		"(set -a && . '"+token+".env' && strava-token refresh --rotate-to 'file:"+token+"')")

	// Logging in again finds the same file, and Strava asks nothing any more.
	v.types("y")
	v.browse = func(address string) { v.open(address) }
	v.runs(0, "", "--rotate-to", "file:"+token)
	v.assertHolds(token)
	check.That(t, !strings.Contains(v.stderr.String(), "workflow"), "it speaks of GitHub:\n%s", v.stderr.String())

	// A file keeps it, and a copy would be the end of that.
	v = newVisitor(t, sandbox.Knobs{})
	v.runs(0, "", "--format", "dotenv", "--rotate-to", "file:"+filepath.Join(t.TempDir(), "token"))
	v.assertPrinted(v.appLines())
}

func TestLoginsFileOfCredentials(t *testing.T) {
	t.Parallel()
	v := newVisitor(t, sandbox.Knobs{})
	folder := t.TempDir()
	check.OK(t, os.MkdirAll(filepath.Join(folder, ".git"), 0o755))
	token, app := filepath.Join(t.TempDir(), "token"), filepath.Join(folder, "sub", "app.env")
	v.runs(0, "login-in-git-tree", "--rotate-to", "file:"+token, "--output", app)
	v.assertFile(app, v.appLines())

	// One with something else in it is left alone, and nothing is opened.
	notes := filepath.Join(t.TempDir(), "notes")
	check.OK(t, os.WriteFile(notes, []byte("remember the milk"), 0o600))
	for path, id := range map[string]string{notes: "login-file", token: "input-doubled-target"} {
		login{args: []string{"--rotate-to", "file:" + token, "--output", path}, status: 2, ids: id}.check(newVisitor(t, sandbox.Knobs{}))
	}
	// One that was made meanwhile as well, and the refresh token is kept.
	v = newVisitor(t, sandbox.Knobs{})
	token = filepath.Join(t.TempDir(), "token")
	v.browse = func(address string) {
		check.OK(t, os.WriteFile(token+".env", []byte("remember the milk"), 0o600))
		v.grant(address, "activity:read_all")
	}
	v.runs(1, "login-file", "--rotate-to", "file:"+token)
	v.assertHolds(token)
	v.assertFile(token+".env", "remember the milk")
	check.Contains(t, v.stderr.String(), token+".env can't be written", "is kept in file:"+token)
	check.That(t, !strings.Contains(v.stderr.String(), "set -a"), "it shows a command that doesn't work")
	// A login that fails leaves no empty file behind.
	v = newVisitor(t, sandbox.Knobs{})
	v.browse = v.deny
	token = filepath.Join(t.TempDir(), "token")
	v.runs(1, "login-denied", "--rotate-to", "file:"+token)
	_, err := os.Stat(token + ".env")
	check.That(t, err != nil, "an empty file was left behind")
}

// TestLoginAsksForFurtherTargets, wherever the first one is.
func TestLoginAsksForFurtherTargets(t *testing.T) {
	t.Parallel()
	for _, arguments := range [][]string{
		into("--rotate-to", "branch:"+branchName, "--rotate-to", "OTHER"),
		{"--format", "json", "--rotate-to", "octo/running/OTHER"},
		{"--output", filepath.Join(t.TempDir(), "strava.env"), "--rotate-to", "octo/running/OTHER"},
	} {
		login{args: arguments, status: 1, ids: "login-left-alone", says: []string{"octo/running/OTHER", "Replace them?"}, quiet: true,
			given: func(v *visitor) { v.server.SetSecret("OTHER", "old"); v.types("n") },
			then:  func(v *visitor) { check.Equal(v.t, v.server.Secret("OTHER"), "old", "the secret") },
		}.check(newVisitor(t, sandbox.Knobs{}))
	}
}
