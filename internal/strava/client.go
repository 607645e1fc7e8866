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
	"io"
	"net/http"
	"net/url"
	"path"
	"time"

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

func endpoint(base *url.URL, name string) *url.URL {
	u := *base
	u.Path = path.Join("/", u.Path, name)
	return &u
}

func request(ctx context.Context, method string, to *url.URL) *http.Request {
	header := http.Header{"Accept": {"application/json"}}
	return (&http.Request{Method: method, URL: to, Header: header}).WithContext(ctx)
}

// post returns a request that sends form. Nothing of it leaves unless g lets it through.
func post(ctx context.Context, to *url.URL, form url.Values, g *gate) *http.Request {
	req := request(ctx, http.MethodPost, to)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	text := form.Encode()
	// net/http asks for the body again when it sends the request over another
	// connection, since the first was closed before anything was written to it.
	req.GetBody = func() (io.ReadCloser, error) { return g.guard(text), nil }
	req.Body, req.ContentLength = g.guard(text), int64(len(text))
	return req
}

// ask sends a request other than for a token, and returns the body of a success.
func ask(client *http.Client, req *http.Request) ([]byte, error) {
	resp, err := client.Do(req)
	if err != nil {
		return nil, unanswered(req.URL.Host, true, err) // it may have arrived
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	switch {
	case err != nil:
		return nil, unanswered(req.URL.Host, true, err)
	case resp.StatusCode != http.StatusOK:
		return nil, refusal(resp, body, time.Now())
	}
	return body, nil
}
