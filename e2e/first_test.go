//go:build e2e

package e2e

import (
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"strava-token/internal/check"
	"strava-token/internal/sandbox"
)

const (
	workflowPage = "https://github.com/" + sandbox.Repository + "/actions/workflows/strava.yml"
	deadEnd      = "http://localhost/copy-this-whole-address"
)

// newcomer saved examples/sync.yml with the own client id, and added one secret.
type newcomer struct {
	*world
	path string // of the workflow
}

func newNewcomer(t *testing.T, knobs sandbox.Knobs) *newcomer {
	t.Helper()
	n := &newcomer{world: newWorld(t, knobs)}
	n.secrets = "STRAVA_CLIENT_SECRET=" + n.server.App().Secret + "\nGITHUB_TOKEN=" + n.server.BuiltInToken() + "\n"
	n.path = n.workspace(t, "sync.yml")
	return n
}

// starts runs the workflow as an event does; code is what a person pastes into
// Run workflow.
func (n *newcomer) starts(t *testing.T, event, code string) (log string, ok bool) {
	t.Helper()
	n.event = event
	// The runner that we have leaves this out; GitHub's doesn't.
	further := []string{"--env", "GITHUB_WORKFLOW_REF=" + workflowRef}
	if code != "" {
		further = append(further, "--input", "code="+code)
	}
	return n.actOn(t, n.path, further...)
}

var linkAlone = regexp.MustCompile(`(?m)\| (http://\S+/oauth/authorize\?\S+)$`)

// firstRun is the one that saving the file starts. It returns the link that it
// stops at.
func (n *newcomer) firstRun(t *testing.T) string {
	t.Helper()
	log, ok := n.starts(t, "push", "")
	check.Need(t, !ok, "the first run succeeded:\n%s", log)
	check.Contains(t, log, "One step left: authorize", "exit with `FAILURE`: 1")
	link := linkAlone.FindStringSubmatch(log)
	check.Need(t, link != nil, "there is no link on a line of its own:\n%s", log)
	u, err := url.Parse(link[1])
	check.Need(t, err == nil && u.Query().Get("client_id") == n.server.App().ID, "the link is not whole: %s", link[1])
	return link[1]
}

// TestOneFileOneSecretOneClick: the file is saved, the link opened, the address
// pasted, and from then on the workflow runs by itself.
func TestOneFileOneSecretOneClick(t *testing.T) {
	for domain, lands := range map[string]string{"github.com": workflowPage, "": deadEnd} {
		t.Run("to "+lands, func(t *testing.T) {
			t.Parallel()
			n := newNewcomer(t, sandbox.Knobs{Rotation: sandbox.RotateAlways, Activities: 9, CallbackDomain: domain})
			event, again := "schedule", ""
			if domain != "" { // a client id that is kept as a secret: the runner's mask doesn't hit the link
				write(t, n.path, replaced(t, readFile(t, n.path), "client-id: "+n.server.App().ID, "client-id: ${{ secrets.STRAVA_CLIENT_ID }}"))
				n.secrets += "STRAVA_CLIENT_ID=" + n.server.App().ID + "\n"
			}
			address := grant(t, n.firstRun(t), lands)
			n.succeeds(t, "workflow_dispatch", address, "nothing is left to do")
			if domain != "" {
				event, again = "workflow_dispatch", address
			}
			n.succeeds(t, event, again, "Strava issued an access token")
		})
	}
}

// succeeds runs the workflow to its end: the step behind uses the token.
func (n *newcomer) succeeds(t *testing.T, event, code, says string) {
	t.Helper()
	const used = "GET    /api/v3/athlete/activities"
	before := strings.Count(n.server.Journal(), used)
	log, ok := n.starts(t, event, code)
	check.Need(t, ok, "the run failed:\n%s\n%s", log, n.server.Journal())
	check.Contains(t, log, says, "| 9\n") // activities
	check.Equal(t, strings.Count(n.server.Journal(), used)-before, 1, "the step behind used the token times\n%s", n.server.Journal())
	n.keeps(t, log, branch)
}

// grant opens a link in a browser, logs in, leaves every box ticked, and returns
// the address that Strava leads to. The browser finds no such host.
func grant(t *testing.T, link, lands string) string {
	t.Helper()
	ctx := browser(t)
	landed := make(chan string, 100) // it tries again
	chromedp.ListenTarget(ctx, func(event any) {
		if sent, ok := event.(*network.EventRequestWillBeSent); ok && strings.HasPrefix(sent.Request.URL, lands+"?") {
			landed <- sent.Request.URL
		}
	})
	check.OK(t, chromedp.Run(ctx, network.Enable(), arrive(link), click("#authorize")))
	select {
	case address := <-landed:
		return address
	case <-ctx.Done():
		t.Fatalf("the browser was not led to %s", lands)
		return ""
	}
}
