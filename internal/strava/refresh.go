package strava

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"time"

	"strava-token/internal/secret"
	"strava-token/internal/transport"
)

const (
	tokenRetries = 2
	// tokenTimeout bounds one token request. It is long, since giving up on an
	// answer that is under way is one way to lose it.
	tokenTimeout = 20 * time.Second
)

// Refresh exchanges a refresh token for an access token.
//
// It repeats the request at most twice, and only after a 5xx or a broken
// connection; never after a refusal, and never after a success, however
// malformed. Where it returns an *Error of kind Malformed, the Token may still
// hold a refresh token, which replaces the one that was sent.
//
// Where the request is refused after an answer had been lost on the way, the
// kind is AnswerLost: Strava may have replaced the refresh token in the answer
// that never arrived.
func (c *Client) Refresh(ctx context.Context, refresh secret.Value) (Token, error) {
	form := url.Values{
		"client_id":     {c.ClientID},
		"client_secret": {c.ClientSecret.Reveal()},
		"grant_type":    {"refresh_token"},
		"refresh_token": {refresh.Reveal()},
	}
	return c.grant(ctx, form)
}

// grant asks for tokens under the rules that Refresh promises.
func (c *Client) grant(ctx context.Context, form url.Values) (Token, error) {
	backoff := transport.Backoff(tokenRetries)
	lost := false
	for {
		token, err := c.requestToken(ctx, form)
		var e *Error
		if err == nil || !errors.As(err, &e) {
			return token, err
		}
		if lost && e.Kind == InvalidRefreshToken {
			e.Kind = AnswerLost
		}
		pause, stop := backoff.Next()
		if stop || !repeatable(e.Kind) {
			return token, err
		}
		lost = lost || e.Kind == NoAnswer || e.Kind == Outage
		if transport.Pause(ctx, pause) != nil {
			return token, err
		}
	}
}

func repeatable(k Kind) bool { return k == Outage || k == Unreachable || k == NoAnswer }

// requestToken sends one token request.
func (c *Client) requestToken(ctx context.Context, form url.Values) (Token, error) {
	ctx, cancel := context.WithTimeout(ctx, tokenTimeout)
	defer cancel()
	connected := false
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) { connected = true },
	})
	resp, err := c.post(ctx, "/oauth/token", form)
	if err != nil {
		return Token{}, unanswered(c.URL, connected, err)
	}
	defer resp.Body.Close()
	body, readErr := io.ReadAll(resp.Body)
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		return Token{}, refusal(resp, body, time.Now())
	}
	token, ok := parse(body)
	switch {
	case ok:
		return token, nil
	case readErr != nil && token.RefreshToken.Empty():
		return Token{}, unanswered(c.URL, true, readErr)
	}
	return token, &Error{Kind: Malformed, Status: resp.StatusCode, Host: c.URL.Host}
}

// unanswered is the Error of a call without an answer. The network's own error
// is kept for errors.Is, and never printed: it may quote what was sent.
func unanswered(base *url.URL, connected bool, err error) *Error {
	kind := Unreachable
	switch {
	case transport.IsCertificate(err):
		kind = BadCertificate
	case connected:
		kind = NoAnswer
	}
	return &Error{Kind: kind, Host: base.Host, cause: err}
}

// probe asks the API something that costs nothing, and says what it learned.
func (c *Client) probe(ctx context.Context, path string, access secret.Value) ([]byte, error) {
	resp, err := c.get(ctx, path, access)
	if err != nil {
		return nil, unanswered(c.APIURL, false, err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, unanswered(c.APIURL, true, err)
	}
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("probe: %w", refusal(resp, body, time.Now()))
	}
	return body, nil
}
