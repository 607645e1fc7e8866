package cli

import (
	"context"

	"github.com/spf13/cobra"

	"strava-token/internal/provider"
	"strava-token/internal/transport"
)

func revokeCommand(p Process, status *provider.Status) *cobra.Command {
	s := &shell{p: p}
	var yes bool
	c := &cobra.Command{
		Use:   "revoke",
		Short: "Take the app's access to your Strava account away",
		Long: "revoke reads STRAVA_CLIENT_ID, STRAVA_CLIENT_SECRET and STRAVA_REFRESH_TOKEN, says what will\n" +
			"stop working, asks, and revokes. Both tokens die; login gets new ones.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			*status = s.revoke(cmd.Context(), yes)
			return nil
		},
	}
	c.Flags().BoolVar(&yes, "yes", false, "do not ask")
	return c
}

func (s *shell) revoke(ctx context.Context, yes bool) provider.Status {
	network := transport.New(s.p.Dial)
	defer network.Close()
	client := s.strava(network, s.clientID(), s.credential("STRAVA_CLIENT_SECRET"))
	token := s.credential("STRAVA_REFRESH_TOKEN")
	if s.refuse() {
		return provider.BadInput
	}
	s.warnOfOtherHosts(client)
	s.note("warning", "every workflow and program that uses this refresh token, or an access token of the same app and athlete, stops working at once")
	if !yes {
		sure, err := s.terminal(ctx).confirm("Revoke the access of app "+client.ClientID+"?", false)
		if err != nil || !sure {
			s.note("done", "nothing was revoked (--yes revokes without asking)")
			return provider.Failed
		}
	}
	if err := client.Revoke(ctx, token); err != nil {
		complain(s.p, shellNames.explainOne(err))
		return provider.Failed
	}
	s.note("done", "access is revoked. Strava says so for a token that it does not know, too; strava-token login grants access again")
	return provider.Done
}
