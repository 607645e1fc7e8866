package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/google/go-github/v60/github"

	"strava-token/internal/secret"
	"strava-token/internal/transport"
	"strava-token/internal/words"
)

// Kind says why a target couldn't be read or written. Its text is stable: messages
// are found by it.
type Kind string

const (
	BadCredentials       Kind = "bad-credentials"        // 401
	IntegrationForbidden Kind = "integration-forbidden"  // 403 … by integration
	PersonalForbidden    Kind = "personal-forbidden"     // 403 … by personal access token
	SignOn               Kind = "sign-on"                // 403: the organization wants single sign-on
	Archived             Kind = "archived"               // 403: the repository is read-only
	AddressForbidden     Kind = "address-forbidden"      // 403: not on the IP allow list
	TokenForbidden       Kind = "token-forbidden"        // 403: not this kind of token
	LifetimeForbidden    Kind = "lifetime-forbidden"     // 403: the token lasts too long
	AdminNeeded          Kind = "admin-needed"           // 403: the token's owner is no admin
	Suspended            Kind = "suspended"              // 403: the account or the app is
	Disabled             Kind = "disabled"               // 403: GitHub disabled the repository
	LegallyBlocked       Kind = "legally-blocked"        // 451
	Forbidden            Kind = "forbidden"              // any other 403
	RepositoryNotFound   Kind = "repository-not-found"   // 404 of the repository's key
	EnvironmentNotFound  Kind = "environment-not-found"  // 404 of the environment's key
	OrganizationNotFound Kind = "organization-not-found" // 404 of the organization's key
	SecretNotFound       Kind = "secret-not-found"       // 404 of only the secret
	WriteRefused         Kind = "write-refused"          // 404 of a write if reading works
	BadPublicKey         Kind = "bad-public-key"         // not 32 bytes of base64
	Conflict             Kind = "conflict"               // 409
	Unprocessable        Kind = "unprocessable"          // 422
	RateLimited          Kind = "rate-limited"           // 429, or 403 that says so
	Moved                Kind = "moved"                  // 3xx, never followed
	Outage               Kind = "outage"                 // 5xx
	Unreachable          Kind = "unreachable"            // no answer
	Page                 Kind = "page"                   // a web page in place of an answer
	ProxyUnreadable      Kind = "proxy-unreadable"       // HTTPS_PROXY is no address
	ProxyUnreachable     Kind = "proxy-unreachable"      // nothing listens there
	ProxyLoopback        Kind = "proxy-loopback"         // likewise, on loopback
	ProxyCredentials     Kind = "proxy-credentials"      // 407
	ProxyRefused         Kind = "proxy-refused"          // any other refusal of the proxy
	BadCertificate       Kind = "bad-certificate"        // the server's certificate couldn't be verified
	Overtaken            Kind = "overtaken"              // written by someone else meanwhile
	Unrecognized         Kind = "unrecognized"           // anything else

	// Of targets that can be read back.
	WeakSecret      Kind = "weak-secret"      // the client secret is too short to seal with
	TooLarge        Kind = "too-large"        // more than a refresh token can be
	NotOurs         Kind = "not-ours"         // something else is there
	NewerVersion    Kind = "newer-version"    // written by a later version of this program
	Damaged         Kind = "damaged"          // ours, but unreadable
	OtherSecret     Kind = "other-secret"     // sealed under another client secret
	OtherApp        Kind = "other-app"        // of another Strava app
	OtherRepository Kind = "other-repository" // written for another repository
	OtherPlace      Kind = "other-place"      // written for another branch, athlete or kind of target

	// Of a branch.
	EmptyRepository Kind = "empty-repository" // there is no commit yet
	Protected       Kind = "protected"        // the branch is protected
	Ruled           Kind = "ruled"            // a rule forbids the write
	Blocked         Kind = "blocked"          // called a conflict, though nobody else wrote
	CodeBranch      Kind = "code-branch"      // the repository's default branch
	RenamedBranch   Kind = "renamed-branch"   // 301 of only the branch

	// Of a file.
	NoFolder         Kind = "no-folder"         // its folder does not exist
	NotAFile         Kind = "not-a-file"        // a folder, a device or the like
	Exposed          Kind = "exposed"           // others can read it
	Unwritable       Kind = "unwritable"        // the system refused to read or write it
	BadLock          Kind = "bad-lock"          // the lock isn't a regular file
	LockUnwritable   Kind = "lock-unwritable"   // the system refused to open the lock
	FolderUnwritable Kind = "folder-unwritable" // or to make a file in the folder
	Busy             Kind = "busy"              // another process holds the lock
)

