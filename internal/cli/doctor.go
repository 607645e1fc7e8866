package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"strava-token/internal/doctor"
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
