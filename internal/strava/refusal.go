package strava

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"strava-token/internal/transport"
	"strava-token/internal/words"
)

// Kind says why a call failed. Its text is stable: messages are found by it.
type Kind string

// The kinds. Those without a comment are faults of Strava's.
const (
	InvalidClientID     Kind = "invalid-client-id"
	MissingClientSecret Kind = "missing-client-secret"
	WrongClientSecret   Kind = "wrong-client-secret"
	SecretAsClientID    Kind = "secret-as-client-id"
	InvalidCode         Kind = "invalid-code"
	InvalidRefreshToken Kind = "invalid-refresh-token"
	AccessTokenRefused  Kind = "access-token-refused"
	ScopeMissing        Kind = "scope-missing"
	AppInactive         Kind = "app-inactive"
	RateLimited         Kind = "rate-limited"    // 429
	Outage              Kind = "outage"          // 5xx
	Redirected          Kind = "redirected"      // 3xx, never followed
	Unrecognized        Kind = "unrecognized"    // any other refusal
	Malformed           Kind = "malformed"       // a success that cannot be used
	Unreachable         Kind = "unreachable"     // no connection
	NoAnswer            Kind = "no-answer"       // sent, but no answer arrived
	BadCertificate      Kind = "bad-certificate" // the server's certificate couldn't be verified
	AnswerLost          Kind = "answer-lost"     // refused after an answer was lost
)

// faults are Strava's, by status, resource, field and code. An empty cell is any.
var faults = []struct {
	status                int
	resource, field, code string
	kind                  Kind
}{
	{400, "Application", "client_id", "", InvalidClientID},
	{400, "Application", "client_secret", "", MissingClientSecret},
	{401, "Application", "", "", WrongClientSecret},
	{403, "Application", "internal", "", SecretAsClientID},
	{403, "Application", "", "inactive", AppInactive},
	{400, "AuthorizationCode", "", "", InvalidCode}, // invalid, or expired
	{400, "RefreshToken", "", "", InvalidRefreshToken},
	{401, "AccessToken", "", "missing", ScopeMissing},
	{401, "", "access_token", "", AccessTokenRefused},
}

// Error reports a failed call. It never contains a body, or any part of one that
// could be a secret.
type Error struct {
	Kind   Kind
	Status int            // 0 if no answer arrived
	Until  time.Time      // for RateLimited: when the window probably resets
	Host   string         // the host that was called
	seen   words.Sentence // for WrongClientSecret and InvalidClientID: what looks wrong with it
	cause  error
}

func (e *Error) Error() string {
	return fmt.Sprintf("strava: %s (status %d)", e.Kind, e.Status)
}

// Unwrap returns the network's error, if there is one.
func (e *Error) Unwrap() error { return e.cause }

// Note returns the message for a failed call. For a refused refresh token it says only
// that it's dead: package provider finds out why.
func (e *Error) Note() words.Failure {
	id := "strava-" + string(e.Kind)
	if e.Kind == InvalidRefreshToken {
		id = "stale-dead"
	}
	return words.Failure{ID: id, Blanks: words.Blanks{
		"host": e.Host, "status": e.Status, "until": words.Clock(e.Until), "seen": e.seen,
	}}
}

// KindOf returns why a call failed, or "" if err is about something else.
func KindOf(err error) Kind {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Kind
	}
	return ""
}

// refusal turns an answer other than a success into an Error.
func refusal(resp *http.Response, body []byte, now time.Time) *Error {
	e := &Error{Status: resp.StatusCode, Kind: Unrecognized, Host: resp.Request.URL.Host}
	switch {
	case e.Status == http.StatusTooManyRequests:
		e.Kind, e.Until = RateLimited, windowEnd(resp.Header, now)
	case e.Status >= 500:
		e.Kind = Outage
	case e.Status >= 300 && e.Status < 400:
		e.Kind = Redirected
	default:
		e.Kind = faultIn(body, e.Status)
	}
	return e
}

func faultIn(body []byte, status int) Kind {
	var said struct {
		Errors []struct{ Resource, Field, Code string }
	}
	if json.Unmarshal(body, &said) != nil || len(said.Errors) == 0 {
		return Unrecognized
	}
	first := said.Errors[0]
	is := func(text, wanted string) bool { return wanted == "" || strings.EqualFold(text, wanted) }
	for _, f := range faults {
		if status == f.status && is(first.Resource, f.resource) && is(first.Field, f.field) && is(first.Code, f.code) {
			return f.kind
		}
	}
	return Unrecognized
}

// windowEnd returns when the exceeded window ends. Strava sends no Retry-After;
// its windows end at :00, :15, :30, :45 and at midnight UTC. Answers of the
// token endpoint don't say which was exceeded: the nearer one is assumed.
func windowEnd(h http.Header, now time.Time) time.Time {
	window := 15 * time.Minute
	for _, kind := range []string{"X-RateLimit", "X-ReadRateLimit"} {
		var quarter, limit, usage int
		_, err := fmt.Sscanf(h.Get(kind+"-Limit")+" "+h.Get(kind+"-Usage"), "%d,%d %d,%d", &quarter, &limit, &quarter, &usage)
		if err == nil && usage >= limit {
			window = 24 * time.Hour
		}
	}
	return now.UTC().Truncate(window).Add(window)
}

// unanswered returns the Error of a call without an answer. The network's own error
// is kept for errors.Is, and never printed: it may quote what was sent.
func unanswered(host string, sent bool, err error) *Error {
	kind := Unreachable
	switch {
	case transport.IsCertificate(err):
		kind = BadCertificate
	case sent:
		kind = NoAnswer
	}
	return &Error{Kind: kind, Host: host, cause: err}
}
