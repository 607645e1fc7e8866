package cli

import (
	"context"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"strava-token/internal/login"
	"strava-token/internal/provider"
	"strava-token/internal/words"
)

func loginCommand(s *shell) *cobra.Command {
	l := &login.Login{Getenv: s.Getenv, Terminal: s.t, Reporter: s, Stdout: s.Stdout, Dial: s.Dial, Browse: s.Browse}
	l.Again = slices.DeleteFunc(append(words.Command{"strava-token"}, s.Args...), func(arg string) bool { return strings.HasPrefix(arg, "--yes") })
	c := &cobra.Command{
		Use:   "login",
		Short: "Get the first refresh token, in a browser on any device",
		Long: "login asks for the client id and the client secret (or takes them from\n" +
			"STRAVA_CLIENT_ID and STRAVA_CLIENT_SECRET), opens Strava's page, and keeps what\n" +
			"comes back.\n\n" +
			"With --repo, and GH_TOKEN or a gh that is logged in, the refresh token goes onto\n" +
			"a branch of that repository, encrypted, and the client secret into one of its\n" +
			"secrets. login then prints the workflow to save. Without --repo, both go into\n" +
			"files on this machine, or to standard output with --format.\n\n" +
			"In a remote shell, open the printed address on any device, and paste the address\n" +
			"of the page that follows.",
		Example: "  strava-token login --repo owner/name\n" +
			"  strava-token login --rotate-to file:/var/lib/strava/token\n" +
			"  strava-token login --format dotenv >strava.env",
		RunE: func(cmd *cobra.Command, _ []string) error {
			l.RotateTo = s.rotateTo
			err := l.Run(cmd.Context())
			if cmd.Context().Err() != nil && err != context.Canceled && statusOf(err) == provider.Failed {
				s.t.Error(err) // it was interrupted while it kept the token
				return interrupted
			}
			return err
		},
	}
	f := c.Flags()
	f.StringVar(&l.Repository, "repo", "", "repository that keeps everything, as owner/name or its address")
	f.StringVar(&l.Environment, "environment", "", "environment that gets the client secret as its secret")
	f.StringVar(&l.Scope, "scope", "read,activity:read_all", "scopes to ask for, separated by commas")
	f.IntVar(&l.Port, "port", 8000, "port on 127.0.0.1 that the browser comes back to")
	f.BoolVar(&l.NoBrowser, "no-browser", false, "don't open a browser here")
	f.StringArrayVar(&s.rotateTo, "rotate-to", nil, "target that keeps the refresh token; may be repeated (default branch:strava-token with --repo)")
	f.StringVar(&l.Format, "format", "", "print the credentials to standard output: json or dotenv")
	f.StringVar(&l.Output, "output", "", "file for the client id and the client secret, mode 0600 (default: beside the refresh token)")
	f.BoolVar(&l.Yes, "yes", false, "replace what exists without asking")
	return c
}