// Error reports a target that couldn't be read or written. Of an answer's body it
// shows only Says.
type Error struct {
	Kind    Kind
	Target  Target
	Name    string    // of the secret or the file
	Status  int       // 0 if no answer arrived
	Until   time.Time // for RateLimited, if GitHub said it
	Rule    string    // for Ruled: which one
	Says    string    // GitHub's message, harmless; empty if there is none
	NewName string    // for Moved and RenamedBranch, if GitHub said it
	Host    string
	signOn  string // for SignOn: a page whose address contains a request, so no log may show it
	cause   error
}

func (e *Error) Error() string {
	return fmt.Sprintf("store %s: %s (status %d)", e.Target, e.Kind, e.Status)
}

func (e *Error) Unwrap() error { return e.cause }

// Note returns the message for a target that couldn't be read or written.
func (e *Error) Note() words.Note {
	area := "target-"
	if e.Target.IsBranch() && slices.Contains([]Kind{IntegrationForbidden, Conflict, Overtaken, Unprocessable}, e.Kind) {
		area = "branch-" // these mean something else for a branch
	}
	scope := e.Target.scope()
	return words.Note{ID: area + string(e.Kind), Page: e.signOn, Blanks: words.Blanks{
		"says": e.Says, "new-name": e.NewName, "branch": e.Target.Branch,
		"target": e.Target, "name": e.Name, "path": e.Target.Path, "lock": e.Name + ".lock",
		"host": e.Host, "status": e.Status, "until": words.Clock(e.Until), "rule": e.Rule, "system": words.System{Err: e.cause},
		"permission": scope.permission, "token-page": e.Target.TokenPage(), "settings": words.Page(scope.settings),
	}}
}

func (r *remote) fault(kind Kind, cause error) *Error {
	return &Error{Kind: kind, Target: r.Target, Name: r.Target.Name, Host: r.github.host, cause: cause}
}

func (r *remote) unrecognized(answer *github.Response) *Error {
	e := r.fault(Unrecognized, nil)
	e.Status = answer.StatusCode
	return e
}

// nearlySpent returns an Error if too few requests are left to write the target, or nil.
func (r *remote) nearlySpent(answer *github.Response) error {
	if answer.Rate.Limit == 0 || answer.Rate.Remaining >= putRetries {
		return nil
	}
	e := r.fault(RateLimited, nil)
	e.Until = answer.Rate.Reset.Time
	return e
}

// classify turns what go-github returned into an Error. notFound is what a 404
// means for this call. Nothing of hidden is quoted.
func (r *remote) classify(err error, notFound Kind, hidden ...secret.Value) *Error {
	e := r.fault(Unreachable, err)
	if answer, message := refusedBy(err); answer != nil {
		e.refused(answer, message, notFound)
		if e.Status != http.StatusNotFound { // a 404 always says the same
			e.Says = r.github.harmless(message, hidden...)
		}
	}
	primary, isPrimary := errors.AsType[*github.RateLimitError](err)
	proxy, isProxy := errors.AsType[*transport.ProxyError](err)
	switch {
	case isPrimary:
		e.Kind, e.Until = RateLimited, primary.Rate.Reset.Time
	case isProxy:
		e.Kind, e.Host, e.Status = Kind(proxy.Fault), proxy.Host, proxy.Status
	case errors.Is(err, transport.ErrPage):
		e.Kind = Page
	case errors.Is(err, errIncomplete), is[*json.SyntaxError](err), is[*json.UnmarshalTypeError](err), is[*github.AcceptedError](err),
		strings.HasPrefix(err.Error(), "unable to unmarshal"):
		e.Kind = Unrecognized
	case transport.IsCertificate(err):
		e.Kind = BadCertificate
	}
	return e
}

func is[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}

// repeatable reports whether a write that failed like this may succeed in a
// moment.
func (e *Error) repeatable() bool {
	if errors.Is(e.cause, context.Canceled) {
		return false
	}
	if e.Kind == RateLimited {
		return !e.Until.IsZero() && time.Until(e.Until) <= transport.LongestPause
	}
	return slices.Contains([]Kind{Outage, Unreachable, Page, ProxyUnreachable, ProxyLoopback, Conflict, Unrecognized}, e.Kind)
}
