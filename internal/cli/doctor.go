package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"strava-token/internal/doctor"
	"strava-token/internal/input"
	"strava-token/internal/provider"
	"strava-token/internal/reality"
	"strava-token/internal/secret"
)

func doctorCommand(s *shell) *cobra.Command {
	c := &cobra.Command{
		Use:   "doctor",
		Short: "Check the app, the targets and the refresh token",
		Long: "doctor reads STRAVA_CLIENT_ID, STRAVA_CLIENT_SECRET and STRAVA_REFRESH_TOKEN,\n" +
			"and GH_TOKEN for the targets. It tries the refresh token only if every target\n" +
			"can store its successor. The exit status is 1 if something would fail.",
		Example: "  strava-token doctor --rotate-to owner/repo/STRAVA_REFRESH_TOKEN \\\n" +
			"    --require-scopes activity:read_all",
		RunE: func(cmd *cobra.Command, _ []string) error {
			in, err := s.read(len(s.rotateTo) > 0, nil)
			if err != nil {
				return err
			}
			report := doctor.Examine(cmd.Context(), in.Run(s.network, s, false), in.Repository)
			for _, f := range report.Findings {
				_, _ = fmt.Fprintln(s.Stdout, strings.Join(f.Lines(s.t.Voice), "\n"))
			}
			return ended(report.Status)
		},
	}
	s.addTargets(c)
	s.addScopes(c)
	return c
}

// realityCommand is for the owner of this project, so help doesn't name it.
func realityCommand(s *shell) *cobra.Command {
	c := &cobra.Command{Use: "reality", Short: "Check what this project assumes against the real services", Hidden: true}
	s.addTargets(c)
	c.RunE = func(*cobra.Command, []string) error {
		if err := s.needMasks(); err != nil {
			return err
		}
		in, err := s.read(true, nil)
		if err != nil {
			return err
		}
		if len(in.Targets) == 0 {
			return input.Wrong("rotate-to", "input-missing-rotate-to")
		}
		table, noneFalse, err := reality.Check(c.Context(), reality.Setup{
			Inputs: in, Contents: secret.New(strings.TrimSpace(s.Getenv(reality.ContentsToken))), Network: s.network, Reporter: s, Do: s.do,
		})
		_, printErr := fmt.Fprint(s.Stdout, table)
		if err == nil && (printErr != nil || c.Context().Err() != nil || !noneFalse) {
			err = ended(provider.Failed)
		}
		return err
	}
	return c
}
