package cli

import (
	"context"
	"fmt"
	"os"
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

// demo shows three scenes. It fails if one doesn't end as announced.
func demo(ctx context.Context, p Process) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	listener, err := sandbox.Listen(ctx, "127.0.0.1:0")
	if err != nil {
		return err
	}
	s := sandbox.New(sandbox.Knobs{Rotation: sandbox.RotateAlways})
	s.SetSecret(sandboxSecret, s.LiveRefreshToken())
	go func() { _ = s.Serve(ctx, listener) }()
	say := func(text string) { _, _ = fmt.Fprintln(p.Stdout, text) }
	say("strava-token against a sandbox of Strava and GitHub on this machine.")
	say("Tokens are shown by generation: refresh#1 is the first refresh token, and so on.")

	status := provider.Done
	for _, scene := range []struct {
		title    string
		inactive bool
		ends     provider.Status
	}{
		{"1. A scheduled run. Strava replaces the refresh token, and the new one goes into the secret.", false, provider.Done},
		{"2. The next day. The run starts from the refresh token that the first one stored.", false, provider.Done},
		{"3. The app's owner has no Strava subscription any more. Refreshing still works, and nothing else does.", true, provider.Failed},
	} {
		say("\n" + scene.title + "\n")
		s.Set(func(k *sandbox.Knobs) { k.Inactive = scene.inactive })
		got, err := runOnce(ctx, s, "http://"+listener.Addr().String(), say)
		if err != nil {
			return err
		}
		if got != scene.ends {
			status = provider.Failed
		}
		s.Advance(24 * time.Hour)
	}
	if s.Secret(sandboxSecret) != s.LiveRefreshToken() {
		return ended(provider.Failed)
	}
	say("\nThrough all of it the secret holds the refresh token that lives.")
	return ended(status)
}

// runOnce runs the workflow once, with the refresh token in the secret.
func runOnce(ctx context.Context, s *sandbox.Server, base string, say func(string)) (provider.Status, error) {
	dir, err := os.MkdirTemp("", "strava-token-demo-")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	runner, err := s.NewRunner(dir, base)
	if err != nil {
		return 0, err
	}
	runner.Input("refresh-token", s.Secret(sandboxSecret))
	runner.Input("rotate-to", sandboxSecret)
	runner.Input("github-token", s.GitHubToken())
	before := s.Journal()
	status := action.Run(ctx, action.Config{Getenv: runner.Getenv, Stdout: runner})
	say(indent("what happened", shortened(strings.TrimPrefix(s.Journal(), before))))
	say(indent("what the log shows", runner.Log()))
	return status, nil
}

// shortened returns a journal without the lines that the log shows.
func shortened(journal string) string {
	var steps strings.Builder
	for line := range strings.Lines(journal) {
		if !strings.HasPrefix(line, "runner  print") && !strings.HasPrefix(line, "runner  warning") && strings.TrimSpace(line) != "" {
			steps.WriteString(line)
		}
	}
	return steps.String()
}

func indent(title, text string) string {
	return "  " + title + "\n    " + strings.ReplaceAll(strings.TrimRight(text, "\n"), "\n", "\n    ") + "\n"
}
