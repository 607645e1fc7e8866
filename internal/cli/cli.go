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
	_, said := errors.AsType[statusError](err)
	switch {
	case err == context.Canceled: // unwrapped only if nothing else happened
		t.Note("cancelled", "nothing was changed")
	case err != nil && !said:
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
	showVersion := root.Flags().BoolP("version", "v", false, "print the version")
	root.RunE = func(c *cobra.Command, _ []string) error {
		if *showVersion {
			return printVersion(s.Stdout)
		}
		return c.Help()
	}
	root.SetUsageFunc(showUsage)
	root.SetFlagErrorFunc(badFlag)
	root.SetArgs(s.Args)
	root.SetIn(s.Stdin)
	root.SetOut(s.Stdout)
	root.SetErr(s.Stderr)
	root.AddCommand(
		actionCommand(s.Process), loginCommand(s), refreshCommand(s), execCommand(s), doctorCommand(s), recoverCommand(s),
		revokeCommand(s), sandboxCommand(s.Process), demoCommand(s.Process), versionCommand(s.Process), realityCommand(s),
	)
	for _, c := range root.Commands() {
		if c.Args == nil {
			c.Args = atMost(0)
		}
	}
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

func versionCommand(p Process) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		RunE:  func(*cobra.Command, []string) error { return printVersion(p.Stdout) },
	}
}

func printVersion(w io.Writer) error {
	_, err := fmt.Fprintf(w, "strava-token %s %s/%s\n", version, runtime.GOOS, runtime.GOARCH)
	return err
}

// statusError ends a command that has already said why.
type statusError provider.Status

func (s statusError) Error() string { return fmt.Sprintf("exit status %d", int(s)) }

// Status returns the exit status of the command.
func (s statusError) Status() provider.Status { return provider.Status(s) }

// ended returns the error of a command that has said why it failed, or nil if all went
// well.
func ended(status provider.Status) error {
	if status == provider.Done {
		return nil
	}
	return statusError(status)
}

// interrupted is the exit status of a command that was stopped while it asked or
// waited: 128 plus the number of SIGINT, as in shells.
const interrupted provider.Status = 130

// statusOf returns the exit status of the process after err.
func statusOf(err error) provider.Status {
	var known interface{ Status() provider.Status }
	switch {
	case err == nil:
		return provider.Done
	case err == context.Canceled:
		return interrupted
	case errors.As(err, &known):
		return known.Status()
	}
	return provider.Failed
}
