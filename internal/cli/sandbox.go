package cli

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"strava-token/internal/sandbox"
)

// sandboxSecret is the secret that the sandbox's repository starts with.
const sandboxSecret = "STRAVA_REFRESH_TOKEN"

func sandboxCommand(p Process) *cobra.Command {
	var address, rotation string
	var inactive bool
	var latency time.Duration
	c := &cobra.Command{
		Use:   "sandbox",
		Short: "Serve Strava and GitHub in memory, to try and test against",
		Long: "sandbox serves Strava and GitHub in memory on one loopback address, prints the\n" +
			"environment to export, and stops on a signal. None of its credentials is real.",
		Example: "  strava-token sandbox --rotation always >sandbox.env &\n" +
			"  . ./sandbox.env",
		Args: atMost(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			knobs := sandbox.Knobs{Rotation: sandbox.Rotation(rotation), Inactive: inactive, Latency: latency}
			switch knobs.Rotation {
			case sandbox.RotateNever, sandbox.RotateOnExpiry, sandbox.RotateAlways:
			default:
				return badValue("--rotation", "never, expiry or always")
			}
			listener, err := sandbox.Listen(cmd.Context(), address)
			if err != nil {
				return badValue("--address", "a loopback address with a port that is free")
			}
			s := sandbox.New(knobs)
			s.SetSecret(sandboxSecret, s.LiveRefreshToken())
			for _, v := range s.Environment("http://" + listener.Addr().String()) {
				_, _ = fmt.Fprintf(p.Stdout, "export %s=%s\n", v[0], v[1])
			}
			return s.Serve(cmd.Context(), listener)
		},
	}
	c.Flags().StringVar(&address, "address", "127.0.0.1:0", "loopback address and port; port 0 is any free one")
	c.Flags().StringVar(&rotation, "rotation", string(sandbox.RotateNever), "when Strava replaces the refresh token: never, expiry or always")
	c.Flags().BoolVar(&inactive, "inactive", false, "make the app inactive: it still refreshes, and every API call is refused")
	c.Flags().DurationVar(&latency, "latency", 0, "add this to every answer")
	return c
}
