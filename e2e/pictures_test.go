//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"flag"
	pixels "image" // our image has that name here
	"image/color"
	"image/draw"
	"image/png"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/renderer/html"

	"strava-token/internal/check"
	"strava-token/internal/provider"
	"strava-token/internal/sandbox"
)

var update = flag.Bool("update", false, "write the pictures of docs/ anew")

const (
	screenshots     = "../.e2e"
	maxPictureBytes = 60_000
)

// shoot takes a picture of the page as a whole, and of some room below.
func shoot(t *testing.T, ctx context.Context, name, scheme string, width int64) []byte {
	t.Helper()
	var picture []byte
	var height int64
	size := func(height int64) chromedp.Action {
		return emulation.SetDeviceMetricsOverride(width, height, 1, width < 500)
	}
	check.OK(t, chromedp.Run(ctx,
		emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}),
		size(1), chromedp.Evaluate("document.documentElement.scrollHeight", &height)))
	check.OK(t, chromedp.Run(ctx, size(height+16), chromedp.CaptureScreenshot(&picture)))
	write(t, filepath.Join(screenshots, name+".png"), string(picture))
	return picture
}

// illustrate takes a picture for docs/, which -update writes.
func illustrate(t *testing.T, ctx context.Context, name string, width int64) {
	t.Helper()
	picture := inFewColours(t, shoot(t, ctx, name, "light", width))
	check.That(t, len(picture) <= maxPictureBytes, "%s.png has %d bytes, more than %d", name, len(picture), maxPictureBytes)
	path := filepath.Join("..", "docs", name+".png")
	if *update {
		check.OK(t, os.WriteFile(path, picture, 0o644))
	}
	check.Must(os.Stat(path))(t)
}

// inFewColours makes a picture smaller: a page of text has few.
func inFewColours(t *testing.T, picture []byte) []byte {
	t.Helper()
	full := check.Must(png.Decode(bytes.NewReader(picture)))(t)
	count := map[color.Color]int{}
	for y := range full.Bounds().Dy() {
		for x := range full.Bounds().Dx() {
			count[full.At(x, y)]++
		}
	}
	palette := slices.SortedFunc(maps.Keys(count), func(a, b color.Color) int { return count[b] - count[a] })
	few := pixels.NewPaletted(full.Bounds(), palette[:min(len(palette), 64)])
	draw.Draw(few, few.Bounds(), full, pixels.Point{}, draw.Src)
	var b bytes.Buffer
	encoder := png.Encoder{CompressionLevel: png.BestCompression}
	check.OK(t, encoder.Encode(&b, few))
	return b.Bytes()
}

// sheet stands in for GitHub's, so that a summary looks as it does there.
const sheet = `<!doctype html><meta charset="utf-8"><style>
body { font: 16px/1.5 -apple-system, "Segoe UI", "Noto Sans", Helvetica, Arial, sans-serif; color: #1f2328; margin: 1.5em }
h3 { border-bottom: 1px solid #d1d9e0; padding-bottom: .3em } pre { background: #f6f8fa; padding: 1em; overflow: auto }
a { color: #0969da }
</style>`

// render shows a summary as GitHub does.
func render(t *testing.T, ctx context.Context, summary string) (text string) {
	t.Helper()
	var page bytes.Buffer
	page.WriteString(sheet)
	likeGitHub := goldmark.New(goldmark.WithExtensions(extension.GFM), goldmark.WithRendererOptions(html.WithUnsafe())) // for <br>
	check.OK(t, likeGitHub.Convert([]byte(summary), &page))
	served := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
		rw.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = rw.Write(page.Bytes())
	}))
	defer served.Close()
	check.OK(t, chromedp.Run(ctx, chromedp.Navigate(served.URL), chromedp.Text("body", &text, chromedp.ByQuery)))
	return text
}

// summaryOf is the summary of a step, in which the sandbox has Strava's address.
func summaryOf(t *testing.T, w *world, status provider.Status, inputs map[string]string) string {
	t.Helper()
	return strings.NewReplacer(w.base, "https://www.strava.com", strings.TrimPrefix(w.base, "http://"), "www.strava.com").
		Replace(w.step(t, status, inputs))
}

// TestSummariesOfTheFirstRuns: the run that stops at a link, Strava's page, and the
// run with the address.
func TestSummariesOfTheFirstRuns(t *testing.T) {
	w := newWorld(t, sandbox.Knobs{CallbackDomain: "github.com"})
	ctx := browser(t)
	inputs := map[string]string{
		"rotate-to": branch, "require-scopes": "activity:read_all", "github-token": w.server.BuiltInToken(),
	}
	summary := summaryOf(t, w, 1, inputs)
	text := render(t, ctx, summary)
	check.Contains(t, text, "One step left: authorize", "www.strava.com/oauth/authorize", "leave every box ticked", "Run workflow")
	illustrate(t, ctx, "first-run-link", 900)

	var link string
	check.OK(t, chromedp.Run(ctx, chromedp.AttributeValue(`a[href*="/oauth/authorize"]`, "href", &link, nil, chromedp.ByQuery)))
	link = strings.Replace(link, "https://www.strava.com", w.base, 1)
	check.OK(t, chromedp.Run(ctx, arrive(link), chromedp.WaitVisible("#authorize", chromedp.ByQuery)))
	illustrate(t, ctx, "first-run-authorize", 520)

	inputs["code"] = authorize(t, w, link)
	text = render(t, ctx, summaryOf(t, w, 0, inputs))
	check.Contains(t, text, "Strava access token is ready", "branch:strava-token", "nothing is left to do")
	illustrate(t, ctx, "first-run-done", 900)
}

// TestSummaryOfAFailure: the run could not store the new refresh token. What failed
// comes first, and the sealed text is folded.
func TestSummaryOfAFailure(t *testing.T) {
	w := newWorld(t, always)
	w.server.Fail(sandbox.Fault{Call: "put", Kind: sandbox.FaultStatus, Status: 404})
	ctx := browser(t)
	text := render(t, ctx, summaryOf(t, w, 3, map[string]string{
		"refresh-token": w.server.Secret(secretName), "rotate-to": secretName, "github-token": w.server.GitHubToken(),
	}))
	check.Contains(t, text, "Strava access token: the run failed", "octo/running/STRAVA_REFRESH_TOKEN doesn't have the new refresh token.", "Next:")
	check.That(t, !strings.Contains(text, "BEGIN AGE ENCRYPTED FILE"), "the sealed text is not folded:\n%s", text)
	illustrate(t, ctx, "summary", 900)
	check.OK(t, chromedp.Run(ctx, chromedp.Click("summary", chromedp.ByQuery), chromedp.Text("body", &text, chromedp.ByQuery)))
	check.Contains(t, text, "BEGIN AGE ENCRYPTED FILE")
}
