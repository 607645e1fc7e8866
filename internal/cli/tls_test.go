package cli_test

import (
	"bufio"
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"strava-token/internal/check"
	"strava-token/internal/sandbox"
)

// The system trusts the good certificate, since TestMain says so, and the other not.
var good, bad = newCertificate("good"), newCertificate("bad")

// newCertificate signs itself.
func newCertificate(name string) tls.Certificate {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Date(1990, 1, 1, 0, 0, 0, 0, time.UTC), NotAfter: time.Date(2190, 1, 1, 0, 0, 0, 0, time.UTC),
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		DNSNames: []string{"oauth.test", "api.test", "github.test", "www.strava.com", "api.github.com"},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		panic(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// writeRoots writes the good certificate to a file, for SSL_CERT_FILE.
func writeRoots(dir string) (path string, err error) {
	path = filepath.Join(dir, "roots.pem")
	content := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: good.Certificate[0]})
	return path, os.WriteFile(path, content, 0o600)
}

// secure serves the sandbox over TLS, each service under a name of its own.
func (s *step) secure(c cell) { s.secureOver(c, "http/1.1") }

// secureOver does so over these protocols.
func (s *step) secureOver(c cell, protocols ...string) {
	s.t.Helper()
	spoiled := &atomic.Bool{}
	s.spoiled = spoiled
	host := map[string]string{oauthHost: "oauth.test", apiHost: "api.test", githubHost: "github.test"}[c.host]
	config := &tls.Config{
		NextProtos: protocols,
		GetCertificate: func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
			if hello.ServerName == host && spoiled.Load() {
				return &bad, nil
			}
			return &good, nil
		},
	}
	pipe := &network{Pipe: sandbox.NewPipe(), refuse: map[string]int{}}
	service := &http.Server{Handler: s.server, ErrorLog: discardLog}
	go func() { _ = service.Serve(tls.NewListener(buffered{pipe}, config)) }()
	s.t.Cleanup(func() { _ = service.Close() })
	s.pipe = pipe
	s.runner.Input("strava-url", "https://oauth.test")
	s.runner.Input("strava-api-url", "https://api.test/api/v3")
	s.runner.Set("GITHUB_API_URL", "https://github.test")
}

// spoilCertificate makes the host's certificate one that does not verify: from
// the beginning, or once the token request is under way if a write is to
// fail.
func (s *step) spoilCertificate(c cell) {
	if c.call != "put" {
		s.spoiled.Store(true)
		return
	}
	s.server.Notify(func(call string) {
		if call == "token" {
			s.spoiled.Store(true)
			s.pipe.Refuse("github.test:443", 0) // closes the connections of the preflight
		}
	})
}

// buffered is a listener whose connections take writes without waiting for a
// reader, as TCP does: over a bare pipe, both ends of a failing handshake would
// wait for each other.
type buffered struct{ net.Listener }

func (b buffered) Accept() (net.Conn, error) {
	c, err := b.Listener.Accept()
	if err != nil {
		return nil, err
	}
	w := &bufferedConn{Conn: c, queue: make(chan []byte, 1024)}
	go func() {
		for p := range w.queue {
			_, _ = c.Write(p)
		}
		_ = c.Close()
	}()
	return w, nil
}

type bufferedConn struct {
	net.Conn
	mu     sync.Mutex
	closed bool
	queue  chan []byte
}

func (b *bufferedConn) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return 0, net.ErrClosed
	}
	b.queue <- bytes.Clone(p)
	return len(p), nil
}

func (b *bufferedConn) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.closed {
		b.closed = true
		close(b.queue)
	}
	// A reader that is gone must not keep the rest of the queue waiting.
	return b.Conn.SetWriteDeadline(time.Now().Add(time.Second))
}

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
	check.Contains(t, p.seen.String(), "CONNECT www.strava.com:443", "CONNECT api.github.com:443")
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
