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

// authority signs the certificates of tests. TestMain makes the system trust it.
var authority = newAuthority()

type certificateAuthority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	good tls.Certificate
	bad  tls.Certificate // signed by nobody that anybody knows
}

func newAuthority() *certificateAuthority {
	key, cert := sign(nil, nil, "authority")
	a := &certificateAuthority{cert: cert, key: key}
	goodKey, good := sign(cert, key, "good")
	a.good = tls.Certificate{Certificate: [][]byte{good.Raw}, PrivateKey: goodKey}
	badKey, bad := sign(nil, nil, "bad")
	a.bad = tls.Certificate{Certificate: [][]byte{bad.Raw}, PrivateKey: badKey}
	return a
}

func sign(parent *x509.Certificate, signer *ecdsa.PrivateKey, name string) (*ecdsa.PrivateKey, *x509.Certificate) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Date(1990, 1, 1, 0, 0, 0, 0, time.UTC), NotAfter: time.Date(2190, 1, 1, 0, 0, 0, 0, time.UTC),
		IsCA: parent == nil, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		DNSNames: []string{"oauth.test", "api.test", "github.test", "www.strava.com", "api.github.com"},
	}
	if parent == nil {
		parent, signer = template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
	if err != nil {
		panic(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		panic(err)
	}
	return key, cert
}

// trust writes the authority to a file and names it as the system's roots. It
// is called before any test runs, since Go reads the roots once.
func (a *certificateAuthority) trust(dir string) error {
	path := filepath.Join(dir, "roots.pem")
	content := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.cert.Raw})
	if err := os.WriteFile(path, content, 0o600); err != nil {
		return err
	}
	return os.Setenv("SSL_CERT_FILE", path)
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
				return &authority.bad, nil
			}
			return &authority.good, nil
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
