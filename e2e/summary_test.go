//go:build e2e

package e2e

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/renderer/html"

	"strava-token/internal/cli"
	"strava-token/internal/sandbox"
)

// sheet stands in for GitHub's, so that a summary looks as it does there.
const sheet = `<!doctype html><meta charset="utf-8"><style>
body { font: 16px/1.5 -apple-system, "Segoe UI", "Noto Sans", Helvetica, Arial, sans-serif; color: #1f2328; max-width: 60em; margin: 1.5em }
h3 { border-bottom: 1px solid #d1d9e0; padding-bottom: .3em } pre { background: #f6f8fa; padding: 1em; overflow: auto }
</style>`

// TestSummaryLooksRight renders the summary of a run that could not store the new
// refresh token, as GitHub does, and takes a picture of it.
func TestSummaryLooksRight(t *testing.T) {
	w := newWorld(t, always)
	runner, err := w.server.NewRunner(t.TempDir(), w.base)
	if err != nil {
		t.Fatal(err)
	}
	runner.Input("refresh-token", w.server.Secret(secretName))
	runner.Input("rotate-to", secretName)
	runner.Input("github-token", w.server.GitHubToken())
	w.server.Fail(sandbox.Fault{Call: "put", Kind: sandbox.FaultStatus, Status: 404})
	if status := cli.Run(t.Context(), cli.Process{
		Args: []string{"action"}, Getenv: runner.Getenv, Stdin: strings.NewReader(""), Stdout: runner, Stderr: &bytes.Buffer{},
	}); status != 3 {
		t.Fatalf("exit status: got %d, want 3", status)
	}
	var page bytes.Buffer
	page.WriteString(sheet)
	likeGitHub := goldmark.New(goldmark.WithExtensions(extension.GFM), goldmark.WithRendererOptions(html.WithUnsafe())) // for <br>
	if err := likeGitHub.Convert([]byte(runner.File("GITHUB_STEP_SUMMARY")), &page); err != nil {
		t.Fatal(err)
	}
	served := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
		rw.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = rw.Write(page.Bytes())
	}))
	defer served.Close()
	ctx := browser(t)
	var text string
	if err := chromedp.Run(ctx, chromedp.Navigate(served.URL), chromedp.Text("body", &text, chromedp.ByQuery)); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"Recovery text", "Strava access token: the run failed", "octo/running/STRAVA_REFRESH_TOKEN does not hold the new refresh token.", "Next:"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not on the page:\n%s", want, text)
		}
	}
	shoot(t, ctx, "summary", "light", 900, 900)
}
