package store

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/google/go-github/v60/github"

	"strava-token/internal/secret"
	"strava-token/internal/transport"
)

// GitHub is GitHub's API under one token.
type GitHub struct {
	host string
	// reads repeats requests that store nothing; once does not repeat, and has
	// a rate limit of its own, so that an answer to a read can never stop a
	// write before it was sent.
	reads *github.Client
	once  *github.Client
}

// NewGitHub returns the API at base, as GITHUB_API_URL gives it.
func NewGitHub(network *transport.Network, base *url.URL, token secret.Value) *GitHub {
	base = base.JoinPath("/") // go-github wants a trailing slash
	client := func(c *http.Client) *github.Client {
		authorized := *c
		authorized.Transport = &authorize{base: c.Transport, host: base.Host, token: token}
		gh := github.NewClient(&authorized)
		gh.BaseURL = base
		gh.UserAgent = "strava-token"
		return gh
	}
	return &GitHub{host: base.Host, reads: client(network.Reads), once: client(network.Once)}
}

// authorize adds the token to requests for the API's own host.
type authorize struct {
	base  http.RoundTripper
	host  string
	token secret.Value
}

func (a *authorize) RoundTrip(req *http.Request) (*http.Response, error) {
	if strings.EqualFold(req.URL.Host, a.host) {
		req = req.Clone(req.Context())
		req.Header.Set("Authorization", "Bearer "+a.token.Reveal())
	}
	return a.base.RoundTrip(req)
}
