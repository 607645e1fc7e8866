package cli_test

import (
	"bufio"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"

	"strava-token/internal/check"
)

// proxy is an HTTP proxy that leads every tunnel to one address, and keeps what
// it was sent in the clear.
type proxy struct {
	listener net.Listener
	to       string
	answer   string // in place of a tunnel
	mu       sync.Mutex
	seen     strings.Builder
}

func newProxy(t *testing.T, to string) *proxy {
	t.Helper()
	l := check.Must(net.Listen("tcp", "127.0.0.1:0"))(t)
	p := &proxy{listener: l, to: to}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go p.tunnel(conn)
		}
	}()
	return p
}

func (p *proxy) tunnel(conn net.Conn) {
	defer conn.Close()
	reader := bufio.NewReader(conn)
	req, err := http.ReadRequest(reader)
	if err != nil {
		return
	}
	p.mu.Lock()
	_ = req.Write(&p.seen)
	answer := p.answer
	p.mu.Unlock()
	if req.Method != http.MethodConnect {
		return
	}
	if answer != "" {
		head, page, _ := strings.Cut(answer, "<")
		_, _ = io.WriteString(conn, head)
		if page != "" { // the client speaks first
			_, _ = reader.ReadByte()
			_, _ = io.WriteString(conn, "<"+page)
			_, _ = io.Copy(io.Discard, reader)
		}
		return
	}
	upstream, err := net.Dial("tcp", p.to)
	if err != nil {
		return
	}
	defer upstream.Close()
	_, _ = io.WriteString(conn, "HTTP/1.1 200 Connection established\r\n\r\n")
	go func() { _, _ = io.Copy(upstream, reader) }()
	_, _ = io.Copy(conn, upstream)
}

// newTLSStep is a step whose services have Strava's and GitHub's own names,
// under the certificate given, behind a proxy.
func newTLSStep(t *testing.T, certificate tls.Certificate) (*step, *proxy) {
	t.Helper()
	s := newProcessStep(t, always)
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{certificate}, NextProtos: []string{"h2", "http/1.1"}})
	if err != nil {
		t.Fatal(err)
	}
	service := &http.Server{Handler: s.server, ErrorLog: discardLog}
	go func() { _ = service.Serve(l) }()
	t.Cleanup(func() { _ = service.Close() })
	p := newProxy(t, l.Addr().String())
	roots := check.Must(writeRoots(t.TempDir()))(t)
	s.runner.Input("strava-url", "")
	s.runner.Input("strava-api-url", "")
	s.runner.Set("GITHUB_API_URL", "https://api.github.com")
	s.runner.Set("HTTPS_PROXY", "http://"+p.listener.Addr().String())
	s.runner.Set("SSL_CERT_FILE", roots)
	return s, p
}

func TestProxyAndRootsOfTheEnvironmentAreUsed(t *testing.T) {
	t.Parallel()
	s, p := newTLSStep(t, good)
	check.Equal(t, s.exitStatus(s.command().Run()), 0, "exit status\n%s", s.runner.Log())
	check.That(t, s.server.Secret(secretName) == s.server.LiveRefreshToken(), "the refresh token was not kept")
	for _, host := range []string{"CONNECT www.strava.com:443", "CONNECT api.github.com:443"} {
		check.That(t, strings.Contains(p.seen.String(), host), "%s is not among what the proxy was asked for:\n%s", host, p.seen.String())
	}
	s.assertNothingLeaks()
}

// TestEachFailureOfAProxyIsTold: before anything is spent, and without the proxy's
// password.
func TestEachFailureOfAProxyIsTold(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ id, address, answer string }{
		{"target-proxy-credentials", "", "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n"},
		{"target-proxy-refused", "", "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"},
		{"target-page", "", "HTTP/1.1 200 OK\r\n\r\n<html><title>Log in to the airport</title>"},
		{"target-proxy-loopback", "http://127.0.0.1:1", ""},
		{"target-proxy-unreachable", "http://0.0.0.0:1", ""},
		{"target-proxy-unreadable", "http://me:hush-hush@[::1", ""},
	} {
		t.Run(tt.id, func(t *testing.T) {
			t.Parallel()
			s, p := newTLSStep(t, good)
			p.mu.Lock()
			p.answer = tt.answer
			p.mu.Unlock()
			if tt.address != "" {
				s.runner.Set("HTTPS_PROXY", tt.address)
			}
			check.Equal(t, s.exitStatus(s.command().Run()), 1, "exit status\n%s", s.runner.Log())
			s.assertMessage("Error", tt.id)
			if log := s.runner.Log(); strings.Contains(log, "hush-hush") || strings.Contains(log, "airport") {
				t.Errorf("the log shows what it mustn't:\n%s", log)
			}
			s.assertNothingLeaks()
		})
	}
}

// TestHostileProxySeesNothing has a proxy answer in the services' place, with a
// certificate that nobody signed.
func TestHostileProxySeesNothing(t *testing.T) {
	t.Parallel()
	s, p := newTLSStep(t, bad)
	check.Equal(t, s.exitStatus(s.command().Run()), 1, "exit status\n%s", s.runner.Log())
	s.assertMessage("Error", "target-bad-certificate")
	for name, value := range s.server.Values() {
		assertAbsent(t, "what the proxy was sent", p.seen.String(), name, value)
	}
	if got := s.server.Journal(); strings.Contains(got, "strava ") || strings.Contains(got, "github ") {
		t.Errorf("a request was sent all the same:\n%s", got)
	}
	s.assertNothingLeaks()
}
