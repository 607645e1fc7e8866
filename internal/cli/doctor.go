package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"strava-token/internal/action"
	"strava-token/internal/doctor"
	"strava-token/internal/provider"
	"strava-token/internal/secret"
	"strava-token/internal/transport"
)

func doctorCommand(p Process, status *provider.Status) *cobra.Command {
	s := &shell{p: p}
	var scopes string
	c := &cobra.Command{
		Use:   "doctor",
		Short: "Examine the app, the targets and the refresh token, and print a checklist",
		Long: "doctor reads STRAVA_CLIENT_ID, STRAVA_CLIENT_SECRET and STRAVA_REFRESH_TOKEN, and GH_TOKEN\n" +
			"for the targets. It tries the refresh token only where every target can keep its\n" +
			"successor. The exit status is 1 where something would fail.",
		Example: "  strava-token doctor --rotate-to owner/repo/STRAVA_REFRESH_TOKEN --require-scopes activity:read_all",
		Args:    atMost(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			*status = s.examine(cmd.Context(), scopes)
			return nil
		},
	}
	s.targetFlags(c)
	c.Flags().StringVar(&scopes, "require-scopes", "", "scopes that the token must have, comma between them")
	return c
}

func (s *shell) examine(ctx context.Context, scopes string) provider.Status {
	network := transport.New(s.p.Dial)
	defer network.Close()
	clientSecret := s.credential("STRAVA_CLIENT_SECRET")
	run := &provider.Run{
		Strava:   s.strava(network, s.clientID(), clientSecret),
		Verify:   true,
		Recovery: true,
		Masked:   []secret.Value{clientSecret},
		Reporter: s,
	}
	run.Readable, run.WriteOnly = action.Split(s.targets(network, run.Strava.ClientID, clientSecret))
	if len(s.rotateTo) > 0 {
		run.Input = s.refreshToken()
	}
	var problems []action.Problem
	run.RequireScopes, problems = action.ParseScopes("--require-scopes", scopes)
	s.problems = append(s.problems, problems...)
	if s.refuse() {
		return provider.BadInput
	}
	s.warnOfOtherHosts(run.Strava)
	report := doctor.Examine(ctx, run, s.repo())
	for _, f := range report.Findings {
		for _, line := range action.Checklist(f, shellNames.explain) {
			_, _ = fmt.Fprintln(s.p.Stdout, line)
		}
	}
	return report.Status
}
