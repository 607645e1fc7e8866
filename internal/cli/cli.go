// Package cli holds the commands. A command returns an error; Run turns it into
// words and an exit status.
package cli

import (
	"context"
	"io"

	"github.com/spf13/cobra"

	"strava-token/internal/terminal"
	"strava-token/internal/transport"
	"strava-token/internal/words"
)

// Process is what a command runs in.
type Process struct {
	Args    []string
	Getenv  func(string) string
	Environ []string // what exec hands on, as os.Environ returns it
	Stdin   io.Reader
	Stdout  io.Writer
	Stderr  io.Writer
	Dial    transport.DialFunc // nil: over TCP
	Browse  func(string) error // opens an address; nil: in the browser
}

// Run runs the command that the arguments name and returns the exit status.
func Run(ctx context.Context, p Process) int {
	root := &cobra.Command{
		Use:   "strava-token",
		Short: "A fresh Strava access token for every run, and a refresh token that does not get lost",
		Long: "strava-token turns a stored Strava refresh token into an access token, and keeps\n" +
			"the refresh token alive while doing so: in a GitHub workflow, or anywhere else.",
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	showVersion := root.Flags().BoolP("version", "v", false, "print the version")
	root.RunE = func(c *cobra.Command, _ []string) error {
		if *showVersion {
			return printVersion(p.Stdout)
		}
		return c.Help()
	}
	root.SetUsageFunc(showUsage)
	root.SetArgs(p.Args)
	root.SetIn(p.Stdin)
	root.SetOut(p.Stdout)
	root.SetErr(p.Stderr)
	t := &terminal.Terminal{In: p.Stdin, Out: p.Stderr, Voice: words.Terminal()}
	root.AddCommand(
		actionCommand(p), loginCommand(p, t), refreshCommand(p, t), execCommand(p, t), doctorCommand(p, t),
		recoverCommand(p, t), revokeCommand(p, t), sandboxCommand(p), demoCommand(p), versionCommand(p), realityCommand(p, t),
	)
	root.SetHelpCommand(helpCommand(root))
	addCompletion(root)
	err := root.ExecuteContext(ctx)
	switch {
	case err == context.Canceled: // as it is if that's all that happened
		t.Note("cancelled", "nothing was changed")
	case err != nil && !isStatus(err):
		err = usage(root, p.Args, err)
		t.Error(err)
	}
	return int(statusOf(err))
}
