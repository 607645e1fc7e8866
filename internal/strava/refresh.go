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
)

const (
	tokenRetries = 2
	// tokenTimeout bounds one token request. It is long, since giving up on an
	// answer that is under way is one way to lose it.
	tokenTimeout = 20 * time.Second
	// answerTime is the least that has to be left for an answer to come.
	answerTime = 10 * time.Second
)

// Refresh exchanges a refresh token for an access token.
//
// It repeats the request at most twice, and only after a 5xx or a broken
// connection; never after a refusal, and never after a success, however
// malformed. If it returns an *Error of kind Malformed, the Token may still
// hold a refresh token, which replaces the one that was sent.
//
// If the request is refused after the connection of an earlier one broke, the
// kind is AnswerLost: Strava may have replaced the refresh token in the answer
// that never arrived.
//
// The end of ctx gives the request up as long as nothing was sent; after that only
// the end of answering does.
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
	lost, sent := false, false
	for {
		token, err := c.requestToken(ctx, answering, form, sent)
		var e *Error
		if err == nil || !errors.As(err, &e) {
			return token, err
		}
		again, broke := repeatable(e.Kind), e.Kind == NoAnswer
		switch {
		case lost:
			e.Kind = afterLostAnswer(e.Kind)
		case sent && (e.Kind == Unreachable || e.Kind == BadCertificate):
			// That this one never left says nothing of the one before.
			e.Kind = NoAnswer
		}
		pause, stop := backoff.Next()
		if stop || !again || !EnoughTime(answering, pause) {
			return token, err
		}
		sent = sent || e.Kind != Unreachable
		lost = lost || broke
		// Whoever was cancelled sends no further request: there might be no time
		// for its answer.
		if transport.Pause(ctx, pause) != nil {
			return token, err
		}
	}
}

// afterLostAnswer is what a failure means once an answer was lost on the way:
// that no connection came about says nothing any more.
func afterLostAnswer(k Kind) Kind {
	switch k {
	case InvalidRefreshToken:
		return AnswerLost
	case Malformed, WrongClientSecret:
		return k
	}
	return NoAnswer
}

// EnoughTime reports whether the answer to a token request could be waited for that
// is sent after pause. Not to wait for it is one way to lose it.
func EnoughTime(ctx context.Context, pause time.Duration) bool {
	deadline, ok := ctx.Deadline()
	return !ok || time.Until(deadline)-pause >= answerTime
}

func repeatable(k Kind) bool { return k == Outage || k == Unreachable || k == NoAnswer }

// requestToken sends one token request. sent says that an earlier one left.
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
	resp, err := c.post(answering, "/oauth/token", form, &g)
	if err != nil {
		if g.closed() {
			err = ctx.Err()
		}
		return Token{}, unanswered(c.URL, g.passed(), err)
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

// probe asks the API something that costs nothing, and says what it learned.
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
