package strava

import (
	"cmp"
	"context"
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
	return c.grant(ctx, answering, "refresh_token", "refresh_token", refresh)
}

// grant asks for tokens under the rules that Refresh promises.
func (c *Client) grant(ctx, answering context.Context, grantType, name string, credential secret.Value) (Token, error) {
	form := url.Values{
		"client_id":     {c.ClientID},
		"client_secret": {c.ClientSecret.Reveal()},
		"grant_type":    {grantType},
		name:            {credential.Reveal()},
	}
	var unread []secret.Value
	// An earlier request left; it got no answer; Strava may have carried it out.
	var sent, broke, lost bool
	for backoff := transport.Backoff(tokenRetries); ; {
		token, e := c.requestToken(ctx, answering, form)
		if e == nil {
			return token, nil
		}
		if !token.RefreshToken.Empty() {
			return token, e
		}
		unread = append(unread, token.Unread...)
		token.Unread = unread
		e.seen = c.seen(e.Kind, credential)
		kind := e.Kind
		switch {
		case lost && kind == InvalidRefreshToken:
			e.Kind = AnswerLost
		case broke && kind != Malformed && kind != WrongClientSecret,
			sent && (kind == Unreachable || kind == BadCertificate): // this one never left
			e.Kind = NoAnswer
		}
		again := kind == Outage || kind == Unreachable || kind == NoAnswer && e.Status == 0 // a complete success is final
		pause, stop := backoff.Next()
		// After a cancellation no further request is sent: there might be no time for
		// its answer.
		if stop || !again || !EnoughTime(answering, pause) || transport.Pause(ctx, pause) != nil {
			return token, e
		}
		sent = sent || kind != Unreachable
		broke = broke || kind == NoAnswer
		lost = lost || broke || e.Status == http.StatusBadGateway || e.Status == http.StatusGatewayTimeout || len(unread) > 0
	}
}

// seen returns what looks wrong with the app's credentials, if those were refused.
func (c *Client) seen(refused Kind, credential secret.Value) words.Sentence {
	switch {
	case c.ClientID == "12345" && (refused == InvalidClientID || refused == WrongClientSecret): // as in the workflow that people copy
		return "log-seen-example"
	case refused == WrongClientSecret:
		return words.Seen(c.ClientSecret.Reveal(), credential.Reveal())
	}
	return ""
}

// EnoughTime reports whether there's time to wait for the answer to a token request
// that is sent after pause. Not waiting for it is one way to lose it.
func EnoughTime(ctx context.Context, pause time.Duration) bool {
	deadline, ok := ctx.Deadline()
	return !ok || time.Until(deadline)-pause >= answerTime
}

// requestToken sends one token request.
func (c *Client) requestToken(ctx, answering context.Context, form url.Values) (Token, *Error) {
	if ctx.Err() != nil {
		return Token{}, unanswered(c.URL.Host, false, ctx.Err())
	}
	answering, cancel := context.WithTimeout(answering, tokenTimeout)
	defer cancel()
	var g gate
	stop := context.AfterFunc(ctx, func() {
		if !g.shut() {
			cancel()
		}
	})
	defer stop()
	answering, ear := transport.Hear(answering)
	defer ear.Done()
	resp, err := c.Network.Token.Do(post(answering, endpoint(c.URL, "/oauth/token"), form, &g))
	switch {
	case err != nil && g.shut():
		return Token{Unread: unread(nil, ear.Rest())}, unanswered(c.URL.Host, true, err)
	case err != nil:
		return Token{}, unanswered(c.URL.Host, false, cmp.Or(ctx.Err(), err))
	}
	defer resp.Body.Close()
	return readAnswer(resp, ear)
}

// readAnswer extracts what it can; an unreadable answer that may hold a token is kept
// as it came.
func readAnswer(resp *http.Response, ear *transport.Ear) (Token, *Error) {
	var body []byte
	var broken error
	if resp.StatusCode != http.StatusSwitchingProtocols { // whose body is the connection
		body, broken = io.ReadAll(resp.Body)
	}
	plain, host := unzip(body), resp.Request.URL.Host
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		var token Token
		if mentionsToken(plain) || mentionsToken(ear.SoFar()) {
			token.Unread = unread(body, ear.Rest())
		}
		return token, refusal(resp, plain, time.Now())
	}
	e := &Error{Kind: Malformed, Status: resp.StatusCode, Host: host}
	token := parse(plain, time.Now())
	switch {
	case !token.AccessToken.Empty():
		return token, nil
	case !token.RefreshToken.Empty():
		return token, e
	}
	token.Unread = unread(body, ear.Rest())
	switch {
	case broken != nil:
		e = unanswered(host, true, broken)
	case len(token.Unread) == 0:
		e.Kind = NoAnswer
	}
	return token, e
}
