package cli_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

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
	pipe := sandbox.NewPipe()
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
