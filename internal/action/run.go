package action

import (
	"context"
	"io"
	"net/url"
	"strconv"
	"strings"
	"time"

	"strava-token/internal/provider"
	"strava-token/internal/secret"
	"strava-token/internal/store"
	"strava-token/internal/strava"
	"strava-token/internal/transport"
)

// Message is an error in words: what happened, why, and the one next step. A
// part may be empty.
type Message struct{ What, Why, Next string }

// Text is the message on as many lines as it has parts.
func (m Message) Text() string {
	text := m.What
	if m.Why != "" {
		text += "\n" + m.Why
	}
	if m.Next != "" {
		text += "\nNext: " + m.Next
	}
	return text
}

// Config is what a step runs in.
type Config struct {
	Getenv func(string) string
	Stdout io.Writer
	Dial   transport.DialFunc // nil: over TCP
	// Explain turns an error into words.
	Explain func(error) []Message
}

// Run is one workflow step. Cancelling ctx before the token request ends it at
// once; after it, the step only hurries.
func Run(ctx context.Context, c Config) provider.Status {
	e := newEdge(c.Getenv, c.Stdout)
	in, problems := e.read()
	if problems != nil {
		messages := c.Explain(problems)
		e.failure(text(messages))
		e.addSummary(refusal(messages))
		return provider.BadInput
	}
	e.warnOfOtherHosts(in)
	network := transport.New(c.Dial)
	if c.Dial != nil {
		defer network.Close() // a process of its own ends right after, and its connections with it
	}

	if in.ask {
		if failures := e.run(network, in).CheckTargets(ctx); len(failures) > 0 {
			o := &provider.Outcome{Failures: failures}
			e.report(o, c.Explain)
			return o.Status()
		}
		e.askForCode(in)
		return provider.Done
	}
	if in.doctor {
		return e.examine(ctx, e.run(network, in), c.Explain)
	}
	outcome := e.run(network, in).Do(ctx)
	if err := e.export(in, outcome); err != nil {
		outcome.NotExported(err)
	}
	e.report(outcome, c.Explain)
	return outcome.Status()
}

// run puts the parts of a run together.
func (e *edge) run(network *transport.Network, in inputs) *provider.Run {
	gh := store.NewGitHub(network, in.githubURL, in.githubToken)
	repositoryID, _ := strconv.ParseInt(e.getenv("GITHUB_REPOSITORY_ID"), 10, 64)
	app := store.App{ClientID: in.clientID, ClientSecret: in.clientSecret}
	var targets []provider.Target
	for _, t := range in.targets {
		id := int64(0)
		if strings.EqualFold(t.Owner+"/"+t.Repo, e.getenv("GITHUB_REPOSITORY")) {
			id = repositoryID
		}
		target := NewTarget(gh, t, app, id)
		if in.ask || !in.code.Empty() {
			AllowNew(target)
		}
		targets = append(targets, target)
	}
	readable, writeOnly := Split(targets)
	return &provider.Run{
		Strava: &strava.Client{
			Network: network,
			URL:     in.stravaURL, APIURL: in.stravaAPIURL,
			ClientID: in.clientID, ClientSecret: in.clientSecret,
		},
		Input:           in.refreshToken,
		Code:            in.code,
		Granted:         in.granted,
		Readable:        readable,
		WriteOnly:       writeOnly,
		Verify:          in.verify,
		RequireScopes:   in.requireScopes,
		ExpectedAthlete: in.expectedAthlete,
		Recovery:        in.recovery,
		HandedOver:      in.exposeRefresh,
		RepositoryID:    repositoryID,
		// The client id may be kept as a secret, too, and is masked then.
		Masked:   []secret.Value{in.clientSecret, in.refreshToken, in.githubToken, secret.New(in.clientID)},
		Snapshot: e.snapshot(gh),
		Reporter: e,
	}
}

// snapshot tells when this run read its secrets.
func (e *edge) snapshot(gh *store.GitHub) provider.Snapshot {
	attempt, err := strconv.Atoi(e.getenv("GITHUB_RUN_ATTEMPT"))
	if err != nil || attempt < 1 {
		attempt = 1
	}
	owner, repo, ok := store.SplitRepository(e.getenv("GITHUB_REPOSITORY"))
	runID, err := strconv.ParseInt(e.getenv("GITHUB_RUN_ID"), 10, 64)
	if !ok || err != nil {
		return provider.Snapshot{Attempt: attempt}
	}
	return provider.Snapshot{
		Attempt: attempt,
		Queued: func(ctx context.Context) (time.Time, bool) {
			return gh.Queued(ctx, owner, repo, runID)
		},
	}
}

func (e *edge) warnOfOtherHosts(in inputs) {
	for _, text := range OtherHosts("strava-url", in.stravaURL, "strava-api-url", in.stravaAPIURL) {
		e.warning(text)
	}
}

// OtherHosts names, in words, every host but Strava's own that receives the
// credentials, and the input that says so.
func OtherHosts(oauthInput string, oauth *url.URL, apiInput string, api *url.URL) []string {
	const own = "www.strava.com"
	var texts []string
	if oauth.Host != own {
		texts = append(texts, oauthInput+" sends the client secret and the refresh token to "+oauth.Host+" instead of "+own+".")
	}
	if api.Host != own {
		texts = append(texts, apiInput+" sends the access token to "+api.Host+" instead of "+own+".")
	}
	return texts
}

// report prints what people read: warnings, then at most one error.
func (e *edge) report(o *provider.Outcome, explain func(error) []Message) {
	for _, err := range o.Warnings {
		e.warning(text(explain(err)))
	}
	var failures []Message
	for _, err := range o.Failures {
		failures = append(failures, explain(err)...)
	}
	if len(failures) > 0 {
		e.failure(text(failures))
	}
	for _, line := range story(o) {
		e.say(line)
	}
	e.addSummary(summary(o, explain))
}

func text(messages []Message) string {
	texts := make([]string, len(messages))
	for i, m := range messages {
		texts[i] = m.Text()
	}
	return strings.Join(texts, "\n")
}
