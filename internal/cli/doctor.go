package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"strava-token/internal/doctor"
	"strava-token/internal/terminal"
	"strava-token/internal/transport"
)

func doctorCommand(p Process, t *terminal.Terminal) *cobra.Command {
	f := &runFlags{}
	c := &cobra.Command{
		Use:   "doctor",
		Short: "Check the app, the targets and the refresh token",
		Long: "doctor reads STRAVA_CLIENT_ID, STRAVA_CLIENT_SECRET and STRAVA_REFRESH_TOKEN,\n" +
			"and GH_TOKEN for the targets. It tries the refresh token only if every target\n" +
			"can store its successor. The exit status is 1 if something would fail.",
		Example: "  strava-token doctor --rotate-to owner/repo/STRAVA_REFRESH_TOKEN \\\n" +
			"    --require-scopes activity:read_all",
		Args: atMost(0),
		RunE: func(cmd *cobra.Command, _ []string) error { return examine(cmd.Context(), p, t, f) },
	}
	f.addTargets(c)
	f.addScopes(c)
	return c
}

func examine(ctx context.Context, p Process, t *terminal.Terminal, f *runFlags) error {
	in, err := f.read(p, t, len(f.rotateTo) > 0, nil)
	if err != nil {
		return err
	}
	network := transport.New(p.Dial)
	defer network.Close()
	report := doctor.Examine(ctx, in.Run(network, newReporter(p, t, f.rotateTo), false), in.Repository)
	for _, f := range report.Findings {
		for _, line := range f.Lines(t.Voice) {
			_, _ = fmt.Fprintln(p.Stdout, line)
		}
	}
	return ended(report.Status)
}
