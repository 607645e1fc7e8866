package strava

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"strava-token/internal/words"
)

// Kind says why a call failed. Its text is stable: messages are found by it.
type Kind string

// The kinds. Strava's faults (message, resource, field, code) are told apart by
// status, resource, field and code.
const (
	InvalidClientID     Kind = "invalid-client-id"     // 400 Application/client_id/invalid
	MissingClientSecret Kind = "missing-client-secret" // 400 Application/client_secret/invalid
	WrongClientSecret   Kind = "wrong-client-secret"   // 401 Application//invalid
	SecretAsClientID    Kind = "secret-as-client-id"   // 403 Application/internal/forbidden
	InvalidCode         Kind = "invalid-code"          // 400 AuthorizationCode/code/invalid, or //expired
	InvalidRefreshToken Kind = "invalid-refresh-token" // 400 RefreshToken/refresh_token/invalid
	RateLimited         Kind = "rate-limited"          // 429
	AccessTokenRefused  Kind = "access-token-refused"  // 401 Athlete/access_token/invalid
	ScopeMissing        Kind = "scope-missing"         // 401 AccessToken/…_permission/missing
	AppInactive         Kind = "app-inactive"          // 403 Application/Status/Inactive
	Outage              Kind = "outage"                // 5xx
	Redirected          Kind = "redirected"            // 3xx, never followed
	Unrecognized        Kind = "unrecognized"          // any other refusal
	Malformed           Kind = "malformed"             // a success that cannot be used
	Unreachable         Kind = "unreachable"           // no connection
	NoAnswer            Kind = "no-answer"             // sent, but no answer arrived
	BadCertificate      Kind = "bad-certificate"       // the server's certificate couldn't be verified
	AnswerLost          Kind = "answer-lost"           // refused after an answer was lost
)

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
	text := string(e.Kind)
	if e.Status != 0 {
		text += fmt.Sprintf(" (status %d)", e.Status)
	}
	return "strava: " + text
}

// Unwrap returns the network's error, if there is one.
func (e *Error) Unwrap() error { return e.cause }

// KindOf returns why a call failed, or "" if err is about something else.
func KindOf(err error) Kind {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Kind
	}
	return ""
}

// fault is the shape of Strava's refusals.
type fault struct {
	Errors []struct {
		Resource string `json:"resource"`
		Field    string `json:"field"`
		Code     string `json:"code"`
	} `json:"errors"`
}

// isFault reports whether an answer is such a refusal, with no token beside it.
func isFault(body []byte) bool {
	fields, ok := members(body)
	for name := range fields {
		ok = ok && !mentionsToken([]byte(name))
	}
	return ok && len(fields["errors"]) > 0
}

// refusal turns an answer other than a success into an Error.
func refusal(resp *http.Response, body []byte, now time.Time) *Error {
	e := &Error{Status: resp.StatusCode, Kind: Unrecognized, Host: resp.Request.URL.Host}
	switch {
	case resp.StatusCode == http.StatusTooManyRequests:
		e.Kind, e.Until = RateLimited, windowEnd(resp.Header, now)
		return e
	case resp.StatusCode >= 500:
		e.Kind = Outage
		return e
	case resp.StatusCode >= 300 && resp.StatusCode < 400:
		e.Kind = Redirected
		return e
	}
	var f fault
	if json.Unmarshal(body, &f) != nil || len(f.Errors) == 0 {
		return e
	}
	first := f.Errors[0]
	switch {
	case resp.StatusCode == 400 && first.Resource == "Application" && first.Field == "client_id":
		e.Kind = InvalidClientID
	case resp.StatusCode == 400 && first.Resource == "Application" && first.Field == "client_secret":
		e.Kind = MissingClientSecret
	case resp.StatusCode == 401 && first.Resource == "Application":
		e.Kind = WrongClientSecret
	case resp.StatusCode == 403 && first.Resource == "Application" && first.Field == "internal":
		e.Kind = SecretAsClientID
	case resp.StatusCode == 400 && first.Resource == "AuthorizationCode":
		e.Kind = InvalidCode
	case resp.StatusCode == 400 && first.Resource == "RefreshToken":
		e.Kind = InvalidRefreshToken
	case resp.StatusCode == 401 && first.Resource == "AccessToken" && first.Code == "missing":
		e.Kind = ScopeMissing
	case resp.StatusCode == 401 && first.Field == "access_token":
		e.Kind = AccessTokenRefused
	case resp.StatusCode == 403 && first.Resource == "Application" && strings.EqualFold(first.Code, "inactive"):
		e.Kind = AppInactive
	}
	return e
}

// windowEnd returns when the exceeded window ends. Strava sends no Retry-After;
// its windows end at :00, :15, :30, :45 and at midnight UTC. Answers of the
// token endpoint don't say which was exceeded: the nearer one is assumed.
func windowEnd(h http.Header, now time.Time) time.Time {
	now = now.UTC()
	for _, kind := range []string{"X-RateLimit", "X-ReadRateLimit"} {
		_, limit, ok1 := strings.Cut(h.Get(kind+"-Limit"), ",")
		_, usage, ok2 := strings.Cut(h.Get(kind+"-Usage"), ",")
		l, err1 := strconv.Atoi(strings.TrimSpace(limit))
		u, err2 := strconv.Atoi(strings.TrimSpace(usage))
		if ok1 && ok2 && err1 == nil && err2 == nil && u >= l {
			return now.Truncate(24 * time.Hour).Add(24 * time.Hour)
		}
	}
	return now.Truncate(15 * time.Minute).Add(15 * time.Minute)
}
