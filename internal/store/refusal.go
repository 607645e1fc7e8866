package store

import (
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-github/v60/github"

	"strava-token/internal/secret"
)

// refusals maps GitHub's refusals to kinds, by their status and any one of some parts
// of their message, in lower case. The first row that matches counts.
var refusals = []struct {
	status int
	parts  string
	kind   Kind
}{
	{401, "", BadCredentials},
	{403, "rate limit|abuse detection", RateLimited},
	{403, "by integration", IntegrationForbidden},
	{403, "by personal access token", PersonalForbidden},
	{403, "saml enforcement", SignOn},
	{403, "was archived", Archived},
	{403, "ip allow list", AddressForbidden},
	{403, "token's lifetime", LifetimeForbidden},
	{403, "forbids access via a", TokenForbidden},
	{403, "must have admin rights", AdminNeeded},
	{403, "suspended", Suspended},
	{403, "access blocked|disabled", Disabled},
	{403, "rule violations", Ruled},
	{403, "", Forbidden},
	{409, "rule violations|required status check|approving review|through a pull request|through the merge queue", Ruled},
	{409, "verified signatures|protected branch", Ruled},
	{409, "archived", Archived},
	{409, "", Conflict},
	{422, "rule violations", Ruled},
	{422, "", Unprocessable},
	{429, "", RateLimited},
	{451, "", LegallyBlocked},
}

func kindOf(status int, message string) Kind {
	message = strings.ToLower(message)
	for _, row := range refusals {
		for part := range strings.SplitSeq(row.parts, "|") {
			if row.status == status && strings.Contains(message, part) {
				return row.kind
			}
		}
	}
	return Unrecognized
}

// refused classifies an unsuccessful answer. notFound is what a 404 means for this
// call.
func (e *Error) refused(r *http.Response, message string, notFound Kind) {
	e.Status = r.StatusCode
	seconds, err := strconv.Atoi(r.Header.Get("Retry-After"))
	waits := err == nil && seconds >= 0
	signOn := r.Header.Get("X-GitHub-SSO")
	switch {
	case e.Status == http.StatusForbidden && strings.HasPrefix(signOn, "required"):
		e.Kind = SignOn
	case e.Status == http.StatusForbidden && waits:
		e.Kind = RateLimited
	case e.Status == http.StatusNotFound:
		e.Kind = notFound
	case e.Status >= 500:
		e.Kind = Outage
	case e.Status >= 300 && e.Status < 400:
		e.Kind = Moved
		if at := byName.FindStringSubmatch(r.Header.Get("Location")); at != nil {
			e.NewName = at[1]
		}
	default:
		e.Kind = kindOf(e.Status, message)
	}
	if e.Kind == SignOn {
		_, address, _ := strings.Cut(signOn, "url=")
		e.signOn = pageOf(e.Host, address)
	}
	if e.Kind == RateLimited && waits {
		e.Until = time.Now().Add(time.Duration(seconds) * time.Second)
	}
}

// refusedBy returns the answer behind an error of go-github's, and its message.
func refusedBy(err error) (answer *http.Response, message string) {
	if e, ok := errors.AsType[*github.ErrorResponse](err); ok {
		return e.Response, e.Message
	}
	if e, ok := errors.AsType[*github.TwoFactorAuthError](err); ok {
		return e.Response, e.Message
	}
	if e, ok := errors.AsType[*github.RateLimitError](err); ok {
		return e.Response, e.Message
	}
	if e, ok := errors.AsType[*github.AbuseRateLimitError](err); ok {
		return e.Response, e.Message
	}
	return nil, ""
}

func isStatus(err error, status int) bool {
	e, ok := errors.AsType[*github.ErrorResponse](err)
	return ok && e.Response.StatusCode == status
}

// byName finds a repository's name in an address. GitHub mostly gives its number, which
// means nothing to people.
var byName = regexp.MustCompile(`/repos/([0-9A-Za-z_.-]+/[0-9A-Za-z_.-]+)/`)

// pageOf returns address if it's a page of the GitHub server whose API is on host, or "".
func pageOf(host, address string) string {
	u, err := url.Parse(strings.TrimSpace(address))
	server := strings.TrimPrefix((&url.URL{Host: host}).Hostname(), "api.")
	if err != nil || u.Scheme != "https" || u.User != nil || !strings.EqualFold(u.Host, server) {
		return ""
	}
	return u.String()
}

const maxSays = 200 // characters

var pages = regexp.MustCompile(`https?://[^\s"'<>()]*[^\s"'<>().,;:]`)

// harmless returns a message of GitHub's as it may be quoted: one line of at most 200
// characters, without control characters, commands to the runner, markup, addresses of
// other hosts, and anything that looks like a token. If it contains one of hidden, in
// any spelling, nothing of it is quoted.
func (g *GitHub) harmless(message string, hidden ...secret.Value) string {
	if secret.HasAny(message, append(hidden, g.hidden...)...) {
		return ""
	}
	message = pages.ReplaceAllStringFunc(message, func(address string) string {
		if pageOf(g.host, address) == "" && pageOf("docs.github.com", address) == "" {
			return "…"
		}
		return address
	})
	message = strings.Map(func(c rune) rune {
		if c != utf8.RuneError && (unicode.IsLetter(c) || unicode.IsDigit(c) || strings.ContainsRune(`.,:;!?'"()/_-@%+=&#…`, c)) {
			return c
		}
		return ' '
	}, secret.Redacted(message))
	for strings.Contains(message, "::") {
		message = strings.ReplaceAll(message, "::", ":")
	}
	message = strings.Join(strings.Fields(message), " ")
	if text := []rune(message); len(text) > maxSays {
		message = strings.TrimSpace(string(text[:maxSays-1])) + "…"
	}
	if message != "" && !strings.ContainsAny(message[len(message)-1:], ".!?") && !strings.HasSuffix(message, "…") {
		message += "."
	}
	return message
}
