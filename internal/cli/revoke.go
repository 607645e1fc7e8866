package cli

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"strava-token/internal/provider"
	"strava-token/internal/terminal"
	"strava-token/internal/transport"
)

func revokeCommand(p Process, t *terminal.Terminal) *cobra.Command {
	f := &runFlags{}
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
		Args:    atMost(0),
		RunE:    func(cmd *cobra.Command, _ []string) error { return revoke(cmd.Context(), p, t, f, yes) },
	}
	f.addTargets(c)
	c.Flags().BoolVar(&yes, "yes", false, "don't ask")
	return c
}

func revoke(ctx context.Context, p Process, t *terminal.Terminal, f *runFlags, yes bool) error {
	f.verify = false
	in, err := f.read(p, t, true, nil)
	if err != nil {
		return err
	}
	network := transport.New(p.Dial)
	defer network.Close()
	t.Note("warning", "every workflow and program that uses this refresh token, or an access token of the same app and athlete, stops working at once")
	if !yes {
		sure, err := t.Confirm(ctx, "Revoke the access of app "+in.ClientID+"?", false)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil || !sure {
			t.Note("note", "nothing was revoked (--yes revokes without asking)")
			return ended(provider.Failed)
		}
	}
	// A refresh token that Strava replaces is kept, or else sealed, so that revoke
	// can be run again if it fails.
	o := in.Run(network, t, false).Do(ctx)
	for _, warning := range o.Warnings {
		var nowhere *provider.NoTargetError
		if !errors.As(warning, &nowhere) { // it is about to die
			t.Warn(warning)
		}
	}
	if err := o.Err(); err != nil {
		t.Note("note", "nothing was revoked. Without a refresh token that lives, take the access away at https://www.strava.com/settings/apps")
		return err
	}
	if err := in.Strava(network).Revoke(ctx, o.Token.RefreshToken); err != nil {
		return err
	}
	t.Note("done", "access is revoked; strava-token login grants it again")
	return nil
}
