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

var linkAlone = regexp.MustCompile(`(?m)\| (http://\S+/oauth/authorize\?\S+)$`)

// TestOneFileOneSecretOneClick: examples/sync.yml is saved with the own client id and
// one secret, the link opened that the first run stops at, the address pasted into Run
// workflow, and from then on the workflow runs by itself.
func TestOneFileOneSecretOneClick(t *testing.T) {
	const used = "GET    /api/v3/athlete/activities" // by the step behind
	for domain, lands := range map[string]string{"github.com": workflowPage, "": deadEnd} {
		t.Run("to "+lands, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, sandbox.Knobs{Rotation: sandbox.RotateAlways, Activities: 9, CallbackDomain: domain})
			w.secrets = "STRAVA_CLIENT_SECRET=" + w.server.App().Secret + "\nGITHUB_TOKEN=" + w.server.BuiltInToken() + "\n"
			path := w.workspace(t, "sync.yml")
			if domain != "" { // a client id that is kept as a secret: the runner's mask doesn't hit the link
				write(t, path, replaced(t, readFile(t, path), "client-id: "+w.server.App().ID, "client-id: ${{ secrets.STRAVA_CLIENT_ID }}"))
				w.secrets += "STRAVA_CLIENT_ID=" + w.server.App().ID + "\n"
			}
			// The runner that we have leaves this out; GitHub's doesn't.
			flags := []string{"--env", "GITHUB_WORKFLOW_REF=" + workflowRef}

			w.event = "push" // saving the file starts a run
			log, ok := w.actOn(t, path, flags...)
			check.Need(t, !ok, "the first run succeeded:\n%s", log)
			check.Contains(t, log, "One step left: authorize", "exit with `FAILURE`: 1")
			link := linkAlone.FindStringSubmatch(log)
			check.Need(t, link != nil, "there is no link on a line of its own:\n%s", log)
			u := check.Must(url.Parse(link[1]))(t)
			check.Need(t, u.Query().Get("client_id") == w.server.App().ID, "the link is not whole: %s", link[1])

			code := append(flags, "--input", "code="+grant(t, link[1], lands))
			for n, says := range []string{"nothing is left to do", "Strava issued an access token"} {
				w.event, flags = "workflow_dispatch", code // the address may come again
				if n == 1 && domain == "" {
					w.event, flags = "schedule", flags[:2]
				}
				log, ok := w.actOn(t, path, flags...)
				check.Need(t, ok, "the run failed:\n%s\n%s", log, w.server.Journal())
				check.Contains(t, log, says, "| 9\n") // activities
				check.Equal(t, strings.Count(w.server.Journal(), used), n+1, "the step behind used the token times\n%s", w.server.Journal())
				w.keeps(t, log, branch)
			}
		})
	}
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
