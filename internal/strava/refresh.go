package strava

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"strava-token/internal/secret"
	"strava-token/internal/transport"
	"strava-token/internal/words"
)

const (
	tokenRetries = 2
	// tokenTimeout limits one token request. It is long, since giving up on an
	// answer that is on its way is one way to lose it.
	tokenTimeout = 20 * time.Second
	// answerTime is the least time to leave for an answer to arrive.
	answerTime = 10 * time.Second
)

// Refresh exchanges a refresh token for an access token.
//
// It repeats the request at most twice, and only after a 5xx or a broken
// connection; never after a refusal, and never after a complete success, however
// malformed. Even beside an error, the Token may contain a refresh token that
// replaces the one that was sent, or answers that may contain one.
//
// If the request is refused after the answer to an earlier one was lost, because the
// connection broke or a gateway answered in Strava's place, the kind is AnswerLost:
// Strava may have replaced the refresh token in it.
//
// The end of ctx stops the request only until something is sent; after that only the
// end of answering does.
func (c *Client) Refresh(ctx, answering context.Context, refresh secret.Value) (Token, error) {
	form := url.Values{
		"client_id":     {c.ClientID},
		"client_secret": {c.ClientSecret.Reveal()},
		"grant_type":    {"refresh_token"},
		"refresh_token": {refresh.Reveal()},
	}
	return c.grant(ctx, answering, form)
}

// grant asks for tokens under the rules that Refresh promises.
func (c *Client) grant(ctx, answering context.Context, form url.Values) (Token, error) {
	backoff := transport.Backoff(tokenRetries)
	var unread []secret.Value
	lost, broke, sent := false, false, false
	for {
		token, err := c.requestToken(ctx, answering, form, sent)
		var e *Error
		if err == nil || !token.RefreshToken.Empty() || !errors.As(err, &e) {
			return token, err
		}
		switch {
		case e.Kind != WrongClientSecret && e.Kind != InvalidClientID:
		case c.ClientID == words.ExampleClientID:
			e.seen = "log-seen-example"
		case e.Kind == WrongClientSecret:
			e.seen = words.Seen(c.ClientSecret.Reveal(), form.Get("refresh_token"))
		}
		unread = append(unread, token.Unread...)
		token.Unread = unread
		again, brokeNow := e.repeatable(), e.Kind == NoAnswer
		switch {
		case lost && e.Kind == InvalidRefreshToken:
			e.Kind = AnswerLost
		case broke && e.Kind != Malformed && e.Kind != WrongClientSecret:
			e.Kind = NoAnswer // an earlier request may have arrived
		case sent && (e.Kind == Unreachable || e.Kind == BadCertificate):
			// This one never left, but the one before did.
			e.Kind = NoAnswer
		}
		pause, stop := backoff.Next()
		if stop || !again || !EnoughTime(answering, pause) {
			return token, err
		}
		sent = sent || e.Kind != Unreachable
		broke = broke || brokeNow
		lost = lost || brokeNow || e.Status == http.StatusBadGateway || e.Status == http.StatusGatewayTimeout || len(unread) > 0
		// After a cancellation no further request is sent: there might be no time
		// for its answer.
		if transport.Pause(ctx, pause) != nil {
			return token, err
		}
	}
}

// EnoughTime reports whether there's time to wait for the answer to a token request
// that is sent after pause. Not waiting for it is one way to lose it.
func EnoughTime(ctx context.Context, pause time.Duration) bool {
	deadline, ok := ctx.Deadline()
	return !ok || time.Until(deadline)-pause >= answerTime
}

// repeatable reports whether another request may follow. A complete success is final.
func (e *Error) repeatable() bool {
	return e.Kind == Outage || e.Kind == Unreachable || e.Kind == NoAnswer && e.Status == 0
}

// requestToken sends one token request. sent says that an earlier one was sent.
func (c *Client) requestToken(ctx, answering context.Context, form url.Values, sent bool) (Token, error) {
	if !sent && ctx.Err() != nil {
		return Token{}, &Error{Kind: Unreachable, Host: c.URL.Host, cause: ctx.Err()}
	}
	answering, cancel := context.WithTimeout(answering, tokenTimeout)
	defer cancel()
	var g gate
	stop := context.AfterFunc(ctx, func() {
		if g.close() {
			cancel()
		}
	})
	defer stop()
	answering, ear := transport.Hear(answering)
	defer ear.Done()
	resp, err := c.post(answering, "/oauth/token", form, &g)
	if err != nil {
		if g.closed() {
			err = ctx.Err()
		}
		var token Token
		if g.passed() {
			token.Unread = unread(nil, ear.Rest())
		}
		return token, unanswered(c.URL, g.passed(), err)
	}
	defer resp.Body.Close()
	var body []byte
	var broken error
	if resp.StatusCode != http.StatusSwitchingProtocols { // whose body is the connection
		body, broken = io.ReadAll(resp.Body)
	}
	return c.readAnswer(resp, body, broken, ear)
}

// readAnswer extracts what it can; an unreadable answer that may hold a token is kept
// as it came.
func (c *Client) readAnswer(resp *http.Response, body []byte, broken error, ear *transport.Ear) (Token, error) {
	e := &Error{Kind: Malformed, Status: resp.StatusCode, Host: c.URL.Host}
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		plain := unzip(body)
		e = refusal(resp, plain, time.Now())
		if wire := beyond(resp, ear.SoFar(), body); !mentionsToken(wire) && (isFault(plain) || !mentionsToken(plain)) {
			return Token{}, e
		}
		return Token{Unread: unread(body, ear.Rest())}, e
	}
	token, ok := parse(body, time.Now())
	switch {
	case ok && token.AccessToken.Empty():
		return token, e
	case ok:
		return token, nil
	}
	token.Unread = unread(body, ear.Rest())
	if broken != nil {
		return token, unanswered(c.URL, true, broken)
	}
	if len(token.Unread) == 0 {
		e.Kind = NoAnswer
	}
	return token, e
}

// unanswered returns the Error of a call without an answer. The network's own error
// is kept for errors.Is, and never printed: it may quote what was sent.
func unanswered(base *url.URL, sent bool, err error) *Error {
	kind := Unreachable
	switch {
	case transport.IsCertificate(err):
		kind = BadCertificate
	case sent:
		kind = NoAnswer
	}
	return &Error{Kind: kind, Host: base.Host, cause: err}
}

// probe sends a request that costs nothing to the API, and returns the answer's body.
func (c *Client) probe(ctx context.Context, path string, access secret.Value) ([]byte, error) {
	resp, err := c.get(ctx, path, access)
	if err != nil {
		return nil, unanswered(c.APIURL, true, err)
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
