package cli

import (
	"fmt"
	"io"
	"runtime"

	"github.com/spf13/cobra"
)

// version is set when a release is built.
var version = "dev"

func printVersion(w io.Writer) error {
	_, err := fmt.Fprintf(w, "strava-token %s %s/%s\n", version, runtime.GOOS, runtime.GOARCH)
	return err
}

func versionCommand(p Process) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  atMost(0),
		RunE:  func(*cobra.Command, []string) error { return printVersion(p.Stdout) },
	}
}
