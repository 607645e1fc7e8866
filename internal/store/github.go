package store

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/google/go-github/v60/github"

	"strava-token/internal/secret"
	"strava-token/internal/transport"
	"strava-token/internal/words"
)

// GitHub is a client for GitHub's API with one token.
type GitHub struct {
	host string
	// reads repeats requests that store nothing. once doesn't repeat, and counts its
	// rate limit separately, so that an answer to a read can never stop a write
	// before it's sent.
	reads *github.Client
	once  *github.Client
	// signs says that GitHub signs the token's commits: it's GitHub's own or an App's.
	signs bool
	// hidden is what no quoted message of GitHub's may contain.
	hidden []secret.Value
}

// NewGitHub returns a client for the API at base, as in GITHUB_API_URL. A message that
// contains the token, or anything in hidden, is never quoted.
func NewGitHub(network *transport.Network, base *url.URL, token secret.Value, hidden ...secret.Value) *GitHub {
	base = base.JoinPath("/") // go-github wants a trailing slash
	client := func(c *http.Client) *github.Client {
		authorized := *c
		authorized.Transport = &authorize{base: c.Transport, host: base.Host, token: token}
		gh := github.NewClient(&authorized)
		gh.BaseURL, gh.UserAgent = base, "strava-token"
		return gh
	}
	return &GitHub{
		host: base.Host, reads: client(network.Reads), once: client(network.Once),
		hidden: append(hidden, token), signs: strings.HasPrefix(token.Reveal(), "ghs_"),
	}
}

// authorize adds the token to requests for the API's own host. It returns ErrPage if the
// answer is a web page, and a *refusal if it's unsuccessful.
type authorize struct {
	base  http.RoundTripper
	host  string
	token secret.Value
}

func (a *authorize) RoundTrip(req *http.Request) (*http.Response, error) {
	if strings.EqualFold(req.URL.Host, a.host) {
		req = req.Clone(req.Context())
		req.Header.Set("Authorization", "Bearer "+a.token.Reveal())
	}
	answer, err := a.base.RoundTrip(req)
	switch {
	case err != nil:
		return nil, err
	case transport.IsPage(answer):
		err = transport.ErrPage
	case answer.StatusCode < 200 || answer.StatusCode > 299:
		var body struct{ Message string }
		_ = json.NewDecoder(answer.Body).Decode(&body) // most proxies send something else
		err = &refusal{answer, body.Message}
	default:
		return answer, nil
	}
	_ = answer.Body.Close()
	return nil, err
}

// call sends a request with client, and decodes the answer into into unless that's nil.
func call(ctx context.Context, client *github.Client, method, path string, body, into any) (*github.Response, error) {
	req, err := client.NewRequest(method, path, body)
	if err != nil {
		return nil, err
	}
	return client.Do(ctx, req, into)
}

// Queued returns when a workflow run was queued, which is when GitHub read the
// repository's secrets for it. It returns false if the token isn't allowed to see that
// (it takes actions: read).
func (g *GitHub) Queued(ctx context.Context, owner, repo string, runID int64) (time.Time, bool) {
	run, _, err := g.reads.Actions.GetWorkflowRunByID(ctx, owner, repo, runID)
	return run.GetCreatedAt().Time, err == nil && !run.GetCreatedAt().IsZero()
}

// Snapshot knows when this run read its secrets. GitHub gives a run the repository's
// secrets as they were when it was queued, and a re-run may get those of its first attempt.
type Snapshot struct {
	Attempt int // 1 for a first attempt; 0 outside a workflow
	// Queued returns when the run was queued, if that is known. It may be nil.
	Queued func(ctx context.Context) (time.Time, bool)
}

// Read returns when the run read the secret of this name. An environment's secrets are
// read when the job starts, and nothing tells when that was.
func (s Snapshot) Read(ctx context.Context, name string) (time.Time, bool) {
	if t, err := Parse(name, "owner/repo"); err == nil && t.Environment == "" && s.Queued != nil {
		return s.Queued(ctx)
	}
	return time.Time{}, false
}

// TokenExpires is the id of the warning that a GitHub token expires soon.
const TokenExpires = "run-token-expires"

// WarnOfExpiry returns a warning if the token that writes target expires within two weeks.
func (f Facts) WarnOfExpiry(target string) error {
	if f.TokenExpires.IsZero() || time.Until(f.TokenExpires) >= 14*24*time.Hour {
		return nil
	}
	return &words.Failure{ID: TokenExpires, Blanks: words.Blanks{"target": target, "when": words.Day(f.TokenExpires)}}
}

type remote struct {
	Target
	github *GitHub
}

func (r *remote) get(ctx context.Context, path string, into any) (*github.Response, error) {
	return call(ctx, r.github.reads, http.MethodGet, path, nil, into)
}

// together makes all calls at the same time. It returns the first error in their order.
func together(calls ...func() *Error) *Error {
	var all sync.WaitGroup
	errs := make([]*Error, len(calls))
	for i, do := range calls {
		all.Go(func() { errs[i] = do() })
	}
	all.Wait()
	return cmp.Or(errs...)
}
