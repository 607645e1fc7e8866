// Package cli contains the commands. A command returns an error; Run turns it into
// words and an exit status.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"

	"github.com/spf13/cobra"

	"strava-token/internal/action"
	"strava-token/internal/input"
	"strava-token/internal/provider"
	"strava-token/internal/terminal"
	"strava-token/internal/transport"
)

// version is set when a release is built.
var version = "dev"

// Process is the environment of a command.
type Process struct {
	Args    []string
	Getenv  func(string) string
	Environ []string // what exec passes on, as os.Environ returns it
	Stdin   io.Reader
	Stdout  io.Writer
	Stderr  io.Writer
	Dial    transport.DialFunc // nil: over TCP
	Browse  func(string) error // opens an address; nil: in the browser
}

// Run runs the command that the arguments name and returns the exit status.
func Run(ctx context.Context, p Process) int {
	t := &terminal.Terminal{In: p.Stdin, Out: p.Stderr}
	network := transport.New(p.Dial)
	defer network.Close()
	root := newRoot(&shell{Process: p, t: t, network: network, verify: true})
	err := root.ExecuteContext(ctx)
	if _, _, unknown := root.Find(p.Args); unknown != nil {
		err = noCommand(root, p.Args)
	}
	if _, said := errors.AsType[ended](err); err == context.Canceled {
		t.Note("cancelled", "nothing was changed")
	} else if err != nil && !said {
		t.Error(err)
	}
	return int(statusOf(err))
}

// newRoot builds the commands. They share one shell, since only one of them runs.
func newRoot(s *shell) *cobra.Command {
	root := &cobra.Command{
		Use:   "strava-token",
		Short: "A fresh Strava access token for every run, and a refresh token that does not get lost",
		Long: "strava-token turns a stored Strava refresh token into an access token, and keeps\n" +
			"the refresh token alive while doing so: in a GitHub workflow, or anywhere else.",
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	versionCommand := &cobra.Command{Use: "version", Short: "Print the version", RunE: func(*cobra.Command, []string) error {
		_, err := fmt.Fprintf(s.Stdout, "strava-token %s %s/%s\n", version, runtime.GOOS, runtime.GOARCH)
		return err
	}}
	showVersion := root.Flags().BoolP("version", "v", false, "print the version")
	root.RunE = func(c *cobra.Command, args []string) error {
		if *showVersion {
			return versionCommand.RunE(c, args)
		}
		return c.Help()
	}
	root.SetUsageFunc(showUsage)
	root.SetArgs(s.Args)
	root.SetOut(s.Stdout)
	root.SetErr(s.Stderr)
	root.AddCommand(
		actionCommand(s.Process), loginCommand(s), refreshCommand(s), execCommand(s), doctorCommand(s), recoverCommand(s),
		revokeCommand(s), sandboxCommand(s.Process), demoCommand(s.Process), realityCommand(s), versionCommand,
	)
	quoteNothing(root)
	return root
}

func actionCommand(p Process) *cobra.Command {
	return &cobra.Command{
		Use:   "action",
		Short: "Run as a step of a GitHub workflow (what action.yml calls)",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if p.Getenv("GITHUB_ACTIONS") != "true" {
				return input.Misuse("input-not-in-actions", nil)
			}
			return ended(action.Run(cmd.Context(), action.Config{Getenv: p.Getenv, Stdout: p.Stdout, Stderr: p.Stderr, Dial: p.Dial}))
		},
	}
}

// ended is how a command ended that has already said why.
type ended provider.Status

func (e ended) Error() string { return fmt.Sprintf("exit status %d", int(e)) }

// Status returns the exit status of the command.
func (e ended) Status() provider.Status { return provider.Status(e) }

// interrupted is for a command that was stopped while it asked or waited: 128 plus the
// number of SIGINT, as in shells.
const interrupted ended = 130

func statusOf(err error) provider.Status {
	var known interface{ Status() provider.Status }
	switch {
	case err == nil:
		return provider.Done
	case err == context.Canceled: // unwrapped only if nothing else happened
		return interrupted.Status()
	case errors.As(err, &known):
		return known.Status()
	}
	return provider.Failed
}
