package strava

import (
	"context"
	"net/url"

	"strava-token/internal/secret"
)

// Revoke revokes the app's access: both of the athlete's tokens die, whichever is
// given. Strava reports success even for a token that it doesn't know.
//
// It's the one call that authenticates by HTTP Basic, and is never repeated.
func (c *Client) Revoke(ctx context.Context, token secret.Value) error {
	ctx, cancel := context.WithTimeout(ctx, tokenTimeout)
	defer cancel()
	req := post(ctx, endpoint(c.URL, "/oauth/revoke"), url.Values{"token": {token.Reveal()}}, &gate{})
	req.SetBasicAuth(c.ClientID, c.ClientSecret.Reveal())
	_, err := ask(c.Network.Token, req)
	return err
}
