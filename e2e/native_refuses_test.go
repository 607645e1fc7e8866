//go:build e2e

package e2e

import (
	"encoding/pem"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"strava-token/internal/check"
)

// TestNativeRefuses: each has one error with a next step, and nothing is run.
func TestNativeRefuses(t *testing.T) {
	served := func(h http.Handler) func(*launcher) { return func(l *launcher) { l.server.Config.Handler = h } }
	junk := func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "<html>sign in</html>") }
	const downloads, mirror = "STRAVA_TOKEN_DOWNLOADS", "https://mirror.example.com/hidden"
	for name, test := range map[string]struct {
		given func(*launcher)
		says  string
	}{
		"no release":             {func(l *launcher) { l.release.Version = "" }, "This commit is no release"},
		"an unknown system":      {func(l *launcher) { l.release.Sums = map[string]string{"plan9_386": l.asset.sum} }, "one of plan9_386"},
		"a wrong sum":            {func(l *launcher) { l.release.Sums[l.asset.system] = strings.Repeat("0", 64) }, "its SHA-256 differs"},
		"half an archive":        {func(l *launcher) { l.archive = l.archive[:len(l.archive)/2] }, "its SHA-256 differs"},
		"a captive page":         {served(http.HandlerFunc(junk)), "its SHA-256 differs"},
		"no such asset":          {served(http.NotFoundHandler()), "offers no program for"},
		"nothing answers":        {func(l *launcher) { l.server.Close() }, "can't be downloaded (ECONNREFUSED)"},
		"redirect to http":       {served(http.RedirectHandler("http://192.0.2.1/asset", http.StatusFound)), "without https"},
		"endless redirects":      {served(http.RedirectHandler("/again", http.StatusFound)), "can't be downloaded (302)"},
		"a mirror without https": {func(l *launcher) { l.env[downloads] = "http://mirror.example.com/hidden" }, "STRAVA_TOKEN_DOWNLOADS is no https address"},
		"no place to keep it":    {func(l *launcher) { l.env["RUNNER_TOOL_CACHE"] = filepath.Join(l.dir, "native", "main.js") }, "can't be written"},
		"nothing listens at the proxy": {func(l *launcher) {
			l.env[downloads], l.env["https_proxy"] = mirror, "http://user:hidden@127.0.0.1:1"
		}, "gives no connection to mirror.example.com (ECONNREFUSED)"},
		"no proxy's address": {func(l *launcher) { l.env[downloads], l.env["HTTPS_PROXY"] = mirror, "socks5://hidden:1" }, "HTTPS_PROXY holds no address"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLauncher(t)
			test.given(l)
			out, status := l.run(t)
			oneError := strings.HasPrefix(out, "::error title=strava-token::") && strings.Count(out, "::error") == 1
			check.That(t, status == 1 && oneError, "exit status %d, want 1 and one error:\n%s", status, out)
			check.Contains(t, out, test.says, " Next: ")
			check.That(t, !strings.Contains(out, "hidden"), "an address is shown:\n%s", out)
			check.Equal(t, l.world.server.Journal(), "", "something was sent")
		})
	}
}

// TestNativeThroughAProxy downloads over CONNECT, with credentials. The host
// exists nowhere: the proxy leads to a server on this machine.
func TestNativeThroughAProxy(t *testing.T) {
	l := newLauncher(t)
	secure := httptest.NewTLSServer(l)
	t.Cleanup(secure.Close)
	roots := filepath.Join(t.TempDir(), "roots.pem")
	write(t, roots, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: secure.Certificate().Raw})))
	var asked atomic.Value
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Header.Set("Authorization", r.Header.Get("Proxy-Authorization"))
		_, password, _ := r.BasicAuth()
		if r.Method != http.MethodConnect || password != "p@ss" {
			w.WriteHeader(http.StatusProxyAuthRequired)
			return
		}
		asked.Store(r.Host)
		there, errThere := net.Dial("tcp", secure.Listener.Addr().String())
		here, _, errHere := http.NewResponseController(w).Hijack()
		if err := errors.Join(errThere, errHere); err != nil {
			t.Error(err)
			return
		}
		_, _ = io.WriteString(here, "HTTP/1.1 200 Connection established\r\n\r\n")
		go func() { _, _ = io.Copy(there, here); _ = there.Close() }()
		go func() { _, _ = io.Copy(here, there); _ = here.Close() }()
	}))
	t.Cleanup(proxy.Close)

	l.env["NODE_EXTRA_CA_CERTS"] = roots
	l.env["STRAVA_TOKEN_DOWNLOADS"] = "https://mirror.example.com"
	at := func(user *url.Userinfo) string {
		return (&url.URL{Scheme: "http", User: user, Host: proxy.Listener.Addr().String()}).String()
	}
	l.env["HTTPS_PROXY"] = at(url.UserPassword("user", "wrong"))
	if out, status := l.run(t); status != 1 || !strings.Contains(out, "gives no connection to mirror.example.com (407)") || strings.Contains(out, "wrong@") {
		t.Errorf("refused by the proxy: exit status %d\n%s", status, out)
	}
	l.env["HTTPS_PROXY"] = at(url.UserPassword("user", "p@ss"))
	l.env["NO_PROXY"] = "127.0.0.1,other.example.com"
	l.succeeds(t, 1)
	check.That(t, asked.Load() == "mirror.example.com:443", "the proxy was asked for %v", asked.Load())
}
