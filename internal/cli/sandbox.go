package cli

import (
	"io"
	"slices"

	"github.com/spf13/cobra"

	"strava-token/internal/input"
	"strava-token/internal/login"
	"strava-token/internal/sandbox"
	"strava-token/internal/words"
)

// sandboxSecret is the secret that the sandbox's repository starts with.
const sandboxSecret = "STRAVA_REFRESH_TOKEN"

func sandboxCommand(p Process) *cobra.Command {
	var address, format string
	var knobs sandbox.Knobs
	c := &cobra.Command{
		Use:   "sandbox",
		Short: "Serve a fake Strava and GitHub in memory, to test against",
		Long: "sandbox serves Strava and GitHub in memory on one loopback address, prints the\n" +
			"environment to export, and stops on a signal. None of its credentials is real.",
		Example: "  strava-token sandbox --rotation always >sandbox.env &\n" +
			"  . ./sandbox.env",
		RunE: func(cmd *cobra.Command, _ []string) error {
			refused := func(problem string) error {
				return input.Misuse("usage-refused", words.Blanks{"problem": "--" + problem + ".", "command": cmd.CommandPath()})
			}
			if err := knobs.Check(); err != nil {
				return refused(err.Error())
			}
			if !slices.Contains([]string{"shell", "dotenv", "json"}, format) {
				return refused("format is shell, dotenv or json")
			}
			listener, err := sandbox.Listen(cmd.Context(), address)
			if err != nil {
				return refused("address must be a loopback address with a free port")
			}
			s := sandbox.New(knobs)
			s.SetSecret(sandboxSecret, s.LiveRefreshToken())
			_, _ = io.WriteString(p.Stdout, login.Formatted(format, s.Environment("http://"+listener.Addr().String())))
			return s.Serve(cmd.Context(), listener)
		},
	}
	c.Flags().StringVar(&address, "address", "127.0.0.1:0", "loopback address and port; port 0 is any free one")
	c.Flags().StringVar(&format, "format", "shell", "how the environment is printed: shell, dotenv or json")
	c.Flags().StringVar(&knobs.App.ID, "client-id", "48213", "client id of the app")
	c.Flags().StringVar(&knobs.App.Secret, "client-secret", "", "made-up client secret; never a real one (default: random)")
	c.Flags().StringVar(&knobs.RefreshToken, "refresh-token", "", "made-up refresh token; never a real one (default: random)")
	c.Flags().StringSliceVar(&knobs.Scopes, "scopes", nil, "what the athlete has granted (default read,activity:read_all)")
	c.Flags().StringVar(&knobs.CallbackDomain, "callback-domain", "localhost", "authorization callback domain of the app")
	c.Flags().StringVar((*string)(&knobs.Rotation), "rotation", "never", "when Strava replaces the refresh token: never, expiry or always")
	c.Flags().IntVar(&knobs.Activities, "activities", 100, "how many activities the athlete has")
	c.Flags().Int64Var(&knobs.Seed, "seed", 1, "a different seed makes different activities")
	c.Flags().BoolVar(&knobs.Inactive, "inactive", false, "make the app inactive: it still refreshes, and every API call is refused")
	c.Flags().DurationVar(&knobs.Latency, "latency", 0, "delay every answer by this much")
	return c
}
