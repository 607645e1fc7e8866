package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"time"
)

// front serves a sandbox over https, for gh, which speaks nothing else.
type front struct {
	host        string // address and port
	certificate string // the file with its certificate
	server      *http.Server
}

func newFront(sandbox, dir string) (*front, error) {
	target, err := url.Parse(sandbox)
	if err != nil {
		return nil, err
	}
	pair, err := certificate()
	if err != nil {
		return nil, fmt.Errorf("make a certificate: %w", err)
	}
	file := filepath.Join(dir, "certificate.pem")
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: pair.Certificate[0]})
	if err := os.WriteFile(file, text, 0o600); err != nil {
		return nil, err
	}
	listener, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{pair}})
	if err != nil {
		return nil, err
	}
	f := &front{
		host:        listener.Addr().String(),
		certificate: file,
		server: &http.Server{
			Handler:           httputil.NewSingleHostReverseProxy(target),
			ReadHeaderTimeout: 10 * time.Second,
		},
	}
	go func() { _ = f.server.Serve(listener) }()
	return f, nil
}

func (f *front) close() { _ = f.server.Close() }

// certificate makes one for loopback that vouches for itself.
func certificate() (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	template := &x509.Certificate{
		SerialNumber:          big.NewInt(1),
		NotBefore:             time.Now().Add(-time.Hour),
		NotAfter:              time.Now().Add(24 * time.Hour),
		IPAddresses:           []net.IP{net.IPv4(127, 0, 0, 1)},
		IsCA:                  true,
		BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return tls.Certificate{}, err
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, nil
}
