// Package strava is the client for Strava: the token endpoint and the probes, with
// a Kind for every refusal.
//
// The OAuth client is our own, since it is what this project exists for and
// golang.org/x/oauth2 cannot keep its promise: that package drops a valid new
// refresh token if access_token is missing, parses text/plain as a form,
// posts twice by default to find out how to send the credentials, and prints
// bodies in its errors. Here a refresh token that arrived is returned even
// if the rest of the answer is junk.
package strava

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"strava-token/internal/secret"
	"strava-token/internal/transport"
)

// The addresses of the service, as its documentation names them.
const (
	DefaultURL    = "https://www.strava.com"
	DefaultAPIURL = "https://www.strava.com/api/v3"
)

// Client acts as one Strava app.
type Client struct {
	Network      *transport.Network
	URL          *url.URL // the host of /oauth, without a path
	APIURL       *url.URL // the base of the API, with its path
	ClientID     string
	ClientSecret secret.Value
}

// Open starts connecting to the token endpoint ahead of the first request.
func (c *Client) Open(ctx context.Context) { c.Network.Open(ctx, c.URL) }

func endpoint(base *url.URL, path string) string {
	return strings.TrimSuffix(base.String(), "/") + path
}

// post sends form to an OAuth endpoint, once. Nothing of it leaves unless g lets it
// through.
func (c *Client) post(ctx context.Context, path string, form url.Values, g *gate) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, endpoint(c.URL, path), nil)
	if err != nil {
		return nil, fmt.Errorf("build request: %w", err)
	}
	text := form.Encode()
	// net/http asks for the body again when it sends the request over another
	// connection, since the first was closed before anything was written to it.
	req.GetBody = func() (io.ReadCloser, error) { return g.guard(text), nil }
	req.Body, req.ContentLength = g.guard(text), int64(len(text))
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Accept", "application/json")
	return c.Network.Token.Do(req)
}

// get sends a request to the API, with access in the Authorization header: from
// 1 June 2027 Strava accepts a bearer token nowhere else.
func (c *Client) get(ctx context.Context, path string, access secret.Value) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, endpoint(c.APIURL, path), nil)
	if err != nil {
		return nil, fmt.Errorf("build request: %w", err)
	}
	req.Header.Set("Authorization", "Bearer "+access.Reveal())
	req.Header.Set("Accept", "application/json")
	return c.Network.Probes.Do(req)
}
