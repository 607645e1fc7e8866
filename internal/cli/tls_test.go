package cli_test

import (
	"bytes"
	"cmp"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
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

// secureHosts are the names of the matrix's hosts over TLS.
var secureHosts = map[string]string{oauthHost: "oauth.test", apiHost: "api.test", githubHost: "github.test"}

// secure serves the sandbox over TLS and these protocols, each service under a name of
// its own. Once s.spoiled is set, the host has a certificate that does not verify.
func (s *step) secure(host string, protocols ...string) {
	s.t.Helper()
	config := &tls.Config{
		NextProtos: protocols,
		GetCertificate: func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
			if hello.ServerName == secureHosts[host] && s.spoiled.Load() {
				return &bad, nil
			}
			return &good, nil
		},
	}
	s.pipe = &network{Pipe: sandbox.NewPipe(), refuse: map[string]int{}}
	serve(s.t, s.server, tls.NewListener(buffered{s.pipe}, config))
	s.runner.Input("strava-url", "https://oauth.test")
	s.runner.Input("strava-api-url", "https://api.test/api/v3")
	s.runner.Set("GITHUB_API_URL", "https://github.test")
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
	written := make(chan struct{})
	close(written)
	return &bufferedConn{Conn: c, written: written}, nil
}

// bufferedConn is a connection whose writes are under way one after the other.
type bufferedConn struct {
	net.Conn
	mu      sync.Mutex
	written chan struct{} // closed once the last one is
}

// after does something when all before it is written.
func (b *bufferedConn) after(do func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	before, written := b.written, make(chan struct{})
	b.written = written
	go func() { <-before; do(); close(written) }()
}

func (b *bufferedConn) Write(p []byte) (int, error) {
	p = bytes.Clone(p)
	b.after(func() { _, _ = b.Conn.Write(p) })
	return len(p), nil
}

func (b *bufferedConn) Close() error {
	b.after(func() { _ = b.Conn.Close() })
	// A reader that is gone must not keep the rest of the writes waiting.
	return b.Conn.SetWriteDeadline(time.Now().Add(time.Second))
}

// proxy is an HTTP proxy that leads every tunnel to one address, and keeps what
// it was sent in the clear.
type proxy struct {
	to      string
	refuses int    // with a status, in place of a tunnel
	page    string // is at the end of every tunnel
	seen    lockedBuffer
}

func (p *proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_, _ = fmt.Fprintln(&p.seen, r.Method, r.RequestURI, r.Header)
	if r.Method != http.MethodConnect || p.refuses != 0 {
		w.WriteHeader(cmp.Or(p.refuses, http.StatusBadRequest))
		return
	}
	conn, reader, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	defer conn.Close()
	_, _ = io.WriteString(conn, "HTTP/1.1 200 Connection established\r\n\r\n")
	if p.page != "" { // the client speaks first
		_, _ = reader.ReadByte()
		_, _ = io.WriteString(conn, p.page)
		_, _ = io.Copy(io.Discard, reader)
		return
	}
	upstream, err := net.Dial("tcp", p.to)
	if err != nil {
		return
	}
	defer upstream.Close()
	go func() { _, _ = io.Copy(upstream, reader) }()
	_, _ = io.Copy(conn, upstream)
}

// TestProxies has Strava's and GitHub's own names behind a proxy. Each failure is told
// before anything is spent, and without the proxy's password; and a proxy sees nothing,
// not even one that answers in the services' place with a certificate that nobody signed.
func TestProxies(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		id          string // of the error, if any
		certificate tls.Certificate
		address     string // the proxy's, if it is another
		refuses     int
		page        string
	}{
		{"", good, "", 0, ""},
		{"target-bad-certificate", bad, "", 0, ""},
		{"target-proxy-credentials", good, "", 407, ""},
		{"target-proxy-refused", good, "", 403, ""},
		{"target-page", good, "", 0, "<html><title>Log in to the airport</title>"},
		{"target-proxy-loopback", good, "http://127.0.0.1:1", 0, ""},
		{"target-proxy-unreachable", good, "http://0.0.0.0:1", 0, ""},
		{"target-proxy-unreadable", good, "http://me:hush-hush@[::1", 0, ""},
	} {
		t.Run(cmp.Or(tt.id, "it works"), func(t *testing.T) {
			t.Parallel()
			s := newProcessStep(t, always)
			l := check.Must(tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{tt.certificate}, NextProtos: []string{"h2", "http/1.1"}}))(t)
			serve(t, s.server, l)
			p := &proxy{to: l.Addr().String(), refuses: tt.refuses, page: tt.page}
			service := check.Must(net.Listen("tcp", "127.0.0.1:0"))(t)
			serve(t, p, service)
			inputs("strava-url", "", "strava-api-url", "")(s)
			s.runner.Set("GITHUB_API_URL", "https://api.github.com")
			s.runner.Set("HTTPS_PROXY", cmp.Or(tt.address, "http://"+service.Addr().String()))
			s.runner.Set("SSL_CERT_FILE", check.Must(writeRoots(t.TempDir()))(t))
			works, status := tt.id == "", 1
			if works {
				status = 0
			}
			check.Equal(t, s.ended(s.command().Run()), status, "exit status\n%s", s.runner.Log())
			s.assertMessage("Error", tt.id)
			check.That(t, s.kept() && (s.server.Count("strava", "POST", "/oauth/token") == 1) == works, "something was spent, or not kept")
			check.That(t, works || !strings.Contains(s.server.Journal(), "github "), "a request was sent all the same:\n%s", s.server.Journal())
			if works {
				check.Contains(t, p.seen.String(), "CONNECT www.strava.com:443", "CONNECT api.github.com:443")
			}
			for _, text := range []string{"hush-hush", "airport"} {
				check.That(t, !strings.Contains(s.runner.Log(), text), "%s is in the log", text)
			}
			for name, value := range s.server.Values() {
				assertAbsent(t, name, value, map[string]string{"what the proxy was sent": p.seen.String()})
			}
		})
	}
}
