//go:build e2e

package e2e

import (
	"encoding/pem"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"strava-token/internal/check"
)

// TestNativeRefuses: each has one error with a next step, and nothing is run.
func TestNativeRefuses(t *testing.T) {
	junk := func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "<html>sign in</html>") }
	for name, test := range map[string]struct {
		given func(*testing.T, *launcher)
		says  string
	}{
		"no release":        {func(_ *testing.T, l *launcher) { l.release.Version = "" }, "This commit is no release"},
		"an unknown system": {func(_ *testing.T, l *launcher) { l.release.Sums = map[string]string{"plan9_386": l.asset.sum} }, "one of plan9_386"},
		"a wrong sum": {func(_ *testing.T, l *launcher) {
			l.release.Sums[l.asset.system] = strings.Repeat("0", 64)
		}, "its SHA-256 differs"},
		"half an archive": {func(_ *testing.T, l *launcher) { l.archive = l.archive[:len(l.archive)/2] }, "its SHA-256 differs"},
		"a captive page":  {func(_ *testing.T, l *launcher) { l.server.Config.Handler = http.HandlerFunc(junk) }, "its SHA-256 differs"},
		"no such asset":   {func(_ *testing.T, l *launcher) { l.server.Config.Handler = http.NotFoundHandler() }, "offers no program for"},
		"nothing answers": {func(_ *testing.T, l *launcher) { l.server.Close() }, "can't be downloaded (ECONNREFUSED)"},
		"redirect to http": {func(_ *testing.T, l *launcher) {
			l.server.Config.Handler = http.RedirectHandler("http://192.0.2.1/asset", http.StatusFound)
		}, "without https"},
		"endless redirects": {func(_ *testing.T, l *launcher) {
			l.server.Config.Handler = http.RedirectHandler("/again", http.StatusFound)
		}, "can't be downloaded (302)"},
		"a mirror without https": {func(_ *testing.T, l *launcher) {
			l.env["STRAVA_TOKEN_DOWNLOADS"] = "http://mirror.example.com/hidden"
		}, "STRAVA_TOKEN_DOWNLOADS is no https address"},
		"no place to keep it": {func(t *testing.T, l *launcher) {
			l.env["RUNNER_TOOL_CACHE"] = filepath.Join(l.dir, "native", "main.js")
		}, "can't be written"},
		"nothing listens at the proxy": {func(_ *testing.T, l *launcher) {
			l.env["STRAVA_TOKEN_DOWNLOADS"], l.env["https_proxy"] = "https://mirror.example.com/hidden", "http://user:hidden@127.0.0.1:1"
		}, "gives no connection to mirror.example.com (ECONNREFUSED)"},
		"no proxy's address": {func(_ *testing.T, l *launcher) {
			l.env["STRAVA_TOKEN_DOWNLOADS"], l.env["HTTPS_PROXY"] = "https://mirror.example.com/hidden", "socks5://hidden:1"
		}, "HTTPS_PROXY holds no address"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLauncher(t)
			test.given(t, l)
			out, status := l.run(t)
			if status != 1 || !strings.HasPrefix(out, "::error title=strava-token::") || strings.Count(out, "::error") != 1 {
				t.Errorf("exit status %d, want 1 and one error:\n%s", status, out)
			}
			if !strings.Contains(out, test.says) || !strings.Contains(out, " Next: ") || strings.Contains(out, "hidden") {
				t.Errorf("%q or a next step is missing, or an address is shown:\n%s", test.says, out)
			}
			check.That(t, l.world.server.Journal() == "", "something was sent:\n%s", l.world.server.Journal())
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
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: secure.Certificate().Raw})
	check.OK(t, os.WriteFile(roots, certificate, 0o600))
	var asked atomic.Value
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, password, _ := parseProxyAuth(r)
		if r.Method != http.MethodConnect || password != "p@ss" {
			w.WriteHeader(http.StatusProxyAuthRequired)
			return
		}
		asked.Store(r.Host)
		there, err := net.Dial("tcp", secure.Listener.Addr().String())
		if err != nil {
			t.Error(err)
			return
		}
		here, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
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

func parseProxyAuth(r *http.Request) (user, password string, ok bool) {
	r.Header.Set("Authorization", r.Header.Get("Proxy-Authorization"))
	return r.BasicAuth()
}
