// Package transport is the one way out to the network.
//
// It follows no redirect, since the next host would be given the secret; it
// speaks only https (plain http to loopback), reads answers up to a limit, and
// repeats what may be repeated without harm. HTTPS_PROXY, NO_PROXY and
// SSL_CERT_FILE work as usual.
//
// The three kinds of call need three policies. Reads and probes are repeated here.
// A token request and a secret's write go through Network.Token and Network.Once.
// Those don't repeat: their packages do, under rules of their own, with the same
// back-off.
package transport

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"time"
)

const (
	dialTimeout = 10 * time.Second
	// maxAnswer limits how much of one answer is read. The largest that is expected,
	// an athlete, is a few KiB; but a token answer is kept even if it's junk, hence
	// the size.
	maxAnswer = 32 << 20
)

// ErrInsecure is returned for an address that is neither https nor loopback.
var ErrInsecure = errors.New("neither https nor loopback")

// DialFunc opens a connection, as net.Dialer.DialContext does.
type DialFunc func(ctx context.Context, network, address string) (net.Conn, error)

// Network has the clients of one run.
type Network struct {
	// Reads repeats a request after a broken connection, a 5xx, or a 429 or 403 with a
	// short Retry-After.
	Reads *http.Client
	// Once sends every request once.
	Once *http.Client
	// Token and Probes are Once and Reads over connections that they share and Hear
	// can record. They speak HTTP/1.1.
	Token, Probes *http.Client

	bases  []*http.Transport
	dialer *dialer
}

// New returns a Network that dials with dial, or over TCP if dial is nil.
func New(dial DialFunc) *Network {
	if dial == nil {
		dial = (&net.Dialer{Timeout: dialTimeout, KeepAlive: 30 * time.Second}).DialContext
	}
	d := &dialer{dial: dial}
	base, heard := newBase(), newBase()
	base.DialContext, base.ForceAttemptHTTP2 = dial, true
	heard.DialContext, heard.DialTLSContext = tap(d.DialContext), tap(d.DialTLSContext)
	once, token := &guard{base: base}, &guard{base: heard}
	return &Network{
		Reads:  client(&repeater{base: once}),
		Once:   client(once),
		Token:  client(token),
		Probes: client(&repeater{base: token}),
		bases:  []*http.Transport{base, heard},
		dialer: d,
	}
}

func newBase() *http.Transport {
	return &http.Transport{
		Proxy:                  proxyOf,
		TLSHandshakeTimeout:    dialTimeout,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12},
		DisableCompression:     true,
		OnProxyConnectResponse: checkTunnel,
		MaxIdleConnsPerHost:    20, // four targets at a time, four questions each, and some to spare
	}
}

func client(rt http.RoundTripper) *http.Client {
	return &http.Client{
		Transport:     rt,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// Open starts connecting to the host of u ahead of a request. The next request of
// Token to it uses that connection. Only one is kept.
func (n *Network) Open(ctx context.Context, u *url.URL) {
	if Check(u) != nil {
		return
	}
	if proxy, err := n.bases[0].Proxy(&http.Request{URL: u}); err != nil || proxy != nil {
		return // the first connection leads to the proxy
	}
	if u.Scheme == "https" {
		// Read the root certificates while connecting, rather than afterwards. Go
		// keeps them.
		go func() { _, _ = x509.SystemCertPool() }()
	}
	n.dialer.open(ctx, u)
}

// Close closes the connections that are not in use.
func (n *Network) Close() {
	n.dialer.close()
	for _, base := range n.bases {
		base.CloseIdleConnections()
	}
}

// Check returns ErrInsecure unless u is https, or http on loopback.
func Check(u *url.URL) error {
	if u.Scheme == "https" && u.Host != "" {
		return nil
	}
	if u.Scheme == "http" && IsLoopback(u.Hostname()) {
		return nil
	}
	return fmt.Errorf("%w: %s://%s", ErrInsecure, u.Scheme, u.Host)
}

// IsLoopback reports whether host is localhost or a loopback address.
func IsLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}
