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
	"errors"
	"io"
	"net/http"
	"net/url"
	"path"
	"strings"
	"sync"
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

func endpoint(base *url.URL, name string) *url.URL {
	u := *base
	u.Path = path.Join("/", u.Path, name)
	return &u
}

func request(ctx context.Context, method string, to *url.URL) *http.Request {
	return (&http.Request{Method: method, URL: to, Header: http.Header{}}).WithContext(ctx)
}

// post returns a request that sends form. Nothing of it leaves unless g lets it through.
func post(ctx context.Context, to *url.URL, form url.Values, g *gate) *http.Request {
	req := request(ctx, http.MethodPost, to)
	req.Header.Set("Accept", "application/json")
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	text := form.Encode()
	// net/http asks for the body again when it sends the request over another
	// connection, since the first was closed before anything was written to it.
	req.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(io.MultiReader(g, strings.NewReader(text))), nil }
	req.Body, _ = req.GetBody()
	req.ContentLength = int64(len(text))
	return req
}

// gate decides whether the form of a request leaves this machine: either it's sent,
// or the request is given up first, never both. A connection that is open doesn't
// tell, since net/http writes without asking again.
type gate struct {
	decide sync.Once
	sent   bool
}

// shut keeps the form here, unless that may already have left: then it returns true.
func (g *gate) shut() bool {
	g.decide.Do(func() {})
	return g.sent
}

// Read lets through the form behind the gate, unless that was shut.
func (g *gate) Read([]byte) (int, error) {
	g.decide.Do(func() { g.sent = true })
	if g.sent {
		return 0, io.EOF
	}
	return 0, errors.New("given up before it was sent")
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
