// Package cli holds the commands. It is the only place that reads the
// environment, decides the exit status, and turns an error into words.
package cli

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"strava-token/internal/provider"
	"strava-token/internal/transport"
)

// Process is what a command runs in.
type Process struct {
	Args   []string
	Getenv func(string) string
	Stdin  io.Reader
	Stdout io.Writer
	Stderr io.Writer
	Dial   transport.DialFunc // nil: over TCP
	Browse func(string) error // opens an address; nil: in the browser
}

// Run runs the command that the arguments name and returns the exit status.
func Run(ctx context.Context, p Process) int {
	status := provider.Done
	root := &cobra.Command{
		Use:   "strava-token",
		Short: "A fresh Strava access token for every run, and a refresh token that is never lost",
		Long: "strava-token turns a stored Strava refresh token into an access token, and keeps\n" +
			"the refresh token alive while doing so: in a GitHub workflow, or anywhere else.",
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.CompletionOptions.DisableDefaultCmd = true
	root.SetArgs(p.Args)
	root.SetIn(p.Stdin)
	root.SetOut(p.Stdout)
	root.SetErr(p.Stderr)
	root.AddCommand(
		actionCommand(p, &status),
		newLoginCommand(p, &status),
		doctorCommand(p, &status),
		recoverCommand(p, &status),
		revokeCommand(p, &status),
		sandboxCommand(p),
		demoCommand(p, &status),
		versionCommand(p),
	)
	if err := root.ExecuteContext(ctx); err != nil {
		_, _ = fmt.Fprintf(p.Stderr, "strava-token: error: %v\nstrava-token: hint: strava-token --help lists the commands\n", err)
		return int(provider.BadInput)
	}
	return int(status)
}
