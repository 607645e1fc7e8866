package main

import (
	"context"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
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
			for _, v := range [][2]string{
				{"STRAVA_URL", base},
				{"STRAVA_API_URL", base + "/api/v3"},
				{"STRAVA_CLIENT_ID", s.App().ID},
				{"STRAVA_CLIENT_SECRET", s.App().Secret},
				{"STRAVA_REFRESH_TOKEN", s.LiveRefreshToken()},
				{"GITHUB_API_URL", base},
				{"GITHUB_REPOSITORY", sandbox.Repository},
				{"GH_TOKEN", s.GitHubToken()},
			} {
				env.Setenv(v[0], v[1])
			}
			env.Values["sandbox"] = s
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"nosecrets": noSecrets,
			"kept":      kept,
			"lose":      lose,
			"fail":      fail,
			"rotation":  rotation,
		},
	})
}

// noSecrets fails where the last command printed a secret of the sandbox.
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
