package cli

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"strava-token/internal/provider"
	"strava-token/internal/words"
)

func revokeCommand(s *shell) *cobra.Command {
	var yes bool
	c := &cobra.Command{
		Use:   "revoke",
		Short: "Take away the app's access to your Strava account",
		Long: "revoke reads STRAVA_CLIENT_ID, STRAVA_CLIENT_SECRET and STRAVA_REFRESH_TOKEN,\n" +
			"unless a branch or a file keeps it (--rotate-to). It says what will stop\n" +
			"working, asks you to confirm, proves by refreshing that the refresh token works\n" +
			"(Strava reports success for a dead one as well), and revokes. Both tokens die;\n" +
			"login gets new ones.",
		Example: "  strava-token revoke --rotate-to file:/var/lib/strava/token",
		RunE:    func(cmd *cobra.Command, _ []string) error { return s.revoke(cmd.Context(), yes) },
	}
	s.addTargets(c)
	c.Flags().BoolVar(&yes, "yes", false, "don't ask")
	return c
}

func (s *shell) revoke(ctx context.Context, yes bool) error {
	in, err := s.read(true, nil)
	if err != nil {
		return err
	}
	in.Verify = false
	s.t.Note("warning", "every workflow and program that uses this refresh token, or an access token of the same app and athlete, stops working at once")
	if !yes {
		sure, err := s.t.Confirm(ctx, "Revoke the access of app "+in.ClientID+"?", false)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil || !sure {
			s.t.Note("note", "nothing was revoked (--yes revokes without asking)")
			return ended(provider.Failed)
		}
	}
	// A refresh token that Strava replaces is kept, or else sealed, so that revoke
	// can be run again if it fails.
	o := in.Run(s.network, s, false).Do(ctx)
	for _, warning := range o.Warnings {
		if f, ok := errors.AsType[*words.Failure](warning); !ok || f.ID != "run-no-target" { // the token is about to be revoked
			s.t.Warn(warning)
		}
	}
	if err := o.Err(); err != nil {
		s.t.Note("note", "nothing was revoked. You can also remove the app yourself, at https://www.strava.com/settings/apps")
		return err
	}
	if err := in.Strava(s.network).Revoke(ctx, o.Token.RefreshToken); err != nil {
		return err
	}
	s.t.Note("done", "access is revoked; strava-token login grants it again")
	return nil
}
