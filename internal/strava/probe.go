package strava

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"

	"strava-token/internal/secret"
	"strava-token/internal/words"
)

// Athlete returns the id, a positive number, of the athlete whose token access is.
// Any scope will do.
//
// It also proves that the token works: while the app is inactive, refreshing still
// succeeds, and this call is refused with AppInactive.
func (c *Client) Athlete(ctx context.Context, access secret.Value) (int64, error) {
	body, err := c.probe(ctx, endpoint(c.APIURL, "/athlete"), access)
	if err != nil {
		return 0, err
	}
	var athlete struct {
		ID int64 `json:"id"`
	}
	if json.Unmarshal(body, &athlete) != nil || athlete.ID <= 0 {
		return 0, &Error{Kind: Malformed, Status: 200, Host: c.APIURL.Host}
	}
	return athlete.ID, nil
}

// Activities checks that access may read activities. The error is or wraps an *Error,
// of kind ScopeMissing if the token has neither activity:read nor activity:read_all.
// Success doesn't show which of the two it has.
func (c *Client) Activities(ctx context.Context, access secret.Value) error {
	to := endpoint(c.APIURL, "/athlete/activities")
	to.RawQuery = "per_page=1"
	_, err := c.probe(ctx, to, access)
	return err
}

// probe sends a request that costs nothing to the API, with access in the Authorization
// header: from 1 June 2027 Strava accepts a bearer token nowhere else.
func (c *Client) probe(ctx context.Context, to *url.URL, access secret.Value) ([]byte, error) {
	req := request(ctx, http.MethodGet, to)
	req.Header.Set("Accept", "application/json")
	req.Header.Set("Authorization", "Bearer "+access.Reveal())
	return ask(c.Network.Probes, req)
}

// ProbeCause returns the blank for why Strava gave no clear answer to a question. The
// error's whole message would also speak of a refresh token, and none was at stake.
func ProbeCause(err error) any {
	if e, ok := errors.AsType[*Error](err); ok {
		return words.Short{Err: e}
	}
	return words.Sentence("log-no-access-token")
}

// CheckApp checks that the client id and the client secret belong together. It spends
// nothing: Strava checks both before it looks at the refresh token, and this one can't
// exist, since theirs are hexadecimal.
func (c *Client) CheckApp(ctx context.Context) error {
	_, err := c.Refresh(ctx, ctx, secret.New("strava-token-doctor"))
	if kind := KindOf(err); kind == InvalidRefreshToken || kind == AnswerLost {
		return nil
	}
	return err
}

// IsAppRefused reports whether Strava refused the app's credentials.
func IsAppRefused(err error) bool {
	return slices.Contains([]Kind{InvalidClientID, MissingClientSecret, WrongClientSecret, SecretAsClientID}, KindOf(err))
}
