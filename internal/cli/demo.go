package cli

import (
	"context"
	"fmt"
	"os"
	"regexp"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"strava-token/internal/action"
	"strava-token/internal/provider"
	"strava-token/internal/sandbox"
)

func demoCommand(p Process) *cobra.Command {
	return &cobra.Command{
		Use:   "demo",
		Short: "See the whole thing at work, without an account",
		Long: "demo starts the sandbox inside this process and runs the action against it for\n" +
			"real, over HTTP. Nothing leaves this machine.",
		RunE: func(cmd *cobra.Command, _ []string) error { return demo(cmd.Context(), p) },
	}
}

// scenes end as announced. In one that fails the app is inactive.
var scenes = []struct {
	title string
	ends  provider.Status
}{
	{"1. A scheduled run. Strava replaces the refresh token, and the new one goes into the secret.", provider.Done},
	{"2. The next day. The run starts from the refresh token that the first one stored.", provider.Done},
	{"3. The app's owner has no Strava subscription any more. Refreshing still works, and nothing else does.", provider.Failed},
}

// demo shows the scenes. It fails if one doesn't end as announced, or leaves a dead token
// in the secret.
func demo(ctx context.Context, p Process) error {
	listener, err := sandbox.Listen(ctx, "127.0.0.1:0")
	if err != nil {
		return err
	}
	defer listener.Close()
	dir, err := os.MkdirTemp("", "strava-token-demo-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	s := sandbox.New(sandbox.Knobs{Rotation: sandbox.RotateAlways})
	s.SetSecret(sandboxSecret, s.LiveRefreshToken())
	go func() { _ = s.Serve(ctx, listener) }()
	say := func(text string) { _, _ = fmt.Fprintln(p.Stdout, text) }
	say("strava-token against a sandbox of Strava and GitHub on this machine.\n" +
		"Tokens are shown by generation: refresh#1 is the first refresh token, and so on.")
	inLog := regexp.MustCompile(`(?m)^(runner  (print|warning) .*)?\n`) // the lines of the journal that the log shows
	for _, scene := range scenes {
		s.Set(func(k *sandbox.Knobs) { k.Inactive = scene.ends == provider.Failed })
		before := s.Journal()
		runner, err := s.NewRunner(dir, "http://"+listener.Addr().String())
		if err != nil {
			return err
		}
		runner.Input("refresh-token", s.Secret(sandboxSecret))
		runner.Input("rotate-to", sandboxSecret)
		runner.Input("github-token", s.GitHubToken())
		status := action.Run(ctx, action.Config{Getenv: runner.Getenv, Stdout: runner, Stderr: p.Stderr})
		say("\n" + scene.title + "\n\n" +
			indent("what happened", inLog.ReplaceAllString(strings.TrimPrefix(s.Journal(), before), "")) + "\n" +
			indent("what the log shows", runner.Log()))
		if status != scene.ends || s.Secret(sandboxSecret) != s.LiveRefreshToken() {
			return ended(provider.Failed)
		}
		s.Advance(24 * time.Hour)
	}
	say("\nThrough all of it the secret holds the refresh token that lives.")
	return nil
}

func indent(title, text string) string {
	return "  " + title + "\n    " + strings.ReplaceAll(strings.TrimRight(text, "\n"), "\n", "\n    ") + "\n"
}
