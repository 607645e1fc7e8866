// Package cli holds the commands. It is the only place that reads the
// environment, decides the exit status, and turns an error into words.
package cli

import (
	"context"
	"io"

	"github.com/spf13/cobra"

	"strava-token/internal/provider"
	"strava-token/internal/transport"
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
	status := provider.Done
	root := &cobra.Command{
		Use:   "strava-token",
		Short: "A fresh Strava access token for every run, and a refresh token that does not get lost",
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
	addCommands(root, p, &status)
	root.SetHelpCommand(helpCommand(root))
	if err := root.ExecuteContext(ctx); err != nil {
		message, status := explainUsage(p, err)
		complain(p, message)
		return int(status)
	}
	return int(status)
}

// named is a command that can be made.
type named struct {
	name string
	make func(Process, *provider.Status) *cobra.Command
}

// commands are all that there are.
var commands = []named{
	{"action", actionCommand},
	{"login", newLoginCommand},
	{"refresh", refreshCommand},
	{"exec", execCommand},
	{"doctor", doctorCommand},
	{"recover", recoverCommand},
	{"revoke", revokeCommand},
	{"sandbox", sandboxCommand},
	{"demo", demoCommand},
	{"version", versionCommand},
}

// addCommands makes the command that the arguments name, or all of them where
// they name none: a run is over in milliseconds, and making all takes a part of
// one.
func addCommands(root *cobra.Command, p Process, status *provider.Status) {
	for _, c := range commands {
		if len(p.Args) > 0 && p.Args[0] == c.name {
			root.AddCommand(c.make(p, status))
			return
		}
	}
	for _, c := range commands {
		root.AddCommand(c.make(p, status))
	}
}
