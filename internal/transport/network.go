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
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"sync"
	"time"
)

const (
	dialTimeout = 10 * time.Second
	// maxAnswer limits how much of one answer is read. The largest that is expected,
	// an athlete, is a few KiB; but a token answer is kept even if it's junk, hence
	// the size.
	maxAnswer = 32 << 20
)

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

	plain, secure *opener // for Token and Probes
}

// New returns a Network that dials with dial, or over TCP if dial is nil.
func New(dial DialFunc) *Network {
	if dial == nil {
		dial = (&net.Dialer{Timeout: dialTimeout, KeepAlive: 30 * time.Second}).DialContext
	}
	plain, secure := &opener{dial: dial}, &opener{dial: secured(dial)}
	base, heard := newBase(), newBase()
	base.DialContext, base.ForceAttemptHTTP2 = dial, true
	heard.DialContext, heard.DialTLSContext = tap(plain.take), tap(secure.take)
	once, token := &guard{base}, &guard{heard}
	return &Network{
		Reads: client(&repeater{once}), Once: client(once), Token: client(token), Probes: client(&repeater{token}),
		plain: plain, secure: secure,
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

// ErrInsecure is returned for an address that is neither https nor loopback.
var ErrInsecure = errors.New("neither https nor loopback")

// ParseAddress reads the base address of a service: https, or http on
// loopback, without a user, a query or a fragment.
func ParseAddress(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	// url.Parse's error would quote the address, and that may contain a password.
	if err != nil || u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" || u.Host == "" {
		return nil, errors.New("not a plain https address")
	}
	if err := Check(u); err != nil {
		return nil, err
	}
	return u, nil
}

// Check returns ErrInsecure unless u is https, or http on loopback.
func Check(u *url.URL) error {
	if u.Scheme == "https" && u.Host != "" || u.Scheme == "http" && IsLoopback(u.Hostname()) {
		return nil
	}
	return fmt.Errorf("%w: %s://%s", ErrInsecure, u.Scheme, u.Host)
}

// IsLoopback reports whether host is localhost or a loopback address.
func IsLoopback(host string) bool {
	ip, _ := netip.ParseAddr(host)
	return host == "localhost" || ip.IsLoopback()
}

// guard refuses addresses that a secret may not be sent to, and limits how much of an
// answer is read.
type guard struct{ *http.Transport }

func (g *guard) RoundTrip(req *http.Request) (*http.Response, error) {
	if err := Check(req.URL); err != nil {
		return nil, err
	}
	resp, err := g.Transport.RoundTrip(req)
	if err != nil {
		return nil, explained(req, err)
	}
	resp.Body = struct {
		io.Reader
		io.Closer
	}{io.LimitReader(resp.Body, maxAnswer), resp.Body}
	return resp, nil
}

// Open starts connecting to the host of u ahead of a request. The next connection of
// Token to it is that one.
func (n *Network) Open(ctx context.Context, u *url.URL) {
	if proxy, err := proxyOf(&http.Request{URL: u}); err != nil || proxy != nil || Check(u) != nil {
		return // the first connection leads to the proxy
	}
	opener, port := n.plain, "80"
	if u.Scheme == "https" {
		opener, port = n.secure, "443"
		// Read the root certificates while connecting, rather than afterwards. Go
		// keeps them.
		go func() { _, _ = x509.SystemCertPool() }()
	}
	opener.open(ctx, net.JoinHostPort(u.Hostname(), cmp.Or(u.Port(), port)))
}

// Close closes the connections that are not in use.
func (n *Network) Close() {
	n.plain.close()
	n.secure.close()
	n.Once.CloseIdleConnections()
	n.Token.CloseIdleConnections()
}

// opener dials, and keeps connections that were opened ahead of their use.
type opener struct {
	dial  DialFunc
	ahead sync.Map // by address, functions that wait for the connection
}

// open starts connecting to address, unless that was done before.
func (o *opener) open(ctx context.Context, address string) {
	ahead := sync.OnceValues(func() (net.Conn, error) { return o.dial(ctx, "tcp", address) })
	if _, twice := o.ahead.LoadOrStore(address, ahead); !twice {
		go ahead()
	}
}

// take returns the connection that was opened ahead, or dials if there's none or that
// failed. net/http doesn't wait for it longer than for ctx.
func (o *opener) take(ctx context.Context, network, address string) (net.Conn, error) {
	if ahead, found := o.ahead.LoadAndDelete(address); found {
		if conn, err := ahead.(func() (net.Conn, error))(); err == nil {
			return conn, nil
		}
	}
	return o.dial(ctx, network, address)
}

// close closes connections that were opened ahead and never used.
func (o *opener) close() {
	o.ahead.Range(func(_, ahead any) bool {
		go func() {
			if conn, err := ahead.(func() (net.Conn, error))(); err == nil {
				_ = conn.Close()
			}
		}()
		return true
	})
	o.ahead.Clear()
}

// secured returns dial with TLS.
func secured(dial DialFunc) DialFunc {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		host, _, _ := net.SplitHostPort(address) // TLS refuses an empty one
		raw, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		conn := tls.Client(raw, &tls.Config{
			ServerName: host,
			MinVersion: tls.VersionTLS12,
			NextProtos: []string{"http/1.1"}, // the only one that Hear can record
		})
		ctx, cancel := context.WithTimeout(ctx, dialTimeout)
		defer cancel()
		if err := conn.HandshakeContext(ctx); err != nil {
			_ = raw.Close()
			return nil, err
		}
		return conn, nil
	}
}
