package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"

	"github.com/spf13/cobra"

	"strava-token/internal/sandbox"
)

// sandboxSecret is the secret that the sandbox's repository starts with.
const sandboxSecret = "STRAVA_REFRESH_TOKEN"

// sandboxFlags are what the sandbox begins with.
type sandboxFlags struct {
	address, format, rotation string
	knobs                     sandbox.Knobs
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
		Args: atMost(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := f.check(); err != nil {
				return refused(err.Error() + ".")
			}
			listener, err := sandbox.Listen(cmd.Context(), f.address)
			if err != nil {
				return refused("--address is a loopback address with a free port.")
			}
			s := sandbox.New(f.knobs)
			s.SetSecret(sandboxSecret, s.LiveRefreshToken())
			environments[f.format](p.Stdout, s.Environment("http://"+listener.Addr().String()))
			return s.Serve(cmd.Context(), listener)
		},
	}
	c.Flags().StringVar(&f.address, "address", "127.0.0.1:0", "loopback address and port; port 0 is any free one")
	c.Flags().StringVar(&f.format, "format", "shell", "how the environment is printed: shell, dotenv or json")
	c.Flags().StringVar(&f.knobs.App.ID, "client-id", "48213", "client id of the app")
	c.Flags().StringVar(&f.knobs.App.Secret, "client-secret", "", "made-up client secret; never a real one (default: random)")
	c.Flags().StringVar(&f.knobs.RefreshToken, "refresh-token", "", "made-up refresh token; never a real one (default: random)")
	c.Flags().StringSliceVar(&f.knobs.Scopes, "scopes", nil, "what the athlete has granted (default read,activity:read_all)")
	c.Flags().StringVar(&f.knobs.CallbackDomain, "callback-domain", "localhost", "authorization callback domain of the app")
	c.Flags().StringVar(&f.rotation, "rotation", string(sandbox.RotateNever), "when Strava replaces the refresh token: never, expiry or always")
	c.Flags().IntVar(&f.knobs.Activities, "activities", 100, "how many activities the athlete has")
	c.Flags().Int64Var(&f.knobs.Seed, "seed", 1, "a different seed makes different activities")
	c.Flags().BoolVar(&f.knobs.Inactive, "inactive", false, "make the app inactive: it still refreshes, and every API call is refused")
	c.Flags().DurationVar(&f.knobs.Latency, "latency", 0, "delay every answer by this much")
	return c
}

// environments print variables, by the name of the format. The values need no
// quotes.
var environments = map[string]func(io.Writer, [][2]string){
	"shell":  func(w io.Writer, all [][2]string) { printLines(w, "export ", all) },
	"dotenv": func(w io.Writer, all [][2]string) { printLines(w, "", all) },
	"json": func(w io.Writer, all [][2]string) {
		object := map[string]string{}
		for _, v := range all {
			object[v[0]] = v[1]
		}
		text, _ := json.MarshalIndent(object, "", "  ") // strings alone
		_, _ = fmt.Fprintln(w, string(text))
	},
}

func printLines(w io.Writer, before string, all [][2]string) {
	for _, v := range all {
		_, _ = fmt.Fprintf(w, "%s%s=%s\n", before, v[0], v[1])
	}
}

// check reports a flag that is written wrongly, and takes the others over.
func (f *sandboxFlags) check() error {
	plain := regexp.MustCompile(`^[A-Za-z0-9_-]*$`)
	switch {
	case environments[f.format] == nil:
		return errors.New("--format is shell, dotenv or json")
	case !regexp.MustCompile(`^[0-9]+$`).MatchString(f.knobs.App.ID):
		return errors.New("--client-id is a number")
	case !plain.MatchString(f.knobs.App.Secret) || !plain.MatchString(f.knobs.RefreshToken):
		return errors.New("--client-secret and --refresh-token are letters, digits, - and _")
	}
	f.knobs.Rotation = sandbox.Rotation(f.rotation)
	if err := f.knobs.Check(); err != nil {
		return fmt.Errorf("--%w", err)
	}
	return nil
}
