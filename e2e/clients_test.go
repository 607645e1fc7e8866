//go:build e2e

package e2e

import (
	"context"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/endpoints"

	"strava-token/internal/check"
	"strava-token/internal/sandbox"
)

// TestClientsFromNPM runs clients of Strava that others wrote, unchanged but for
// the host, on npm's node. .ci/install installs them.
func TestClientsFromNPM(t *testing.T) {
	for client, want := range map[string][]string{
		"strava-v3": {
			"GET /oauth/authorize 302", "POST /oauth/token grant=authorization_code code 200", "POST /oauth/token grant=refresh_token refresh#2 200",
			"GET /api/v3/athlete access#1 200", "GET /api/v3/athlete/activities access#1 200", "POST /oauth/deauthorize 200",
		},
		"auth-core": {"GET /api/v3/oauth/authorize 302", "POST /api/v3/oauth/token grant=authorization_code code 200", "GET /api/v3/athlete access#1 200"},
	} {
		t.Run(client, func(t *testing.T) {
			w := newWorld(t, sandbox.Knobs{Rotation: sandbox.RotateAlways, Activities: 7})
			cmd := exec.CommandContext(t.Context(), "node_modules/.bin/node", "--import", "./sandbox.js", client+".js")
			cmd.Dir = "clients"
			for _, v := range w.server.Environment(w.base) {
				cmd.Env = append(cmd.Env, v[0]+"="+v[1])
			}
			out, err := cmd.CombinedOutput()
			check.That(t, err == nil, "%v\n%s", err, out)
			w.assertCalled(t, want...)
		})
	}
}

// assertCalled looks for calls in the journal, blanks aside.
func (w *world) assertCalled(t *testing.T, calls ...string) {
	t.Helper()
	journal := strings.Join(strings.Fields(w.server.Journal()), " ")
	for _, call := range calls {
		check.That(t, strings.Contains(journal, "strava "+call), "%q is not in the journal:\n%s", call, w.server.Journal())
	}
}

// elsewhere sends what is meant for Strava to the sandbox.
type elsewhere struct{ base *url.URL }

func (e elsewhere) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.URL.Scheme, r.URL.Host = e.base.Scheme, e.base.Host
	return http.DefaultTransport.RoundTrip(r)
}

// TestClientInGo is golang.org/x/oauth2, with the endpoint of Strava's that it knows.
func TestClientInGo(t *testing.T) {
	w := newWorld(t, sandbox.Knobs{Rotation: sandbox.RotateAlways})
	base := check.Must(url.Parse(w.base))(t)
	ctx := context.WithValue(t.Context(), oauth2.HTTPClient, &http.Client{Transport: elsewhere{base}})
	config := oauth2.Config{
		ClientID: w.server.App().ID, ClientSecret: w.server.App().Secret, Endpoint: endpoints.Strava,
		RedirectURL: "http://localhost/callback", Scopes: []string{"read,activity:read_all"},
	}
	callback, err := url.Parse(authorize(t, w, config.AuthCodeURL("here")))
	check.Need(t, err == nil && callback.Query().Get("state") == "here", "the callback has another state: %v", err)
	token := check.Must(config.Exchange(ctx, callback.Query().Get("code")))(t)
	w.server.Advance(6 * time.Hour)
	token.Expiry = token.Expiry.Add(-6 * time.Hour) // its clock
	resp := check.Must(config.Client(ctx, token).Get("https://www.strava.com/api/v3/athlete"))(t)
	defer resp.Body.Close()
	check.That(t, resp.StatusCode == http.StatusOK, "athlete: got %d", resp.StatusCode)
	w.assertCalled(t, "POST /oauth/token grant=authorization_code code 200", "POST /oauth/token grant=refresh_token refresh#2 200", "GET /api/v3/athlete access#2 200")
}

// TestSandboxPage runs every command of docs/sandbox.md, as a stranger would.
func TestSandboxPage(t *testing.T) {
	bin := filepath.Dir(check.Must(program())(t))
	script := ""
	for _, block := range regexp.MustCompile("(?ms)^```sh\n(.*?)^```").FindAllStringSubmatch(readFile(t, "../docs/sandbox.md"), -1) {
		script += block[1]
	}
	cmd := exec.CommandContext(t.Context(), "bash", "-euo", "pipefail", "-c", "trap 'kill %1' EXIT\n"+script)
	cmd.Dir = t.TempDir()
	cmd.Env = append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"))
	out, err := cmd.CombinedOutput()
	check.Need(t, err == nil, "%v\n%s", err, out)
	check.Contains(t, string(out), "ready", "2025-06-15T06:00:00Z", "http://localhost/callback?state=xyz&code=", "grant=refresh_token refresh#1")
}
