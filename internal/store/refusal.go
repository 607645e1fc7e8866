package store

import (
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"strava-token/internal/secret"
)

// refusal is an unsuccessful answer.
type refusal struct {
	*http.Response
	message string
}

func (r *refusal) Error() string { return r.Status }

func isStatus(err error, status int) bool {
	r, refused := errors.AsType[*refusal](err)
	return refused && r.StatusCode == status
}

// refusals maps GitHub's refusals to ids, by their status and a phrase of their message
// in lower case. The first row that fits counts. Rows for 3xx, 404 and 5xx would never
// be reached.
var refusals = []struct {
	status      int
	phrases, id string // any of the phrases, which are separated by |; "" fits every message
}{
	{401, "", "target-bad-credentials"},
	{403, "rate limit|abuse detection", rateLimited},
	{403, "by integration", "target-integration-forbidden"},
	{403, "by personal access token", "target-personal-forbidden"},
	{403, "saml enforcement", "target-sign-on"},
	{403, "was archived", "target-archived"},
	{403, "ip allow list", "target-address-forbidden"},
	{403, "token's lifetime", "target-lifetime-forbidden"}, // longer than the organization allows
	{403, "forbids access via a", "target-token-forbidden"},
	{403, "must have admin rights", "target-admin-needed"},
	{403, "suspended", "target-suspended"}, // the account or the app
	{403, "access blocked|disabled", "target-disabled"},
	{403, "rule violations", ruled},
	{403, "", "target-forbidden"},
	{409, "rule violations|required status check|approving review|through a pull request|through the merge queue|verified signatures|protected branch", ruled},
	{409, "archived", "target-archived"},
	{409, "", conflict},
	{422, "rule violations", ruled},
	{422, "", unprocessable},
	{429, "", rateLimited},
	{451, "", "target-legally-blocked"},
}

// setRefusal sets what an unsuccessful answer says. notFound is what a 404 means for this call.
func (e *Error) setRefusal(r *refusal, notFound string) {
	e.ID, e.Status = unrecognized, r.StatusCode
	seconds, err := strconv.Atoi(r.Header.Get("Retry-After"))
	waits := err == nil && seconds >= 0
	signOn, wantsSignOn := strings.CutPrefix(r.Header.Get("X-GitHub-SSO"), "required")
	message := strings.ToLower(r.message)
	switch {
	case e.Status == http.StatusForbidden && r.Header.Get("X-RateLimit-Remaining") == "0":
		e.ID = rateLimited
		if reset, err := strconv.ParseInt(r.Header.Get("X-RateLimit-Reset"), 10, 64); err == nil {
			e.Until = time.Unix(reset, 0)
		}
	case e.Status == http.StatusForbidden && wantsSignOn:
		_, address, _ := strings.Cut(signOn, "url=")
		e.ID, e.signOn = "target-sign-on", pageOf(e.Host, address)
	case e.Status == http.StatusForbidden && waits:
		e.ID = rateLimited
	case e.Status == http.StatusNotFound:
		e.ID = notFound
	case e.Status >= 500:
		e.ID = outage
	case e.Status >= 300 && e.Status < 400:
		e.ID = "target-moved" // and never followed
		e.NewName = repositoryIn(r.Header.Get("Location"))
		_, branch, _ := strings.Cut(r.Header.Get("Location"), "/branches/")
		branch, _ = url.PathUnescape(branch)
		if e.Target.IsBranch() && branch != e.Target.Branch && validBranch(branch) {
			e.ID, e.NewName = "target-renamed-branch", branch
		}
	default:
		for _, row := range refusals {
			if row.status == e.Status && containsAny(message, row.phrases) {
				e.ID = row.id
				break
			}
		}
	}
	if e.ID == rateLimited && waits {
		e.Until = time.Now().Add(time.Duration(seconds) * time.Second)
	}
}

func containsAny(message, phrases string) bool {
	return slices.ContainsFunc(strings.Split(phrases, "|"), func(phrase string) bool { return strings.Contains(message, phrase) })
}

// repositoryIn returns the owner/repo in an address of the API, or "". GitHub mostly gives
// the repository's number, which means nothing to people.
func repositoryIn(address string) string {
	_, path, _ := strings.Cut(address, "/repos/")
	parts := strings.SplitN(path, "/", 3)
	if len(parts) < 3 {
		return ""
	}
	name := parts[0] + "/" + parts[1]
	if _, _, ok := SplitRepository(name); !ok {
		return ""
	}
	return name
}

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

var (
	pages  = regexp.MustCompile(`https?://[^\s"'<>()]*[^\s"'<>().,;:]`)
	colons = regexp.MustCompile(`::+`) // begin a command to the runner
)

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
	plain := strings.FieldsFunc(secret.Redacted(message), func(c rune) bool {
		return !unicode.IsLetter(c) && !unicode.IsDigit(c) && !strings.ContainsRune(`.,:;!?'"()/_-@%+=&#…`, c)
	})
	message = colons.ReplaceAllString(strings.Join(plain, " "), ":")
	if text := []rune(message); len(text) > maxSays {
		message = strings.TrimSpace(string(text[:maxSays-1])) + "…"
	}
	if message == "" || strings.TrimRight(message, ".!?…") != message {
		return message
	}
	return message + "."
}
