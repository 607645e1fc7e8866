package strava

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"strava-token/internal/secret"
	"strava-token/internal/transport"
)

const (
	// A code fresh from the callback is sometimes refused as invalid. That doesn't
	// consume it; the same one works about 2 s later.
	codePause   = 2 * time.Second
	codeRetries = 2
)

// AuthorizeURL returns the page on which an athlete grants the app scopes. force asks
// again even if they were granted before. The callback gets state back.
func (c *Client) AuthorizeURL(redirect string, scopes []string, state string, force bool) string {
	to := endpoint(c.URL, "/oauth/authorize")
	to.RawQuery = url.Values{
		"client_id":       {c.ClientID},
		"redirect_uri":    {redirect},
		"response_type":   {"code"},
		"approval_prompt": {map[bool]string{false: "auto", true: "force"}[force]},
		"scope":           {strings.Join(scopes, ",")},
		"state":           {state},
	}.Encode()
	return to.String()
}

// HideID percent-encodes the client id in a link, so that a mask for it doesn't break
// the link.
func HideID(link, id string) string {
	hidden := "%" + strings.ReplaceAll(fmt.Sprintf("% X", id), " ", "%")
	return strings.Replace(link, "client_id="+id+"&", "client_id="+hidden+"&", 1)
}

// LeadsBackTo reports whether Strava would send a browser back to redirect. Strava
// checks that before anybody logs in: if so it redirects to its login page, and if the
// app's callback domain is another one it answers 400. (Believed, from one report;
// anything else counts as no.)
func (c *Client) LeadsBackTo(ctx context.Context, redirect string) bool {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second) // it only makes a link nicer
	defer cancel()
	link, _ := url.Parse(c.AuthorizeURL(redirect, []string{"read"}, "", false))
	answer, err := c.Network.Token.Do(request(ctx, http.MethodGet, link))
	if err != nil {
		return false
	}
	defer answer.Body.Close()
	to, err := answer.Location()
	return err == nil && answer.StatusCode == http.StatusFound && to.Host == c.URL.Host && to.Path == "/login"
}

// Exchange turns the code of a callback into tokens. It follows the rules of Refresh,
// and tries a code that is refused as invalid twice more, 2 s apart.
func (c *Client) Exchange(ctx, answering context.Context, code secret.Value) (Token, error) {
	for attempt := 0; ; attempt++ {
		token, err := c.grant(ctx, answering, "authorization_code", "code", code)
		if KindOf(err) != InvalidCode || attempt == codeRetries || transport.Pause(ctx, codePause) != nil {
			return token, err
		}
	}
}
