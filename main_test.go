package main

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

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
