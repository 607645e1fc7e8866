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
		Args: atMost(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			ok, err := demo(cmd.Context(), p)
			if err != nil {
				return err
			}
			if !ok {
				return ended(provider.Failed)
			}
			return nil
		},
	}
}

// demo shows three scenes. It returns false if one did not end as it says.
func demo(ctx context.Context, p Process) (ok bool, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	listener, err := sandbox.Listen(ctx, "127.0.0.1:0")
	if err != nil {
		return false, err
	}
	s := sandbox.New(sandbox.Knobs{Rotation: sandbox.RotateAlways})
	s.SetSecret(sandboxSecret, s.LiveRefreshToken())
	go func() { _ = s.Serve(ctx, listener) }()

	d := &theater{p: p, server: s, base: "http://" + listener.Addr().String()}
	d.print("strava-token against a sandbox of Strava and GitHub on this machine.")
	d.print("Tokens are shown by generation: refresh#1 is the first refresh token, and so on.")

	d.scene("1. A scheduled run. Strava replaces the refresh token, and the new one goes into the secret.")
	first := d.run(ctx)
	d.scene("2. The next day. The run starts from the refresh token that the first one stored.")
	s.Advance(24 * time.Hour)
	second := d.run(ctx)
	d.scene("3. The app's owner has no Strava subscription any more. Refreshing still works, and nothing else does.")
	s.Advance(24 * time.Hour)
	s.Set(func(k *sandbox.Knobs) { k.Inactive = true })
	third := d.run(ctx)

	kept := s.Secret(sandboxSecret) == s.LiveRefreshToken()
	if kept {
		d.print("\nThrough all of it the secret holds the refresh token that lives.")
	}
	ok = kept && first == provider.Done && second == provider.Done && third == provider.Failed && d.err == nil
	return ok, d.err
}

// theater runs scenes and shows them.
type theater struct {
	p      Process
	server *sandbox.Server
	base   string
	shown  int // how much of the journal was shown
	err    error
}

func (d *theater) print(text string) { _, _ = fmt.Fprintln(d.p.Stdout, text) }

func (d *theater) scene(title string) { d.print("\n" + title + "\n") }

// run is one run of the workflow, with the refresh token that the secret holds.
func (d *theater) run(ctx context.Context) provider.Status {
	dir, err := os.MkdirTemp("", "strava-token-demo-")
	if err != nil {
		d.err = err
		return provider.Failed
	}
	defer os.RemoveAll(dir)
	runner, err := d.server.NewRunner(dir, d.base)
	if err != nil {
		d.err = err
		return provider.Failed
	}
	runner.Input("refresh-token", d.server.Secret(sandboxSecret))
	runner.Input("rotate-to", sandboxSecret)
	runner.Input("github-token", d.server.GitHubToken())
	status := action.Run(ctx, action.Config{Getenv: runner.Getenv, Stdout: runner})
	d.showJournal()
	d.print(indent("what the log shows", runner.Log()))
	return status
}

func (d *theater) showJournal() {
	journal := d.server.Journal()
	lines := strings.SplitAfter(journal, "\n")
	var steps []string
	for _, line := range lines[min(d.shown, len(lines)):] {
		if strings.HasPrefix(line, "runner  print") || strings.HasPrefix(line, "runner  warning") || strings.TrimSpace(line) == "" {
			continue
		}
		steps = append(steps, line)
	}
	d.shown = len(lines) - 1
	d.print(indent("what happened", strings.Join(steps, "")))
}

func indent(title, text string) string {
	var b strings.Builder
	b.WriteString("  " + title + "\n")
	for line := range strings.Lines(text) {
		b.WriteString("    " + strings.TrimRight(line, "\n") + "\n")
	}
	return strings.TrimRight(b.String(), "\n") + "\n"
}
