package strava

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"strava-token/internal/secret"
)

// Revoke revokes the app's access: both of the athlete's tokens die, whichever is
// given. Strava reports success even for a token that it doesn't know.
//
// It's the one call that authenticates by HTTP Basic, and is never repeated.
func (c *Client) Revoke(ctx context.Context, token secret.Value) error {
	ctx, cancel := context.WithTimeout(ctx, tokenTimeout)
	defer cancel()
	form := url.Values{"token": {token.Reveal()}}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, endpoint(c.URL, "/oauth/revoke"), strings.NewReader(form.Encode()))
	if err != nil {
		return fmt.Errorf("build request: %w", err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.SetBasicAuth(c.ClientID, c.ClientSecret.Reveal())
	resp, err := c.Network.Token.Do(req)
	if err != nil {
		return unanswered(c.URL, true, err) // it may have arrived
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(resp.Body)
	if resp.StatusCode != http.StatusOK {
		return refusal(resp, body, time.Now())
	}
	return nil
}
