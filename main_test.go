package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http/httptest"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"strava-token/internal/cli"
	"strava-token/internal/sandbox"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"strava-token": main})
}

// TestScripts runs the commands as a user does. Each script has a sandbox of its
// own, whose addresses and credentials stand in the environment.
func TestScripts(t *testing.T) {
	if signal.Ignored(syscall.SIGHUP) {
		// Under nohup, which the commands of a script must not inherit.
		signal.Notify(make(chan os.Signal, 1), syscall.SIGHUP)
	}
	t.Parallel()
	cmds := map[string]func(*testscript.TestScript, bool, []string){}
	for name, do := range commands {
		cmds[name] = func(ts *testscript.TestScript, neg bool, args []string) {
			do(script{ts, ts.Value("sandbox").(*sandbox.Server), neg, args})
		}
	}
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(env *testscript.Env) error {
			s := sandbox.New(sandbox.Knobs{Rotation: sandbox.RotateAlways})
			s.SetSecret("STRAVA_REFRESH_TOKEN", s.LiveRefreshToken())
			service := httptest.NewServer(s)
			env.Defer(service.Close)
			for _, v := range s.Environment(service.URL) {
				env.Setenv(v[0], v[1])
			}
			root, err := filepath.Abs(".")
			if err != nil {
				return err
			}
			env.Setenv("EXAMPLES", filepath.Join(root, "examples"))
			env.Setenv("DOCS", filepath.Join(root, "docs"))
			env.Values["sandbox"] = s
			return nil
		},
		Cmds: cmds,
	})
}

// script is a script's command, and its sandbox.
type script struct {
	*testscript.TestScript
	*sandbox.Server
	neg  bool // begins with !
	args []string
}

// commands are those that scripts have besides.
var commands = map[string]func(script){
	// The last command, or one of these files, shows no secret of the sandbox.
	"nosecrets": func(s script) {
		for _, file := range append(s.args, "stdout", "stderr") {
			s.shows(file, "")
		}
	},
	// The last command printed no secret but the access token.
	"onlyaccess": func(s script) {
		s.shows("stdout", "access#")
		s.shows("stderr", "access#")
	},
	// The secret has the refresh token that lives, or doesn't: ! kept.
	"kept": func(s script) {
		s.need((s.Secret("STRAVA_REFRESH_TOKEN") == s.LiveRefreshToken()) != s.neg, "the living refresh token is in the secret: %t", s.neg)
	},
	// A file has it: holds FILE; or a branch: heldby BRANCH.
	"holds": func(s script) {
		s.need(s.Opened(s.ReadFile(s.args[0])) == s.LiveRefreshToken(), "%s doesn't have the living refresh token", s.args[0])
	},
	"heldby": func(s script) {
		s.need(s.Held(s.args[0]) == s.LiveRefreshToken(), "the branch %s doesn't have the living refresh token", s.args[0])
	},
	// It is put into the environment.
	"restore": func(s script) {
		s.Setenv("STRAVA_REFRESH_TOKEN", s.LiveRefreshToken())
	},
	// Strava replaces the refresh token: rotation always.
	"rotation": func(s script) {
		s.Set(func(k *sandbox.Knobs) { k.Rotation = sandbox.Rotation(s.args[0]) })
	},
	// Calls fail with a status: fail CALL STATUS; ! fail: none does any more.
	"fail": func(s script) {
		if s.neg {
			s.ClearFaults()
			return
		}
		status, err := strconv.Atoi(s.args[1])
		s.Check(err)
		s.Fail(sandbox.Fault{Call: s.args[0], Kind: sandbox.FaultStatus, Status: status})
	},
	// The sandbox's clock moves: advance 4h.
	"advance": func(s script) {
		d, err := time.ParseDuration(s.args[0])
		s.Check(err)
		s.Advance(d)
	},
	// Strava got so many token requests: requests 2.
	"requests": func(s script) {
		got := strconv.Itoa(s.Count("strava", "POST", "/oauth/token"))
		s.need(got == s.args[0], "token requests: got %s, want %s", got, s.args[0])
	},
	// A file has a mode: mode 0600 FILE.
	"mode": func(s script) {
		info, err := os.Stat(s.MkAbs(s.args[1]))
		s.Check(err)
		got := fmt.Sprintf("%#o", info.Mode().Perm())
		s.need(got == s.args[0] || runtime.GOOS == "windows", "mode of %s: got %s, want %s", s.args[1], got, s.args[0])
	},
	// A line of the shell ends with a status: shell 3 LINE.
	"shell": func(s script) {
		got, err := 0, s.Exec("sh", "-c", s.args[1])
		if exit, ok := errors.AsType[*exec.ExitError](err); ok {
			got = exit.ExitCode()
		}
		s.need(strconv.Itoa(got) == s.args[0], "status: got %d, want %s (%v)", got, s.args[0], err)
	},
	// The last command masked what it printed, and the refresh token that lives.
	"masked": func(s script) {
		for _, value := range []string{strings.TrimSpace(s.ReadFile("stdout")), s.LiveRefreshToken()} {
			mask := "\n::add-mask::" + value + "\n"
			s.need(value != "" && strings.Contains("\n"+s.ReadFile("stderr"), mask), "%q has no mask", value)
		}
	},
	"lose": lose,
}

func (s script) need(ok bool, format string, args ...any) {
	if !ok {
		s.Fatalf(format, args...)
	}
}

// shows fails if a file has a secret in it, but for those of a kind.
func (s script) shows(file, but string) {
	for name, value := range s.Values() {
		expected := but != "" && strings.HasPrefix(name, but)
		s.need(expected || !strings.Contains(s.ReadFile(file), value), "%s is in %s", name, file)
	}
}

// lose runs the action while its secret cannot be written, a number of times,
// and leaves the log in a file: lose FILE TIMES.
func lose(s script) {
	s.Fail(sandbox.Fault{Call: "put", Kind: sandbox.FaultStatus, Status: 404})
	defer s.ClearFaults()
	times, err := strconv.Atoi(s.args[1])
	s.Check(err)
	log := ""
	for range times {
		runner, err := s.NewRunner(s.MkAbs("."), s.Getenv("STRAVA_URL"))
		s.Check(err)
		runner.Input("refresh-token", s.LiveRefreshToken())
		runner.Input("rotate-to", "STRAVA_REFRESH_TOKEN")
		runner.Input("github-token", s.GitHubToken())
		status := cli.Run(context.Background(), cli.Process{
			Args: []string{"action"}, Getenv: runner.Getenv, Stdin: strings.NewReader(""), Stdout: runner, Stderr: io.Discard,
		})
		s.need(status == 3, "exit status: got %d, want 3", status)
		for line := range strings.Lines(runner.Log()) {
			log += "2026-11-22T20:33:00.1234567Z " + line
		}
	}
	s.Check(os.WriteFile(s.MkAbs(s.args[0]), []byte(log), 0o600))
}
