package cli

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"strava-token/internal/action"
	"strava-token/internal/provider"
	"strava-token/internal/recovery"
	"strava-token/internal/secret"
	"strava-token/internal/strava"
	"strava-token/internal/transport"
)

func revokeCommand(p Process, status *provider.Status) *cobra.Command {
	s := &shell{p: p}
	var yes bool
	c := &cobra.Command{
		Use:   "revoke",
		Short: "Take the app's access to your Strava account away",
		Long: "revoke reads STRAVA_CLIENT_ID, STRAVA_CLIENT_SECRET and STRAVA_REFRESH_TOKEN, unless a branch\n" +
			"or a file keeps it (--rotate-to). It says what will stop working, asks, proves by\n" +
			"refreshing that the refresh token lives, since Strava reports success for a dead one,\n" +
			"too, and revokes. Both tokens die; login gets new ones.",
		Example: "  strava-token revoke --rotate-to file:/var/lib/strava/token",
		Args:    atMost(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			*status = s.revoke(cmd.Context(), yes)
			return nil
		},
	}
	s.targetFlags(c)
	c.Flags().BoolVar(&yes, "yes", false, "do not ask")
	return c
}

func (s *shell) revoke(ctx context.Context, yes bool) provider.Status {
	network := transport.New(s.p.Dial)
	defer network.Close()
	id, clientSecret := s.clientID(), s.credential("STRAVA_CLIENT_SECRET")
	client := s.strava(network, id, clientSecret)
	targets := s.targets(network, id, clientSecret)
	token := s.refreshToken()
	if s.refuse() {
		return provider.BadInput
	}
	s.warnOfOtherHosts(client)
	s.note("warning", "every workflow and program that uses this refresh token, or an access token of the same app and athlete, stops working at once")
	if !yes {
		sure, err := s.terminal(ctx).confirm("Revoke the access of app "+client.ClientID+"?", false)
		if err != nil || !sure {
			s.note("note", "nothing was revoked (--yes revokes without asking)")
			return provider.Failed
		}
	}
	// Without a target the refresh token is sealed below, should it outlive this.
	readable, writeOnly := action.Split(targets)
	run := &provider.Run{
		Strava: client, Input: token, Readable: readable, WriteOnly: writeOnly,
		Recovery: len(targets) > 0, HandedOver: true, Masked: []secret.Value{clientSecret, token}, Reporter: s,
	}
	o := run.Do(ctx)
	if len(o.Failures) > 0 {
		status := max(o.Status(), s.outlived(client, o))
		s.report(o) // a replaced refresh token is kept or sealed, so that revoke can be run again
		s.note("note", "nothing was revoked. Without a refresh token that lives, take the access away at https://www.strava.com/settings/apps")
		return status
	}
	if err := client.Revoke(ctx, o.Token.RefreshToken); err != nil {
		complain(s.p, shellNames.explainOne(err))
		return s.outlived(client, o)
	}
	s.note("done", "access is revoked; strava-token login grants it again")
	return provider.Done
}

// outlived seals a refresh token that Strava replaced and then did not revoke,
// where no target keeps it.
func (s *shell) outlived(client *strava.Client, o *provider.Outcome) provider.Status {
	if !o.Rotated || len(o.Kept) > 0 || o.Recovery != "" {
		return provider.Failed
	}
	text, err := recovery.Seal(recovery.Content{
		ClientID: client.ClientID, AthleteID: o.AthleteID, RefreshToken: o.Token.RefreshToken,
	}, client.ClientSecret, nil)
	if err != nil || !s.Recover(text) {
		complain(s.p, shellNames.fill("run/not-sealed"))
		return provider.NotKept
	}
	for _, err := range o.Failures {
		var nowhere *provider.NoTargetError
		if errors.As(err, &nowhere) {
			nowhere.Sealed = true
		}
	}
	return provider.NotKept
}
