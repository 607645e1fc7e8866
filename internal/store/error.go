package store

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/go-github/v60/github"
	"github.com/sethvargo/go-retry"

	"strava-token/internal/secret"
	"strava-token/internal/transport"
	"strava-token/internal/words"
)

// The ids of messages that code decides by. Any other id is only in the line that
// finds the fault.
const (
	Overtaken          = "target-overtaken"            // written by someone else meanwhile
	conflict           = "target-conflict"             // 409
	unprocessable      = "target-unprocessable"        // 422
	rateLimited        = "target-rate-limited"         // 429, or 403 that says so
	outage             = "target-outage"               // 5xx
	unrecognized       = "target-unrecognized"         // anything else
	repositoryNotFound = "target-repository-not-found" // 404, if the token may not see it either
	secretNotFound     = "target-secret-not-found"     // 404 of only the secret
	writeRefused       = "target-write-refused"        // 404 of a write if reading works
	ruled              = "target-ruled"                // a rule of the branch forbids the write
	weakSecret         = "target-weak-secret"          // the client secret is too short to seal with
)

// Error reports a target that couldn't be read or written. Of an answer's body it
// shows only Says.
type Error struct {
	ID      string // of the message
	Target  Target
	Status  int       // 0 if no answer arrived
	Until   time.Time // when a rate limit ends, if GitHub said it
	Rule    string    // that forbids the write
	Says    string    // GitHub's message, harmless; empty if there is none
	NewName string    // of a repository or branch, if GitHub said it
	Host    string
	signOn  string // a page whose address contains a request, so no log may show it
	cause   error
}

func (e *Error) Error() string { return fmt.Sprintf("%s: %s (status %d)", e.Target, e.ID, e.Status) }

func (e *Error) Unwrap() error { return e.cause }

// branchIDs are the messages for ids that mean something else for a branch.
var branchIDs = map[string]string{
	"target-integration-forbidden": "branch-integration-forbidden",
	conflict:                       "branch-conflict",
	Overtaken:                      "branch-overtaken",
	unprocessable:                  "branch-unprocessable",
}

// Note returns the message for a target that couldn't be read or written.
func (e *Error) Note() words.Failure {
	id := e.ID
	if e.Target.IsBranch() {
		id = cmp.Or(branchIDs[id], id)
	}
	scope := e.Target.scope()
	return words.Failure{ID: id, Page: e.signOn, Blanks: words.Blanks{
		"says": e.Says, "new-name": e.NewName, "branch": e.Target.Branch,
		"target": e.Target, "name": e.Target.Name, "path": e.Target.Path, "lock": e.Target.Name + ".lock",
		"host": e.Host, "status": e.Status, "until": words.Clock(e.Until), "rule": e.Rule, "system": words.Reason(e.cause),
		"permission": scope.permission, "token-page": e.Target.TokenPage(), "settings": words.Page(scope.settings),
	}}
}

func (r *remote) fault(id string, cause error) *Error {
	return &Error{ID: id, Target: r.Target, Host: r.github.host, cause: cause}
}

func (r *remote) unrecognized(answer *github.Response) *Error {
	e := r.fault(unrecognized, nil)
	e.Status = answer.StatusCode
	return e
}

// tooFewLeft returns an Error if the rate limit leaves too few requests to write the
// target, or nil.
func (r *remote) tooFewLeft(answer *github.Response) *Error {
	if answer.Rate.Limit == 0 || answer.Rate.Remaining >= putRetries {
		return nil
	}
	e := r.fault(rateLimited, nil)
	e.Until = answer.Rate.Reset.Time
	return e
}

// classify turns what go-github returned into an Error. notFound is what a 404
// means for this call. Nothing of hidden is quoted.
func (r *remote) classify(err error, notFound string, hidden ...secret.Value) *Error {
	e := r.fault("target-unreachable", err)
	answer, refused := errors.AsType[*refusal](err)
	limit, unsent := errors.AsType[*github.RateLimitError](err)
	proxy, proxied := errors.AsType[*transport.ProxyError](err)
	switch {
	case refused:
		e.setRefusal(answer, notFound)
		if answer.StatusCode != 404 { // a 404 only ever says "Not Found"
			e.Says = r.github.harmless(answer.message, hidden...)
		}
	case unsent:
		e.ID, e.Until = rateLimited, limit.Rate.Reset.Time
	case proxied:
		e.ID, e.Host, e.Status = "target-"+proxy.Fault, proxy.Host, proxy.Status
	case errors.Is(err, transport.ErrPage):
		e.ID = "target-page"
	case transport.IsCertificate(err):
		e.ID = "target-bad-certificate"
	case errors.As(err, new(*json.SyntaxError)), errors.As(err, new(*json.UnmarshalTypeError)), errors.As(err, new(*github.AcceptedError)),
		strings.HasPrefix(err.Error(), "unable to unmarshal"):
		e.ID = unrecognized
	}
	return e
}

// repeatable reports whether a write that failed like this may succeed in a moment.
func (e *Error) repeatable() bool {
	if errors.Is(e.cause, context.Canceled) {
		return false
	}
	if e.ID == rateLimited {
		return !e.Until.IsZero() && time.Until(e.Until) <= transport.LongestPause
	}
	return slices.Contains([]string{outage, conflict, unrecognized, "target-unreachable", "target-page",
		"target-proxy-unreachable", "target-proxy-loopback"}, e.ID)
}

// wait waits before a write that failed like this is repeated. It returns false if it
// was repeated often enough, or ctx ended.
func (e *Error) wait(ctx context.Context, pauses retry.Backoff) bool {
	pause, stop := pauses.Next()
	return !stop && transport.Pause(ctx, max(pause, time.Until(e.Until))) == nil
}
