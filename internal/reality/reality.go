// Package reality checks what this project believes about Strava and GitHub against
// the services themselves. It's only for the owner of the project, so its words are
// here, in English, and not among the messages that are translated.
//
// It sends a live token only to refresh it, as every run does. What it creates has a
// random name and is deleted again, except for a few objects in git that nothing refers
// to: GitHub drops those in time.
package reality

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"time"

	"strava-token/internal/input"
	"strava-token/internal/provider"
	"strava-token/internal/secret"
	"strava-token/internal/store"
	"strava-token/internal/transport"
)

// ContentsToken is the variable with the token that may write contents, and no secrets.
const ContentsToken = "REALITY_CONTENTS_TOKEN"

type Setup struct {
	Inputs   *input.Inputs // whose GitHub token may write secrets, and no contents
	Contents secret.Value  // the other way round; optional
	Network  *transport.Network
	Reporter provider.Reporter
	// Do does a run, and prints its warnings.
	Do func(context.Context, *provider.Run) *provider.Outcome
}

type check func(context.Context, *world, given) finding

type finding struct{ verdict, seen string }

func told(confirmed bool, seen string) finding {
	return finding{map[bool]string{true: "confirmed", false: "false"}[confirmed], seen}
}

func untold(why string) finding { return finding{"could not be told", why} }

// world is what is found out once for several rows.
type world struct {
	Setup
	outcomes []*provider.Outcome // of the refreshes
	tokens   map[given]secret.Value
	works    map[given]answer // what each token sees of the repository
	// A branch: its commit and file as GitHub calls them, its name ("" before its making
	// is tried), and whether the last step with it worked.
	commit, file, branch string
	goesOn               bool
}

// Check returns a table in Markdown with every assumption, and whether all of them may
// be true. The error is that of a refresh; the table is complete even then.
func Check(ctx context.Context, s Setup) (table string, noneFalse bool, err error) {
	w := &world{Setup: s, works: map[given]answer{nothing: {status: http.StatusOK}}}
	w.tokens = map[given]secret.Value{secretsToken: s.Inputs.GitHubToken, contentsToken: s.Contents}
	if err = w.refresh(ctx); len(w.outcomes) > 0 {
		w.works[app] = answer{status: http.StatusOK}
	}
	for _, g := range []given{secretsToken, contentsToken} {
		if _, _, ok := store.SplitRepository(s.Inputs.Repository); ok && !w.tokens[g].Empty() {
			w.works[g] = w.ask(ctx, g, request{http.MethodGet, "", nil})
		}
	}
	noneFalse = true
	table = "| verdict | assumption | what was seen | relied on by |\n|---|---|---|---|\n"
	for _, a := range assumptions {
		f := untold("give " + string(a.with))
		switch works, asked := w.works[a.with]; {
		case works.status == http.StatusOK:
			f = a.check(ctx, w, a.with)
		case asked:
			f = untold(works.says() + "; " + f.seen)
		}
		noneFalse = noneFalse && f.verdict != "false"
		table += fmt.Sprintf("| %s | %s | %s | internal/%s |\n", f.verdict, a.about, w.harmless(f.seen), a.relies)
	}
	return table, noneFalse, err
}

// harmless returns what was seen without anything secret in it, since a service may
// return what it was sent. If it quotes one of our values, nothing of it stays.
func (w *world) harmless(seen string) string {
	hidden := []secret.Value{w.Inputs.ClientSecret, w.Inputs.Input, w.Inputs.GitHubToken, w.Contents}
	for _, o := range w.outcomes {
		hidden = append(hidden, o.Token.AccessToken, o.Token.RefreshToken)
	}
	if secret.HasAny(seen, hidden...) {
		return "withheld: the answer has a secret in it"
	}
	plain := regexp.MustCompile(`[^\p{L}\p{Nd}.,:;'/_=@-]+`).ReplaceAllString(secret.Redacted(seen), " ")
	return strings.TrimSpace(strings.ToValidUTF8(plain[:min(len(plain), 300)], ""))
}

// answer is what a service said to one request. It's read by hand: how the clients
// read an answer is one of the things in doubt.
type answer struct {
	status  int // 0 if none came
	header  http.Header
	body    []byte
	message string // of a refusal
	fault   string // of Strava's refusal: resource/field/code
}

func send(ctx context.Context, client *http.Client, method, address string, header http.Header, body string) answer {
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, address, strings.NewReader(body))
	if err != nil {
		return answer{} // the error may quote the request
	}
	req.Header = header
	reply, err := client.Do(req)
	if err != nil {
		return answer{}
	}
	defer reply.Body.Close()
	a := answer{status: reply.StatusCode, header: reply.Header}
	if a.body, err = io.ReadAll(io.LimitReader(reply.Body, 1<<20)); err != nil {
		return answer{}
	}
	var refusal struct {
		Message string
		Errors  [1]struct{ Resource, Field, Code string } // only the first
	}
	a.read(&refusal)
	first := refusal.Errors[0]
	a.message, a.fault = refusal.Message, strings.Trim(first.Resource+"/"+first.Field+"/"+first.Code, "/")
	return a
}

// read decodes the parts of a JSON answer that into knows.
func (a answer) read(into any) { _ = json.Unmarshal(a.body, into) }

func (a answer) succeeded() bool { return a.status >= 200 && a.status <= 299 }

// lacksPermission reports whether GitHub refused a token without the permission.
func (a answer) lacksPermission() bool {
	return a.status == http.StatusForbidden && strings.Contains(a.message, "not accessible by")
}

// page returns where a redirect leads, without the query.
func (a answer) page() string {
	to, _, _ := strings.Cut(a.header.Get("Location"), "?")
	return to
}

func (a answer) says() string {
	if a.status == 0 {
		return "no answer" + a.message
	}
	return strings.TrimSpace(fmt.Sprintln(a.status, a.message, a.fault, a.page()))
}

// judge turns an answer into a finding, unless it's about something other than what
// was asked.
func (a answer) judge(confirmed bool) finding {
	other := regexp.MustCompile(`(?i)rate limit|rule violation|bad credentials`).MatchString(a.message)
	if other || a.status == 0 || a.status == http.StatusTooManyRequests || a.status >= 500 {
		return untold(a.says())
	}
	return told(confirmed, a.says())
}
