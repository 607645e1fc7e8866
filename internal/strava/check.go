package strava

import (
	"context"
	"slices"

	"strava-token/internal/secret"
)

// impossible is a refresh token that Strava never issues: theirs are hexadecimal.
const impossible = "strava-token-doctor"

// CheckApp checks that the client id and the client secret belong together. It spends
// nothing: Strava checks both before it looks at the refresh token, and this one can't
// exist.
func (c *Client) CheckApp(ctx context.Context) error {
	_, err := c.Refresh(ctx, ctx, secret.New(impossible))
	if kind := KindOf(err); kind == InvalidRefreshToken || kind == AnswerLost {
		return nil
	}
	return err
}

// IsAppRefused reports whether Strava refused the app's credentials.
func IsAppRefused(err error) bool {
	return slices.Contains([]Kind{InvalidClientID, MissingClientSecret, WrongClientSecret, SecretAsClientID}, KindOf(err))
}
