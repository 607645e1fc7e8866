package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
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
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(env *testscript.Env) error {
			s := sandbox.New(sandbox.Knobs{Rotation: sandbox.RotateAlways})
			s.SetSecret("STRAVA_REFRESH_TOKEN", s.LiveRefreshToken())
			listener, err := sandbox.Listen(context.Background(), "127.0.0.1:0")
			if err != nil {
				return err
			}
			service := &http.Server{Handler: s, ReadHeaderTimeout: 10 * time.Second}
			go func() { _ = service.Serve(listener) }()
			env.Defer(func() { _ = service.Close() })
			base := "http://" + listener.Addr().String()
			for _, v := range s.Environment(base) {
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
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"nosecrets":  noSecrets,
			"kept":       kept,
			"lose":       lose,
			"fail":       fail,
			"rotation":   rotation,
			"advance":    advance,
			"mode":       mode,
			"holds":      holds,
			"heldby":     heldBy,
			"restore":    restore,
			"onlyaccess": onlyAccess,
		},
	})
}

// noSecrets fails if the last command printed a secret of the sandbox.
func noSecrets(ts *testscript.TestScript, _ bool, files []string) {
	s := ts.Value("sandbox").(*sandbox.Server)
	for name, value := range s.Values() {
		for _, file := range append(files, "stdout", "stderr") {
			if strings.Contains(ts.ReadFile(file), value) {
				ts.Fatalf("%s is in %s", name, file)
			}
		}
	}
}

// kept fails unless the secret holds the refresh token that lives; "! kept" is
// the opposite.
func kept(ts *testscript.TestScript, neg bool, _ []string) {
	s := ts.Value("sandbox").(*sandbox.Server)
	if (s.Secret("STRAVA_REFRESH_TOKEN") == s.LiveRefreshToken()) == neg {
		ts.Fatalf("the living refresh token is in the secret: %t", neg)
	}
}

// lose runs the action while its secret cannot be written, a number of times,
// and leaves the log in a file: "lose FILE TIMES".
func lose(ts *testscript.TestScript, _ bool, args []string) {
	s := ts.Value("sandbox").(*sandbox.Server)
	s.Fail(sandbox.Fault{Call: "put", Kind: sandbox.FaultStatus, Status: 404})
	defer s.ClearFaults()
	times, err := strconv.Atoi(args[1])
	ts.Check(err)
	log := ""
	for range times {
		runner, err := s.NewRunner(ts.MkAbs("."), ts.Getenv("STRAVA_URL"))
		ts.Check(err)
		runner.Input("refresh-token", s.LiveRefreshToken())
		runner.Input("rotate-to", "STRAVA_REFRESH_TOKEN")
		runner.Input("github-token", s.GitHubToken())
		status := cli.Run(context.Background(), cli.Process{
			Args: []string{"action"}, Getenv: runner.Getenv, Stdin: strings.NewReader(""), Stdout: runner, Stderr: io.Discard,
		})
		if status != 3 {
			ts.Fatalf("exit status: got %d, want 3", status)
		}
		for line := range strings.Lines(runner.Log()) {
			log += "2026-11-22T20:33:00.1234567Z " + line
		}
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(log), 0o600))
}

// rotation sets when Strava replaces the refresh token.
func rotation(ts *testscript.TestScript, _ bool, args []string) {
	s := ts.Value("sandbox").(*sandbox.Server)
	s.Set(func(k *sandbox.Knobs) { k.Rotation = sandbox.Rotation(args[0]) })
}

// fail makes calls fail with a status: "fail CALL STATUS".
func fail(ts *testscript.TestScript, _ bool, args []string) {
	s := ts.Value("sandbox").(*sandbox.Server)
	status, err := strconv.Atoi(args[1])
	ts.Check(err)
	s.Fail(sandbox.Fault{Call: args[0], Kind: sandbox.FaultStatus, Status: status})
}

// advance moves the sandbox's clock: "advance 4h".
func advance(ts *testscript.TestScript, _ bool, args []string) {
	d, err := time.ParseDuration(args[0])
	ts.Check(err)
	ts.Value("sandbox").(*sandbox.Server).Advance(d)
}

// mode fails unless a file has a mode: "mode 0600 FILE".
func mode(ts *testscript.TestScript, _ bool, args []string) {
	if runtime.GOOS == "windows" {
		return
	}
	info, err := os.Stat(ts.MkAbs(args[1]))
	ts.Check(err)
	if got := fmt.Sprintf("%#o", info.Mode().Perm()); got != args[0] {
		ts.Fatalf("mode of %s: got %s, want %s", args[1], got, args[0])
	}
}

// holds fails unless a file keeps the refresh token that lives.
func holds(ts *testscript.TestScript, _ bool, args []string) {
	s := ts.Value("sandbox").(*sandbox.Server)
	if s.Opened(ts.ReadFile(args[0])) != s.LiveRefreshToken() {
		ts.Fatalf("%s does not keep the living refresh token", args[0])
	}
}

// heldBy fails unless a branch keeps the refresh token that lives.
func heldBy(ts *testscript.TestScript, _ bool, args []string) {
	s := ts.Value("sandbox").(*sandbox.Server)
	if s.Held(args[0]) != s.LiveRefreshToken() {
		ts.Fatalf("the branch %s does not keep the living refresh token", args[0])
	}
}

// restore puts the refresh token that lives into the environment.
func restore(ts *testscript.TestScript, _ bool, _ []string) {
	ts.Setenv("STRAVA_REFRESH_TOKEN", ts.Value("sandbox").(*sandbox.Server).LiveRefreshToken())
}

// onlyAccess fails if the last command printed a secret other than the access
// token.
func onlyAccess(ts *testscript.TestScript, _ bool, _ []string) {
	s := ts.Value("sandbox").(*sandbox.Server)
	for name, value := range s.Values() {
		if !strings.HasPrefix(name, "access#") && strings.Contains(ts.ReadFile("stdout")+ts.ReadFile("stderr"), value) {
			ts.Fatalf("%s was printed", name)
		}
	}
}
