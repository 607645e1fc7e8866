package cli

import (
	"io"
	"regexp"
	"slices"

	"github.com/spf13/cobra"

	"strava-token/internal/login"
	"strava-token/internal/sandbox"
)

// sandboxSecret is the secret that the sandbox's repository starts with.
const sandboxSecret = "STRAVA_REFRESH_TOKEN"

// sandboxFlags are what the sandbox begins with.
type sandboxFlags struct {
	address, format string
	app             sandbox.App
	refreshToken    string
	knobs           sandbox.Knobs
}

func sandboxCommand(p Process) *cobra.Command {
	var f sandboxFlags
	c := &cobra.Command{
		Use:   "sandbox",
		Short: "Serve a fake Strava and GitHub in memory, to test against",
		Long: "sandbox serves Strava and GitHub in memory on one loopback address, prints the\n" +
			"environment to export, and stops on a signal. None of its credentials is real.",
		Example: "  strava-token sandbox --rotation always >sandbox.env &\n" +
			"  . ./sandbox.env",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := f.check(); err != nil {
				return err
			}
			listener, err := sandbox.Listen(cmd.Context(), f.address)
			if err != nil {
				return refused("--address is a loopback address with a free port.")
			}
			s := sandbox.NewFor(f.app, f.refreshToken, f.knobs)
			s.SetSecret(sandboxSecret, s.LiveRefreshToken())
			_, _ = io.WriteString(p.Stdout, login.Formatted(f.format, s.Environment("http://"+listener.Addr().String())))
			return s.Serve(cmd.Context(), listener)
		},
	}
	c.Flags().StringVar(&f.address, "address", "127.0.0.1:0", "loopback address and port; port 0 is any free one")
	c.Flags().StringVar(&f.format, "format", "shell", "how the environment is printed: shell, dotenv or json")
	c.Flags().StringVar(&f.app.ID, "client-id", "48213", "client id of the app")
	c.Flags().StringVar(&f.app.Secret, "client-secret", "", "made-up client secret; never a real one (default: random)")
	c.Flags().StringVar(&f.refreshToken, "refresh-token", "", "made-up refresh token; never a real one (default: random)")
	c.Flags().StringSliceVar(&f.knobs.Scopes, "scopes", nil, "what the athlete has granted (default read,activity:read_all)")
	c.Flags().StringVar(&f.knobs.CallbackDomain, "callback-domain", "localhost", "authorization callback domain of the app")
	rotation := (*string)(&f.knobs.Rotation)
	c.Flags().StringVar(rotation, "rotation", string(sandbox.RotateNever), "when Strava replaces the refresh token: never, expiry or always")
	c.Flags().IntVar(&f.knobs.Activities, "activities", 100, "how many activities the athlete has")
	c.Flags().Int64Var(&f.knobs.Seed, "seed", 1, "a different seed makes different activities")
	c.Flags().BoolVar(&f.knobs.Inactive, "inactive", false, "make the app inactive: it still refreshes, and every API call is refused")
	c.Flags().DurationVar(&f.knobs.Latency, "latency", 0, "delay every answer by this much")
	return c
}

// check reports a flag that is written wrongly.
func (f *sandboxFlags) check() error {
	plain := regexp.MustCompile(`^[A-Za-z0-9_-]*$`)
	switch {
	case !slices.Contains([]string{"shell", "dotenv", "json"}, f.format):
		return refused("--format is shell, dotenv or json.")
	case !regexp.MustCompile(`^[0-9]+$`).MatchString(f.app.ID):
		return refused("--client-id is a number.")
	case !plain.MatchString(f.app.Secret) || !plain.MatchString(f.refreshToken):
		return refused("--client-secret and --refresh-token are letters, digits, - and _.")
	}
	if err := f.knobs.Check(); err != nil {
		return refused("--" + err.Error() + ".")
	}
	return nil
}
