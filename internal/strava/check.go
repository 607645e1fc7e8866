package strava

import (
	"context"
	"errors"

	"strava-token/internal/secret"
)

// impossible is a refresh token that Strava never issues: theirs are hexadecimal.
const impossible = "strava-token-doctor"

// CheckApp checks that the client id and the client secret belong together. It spends
// nothing: Strava checks both before it looks at the refresh token, and this one can't
// exist.
func (c *Client) CheckApp(ctx context.Context) error {
	_, err := c.Refresh(ctx, ctx, secret.New(impossible))
	var e *Error
	if errors.As(err, &e) && (e.Kind == InvalidRefreshToken || e.Kind == AnswerLost) {
		return nil
	}
	return err
}

// IsAppRefused reports whether Strava refused the app's credentials.
func IsAppRefused(err error) bool {
	var e *Error
	return errors.As(err, &e) &&
		(e.Kind == InvalidClientID || e.Kind == MissingClientSecret || e.Kind == WrongClientSecret || e.Kind == SecretAsClientID)
}
