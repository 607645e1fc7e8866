package transport

import (
	"context"
	"crypto/tls"
	"net"
	"net/url"
	"sync"
)

// dialer dials, and keeps at most one connection that was opened ahead of its use.
type dialer struct {
	dial DialFunc

	mu      sync.Mutex
	address string        // scheme, host and port of that connection
	ahead   chan net.Conn // delivers it, or nil if it couldn't be opened; nil if there is none
}

// open starts connecting to u, unless another connection was opened ahead.
func (d *dialer) open(ctx context.Context, u *url.URL) {
	address, dial := hostPort(u), d.dial
	if u.Scheme == "https" {
		dial = d.secure
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.ahead != nil {
		return
	}
	ahead := make(chan net.Conn, 1)
	d.address, d.ahead = u.Scheme+" "+address, ahead
	go func() {
		conn, err := dial(ctx, "tcp", address)
		if err != nil {
			conn = nil
		}
		ahead <- conn
	}()
}

// DialContext returns the connection that was opened ahead, or dials.
func (d *dialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	return d.take(ctx, "http", network, address, d.dial)
}

// DialTLSContext is DialContext for https.
func (d *dialer) DialTLSContext(ctx context.Context, network, address string) (net.Conn, error) {
	return d.take(ctx, "https", network, address, d.secure)
}

func (d *dialer) take(ctx context.Context, scheme, network, address string, dial DialFunc) (net.Conn, error) {
	ahead := d.takeAhead(scheme + " " + address)
	if ahead == nil {
		return dial(ctx, network, address)
	}
	select {
	case conn := <-ahead:
		if conn == nil { // what failed ahead of time is tried again now
			return dial(ctx, network, address)
		}
		return conn, nil
	case <-ctx.Done():
		go discard(ahead)
		return nil, ctx.Err()
	}
}

// takeAhead takes the connection that was opened ahead if it leads to address.
func (d *dialer) takeAhead(address string) chan net.Conn {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.address != address {
		return nil
	}
	ahead := d.ahead
	d.ahead = nil
	return ahead
}

func (d *dialer) secure(ctx context.Context, network, address string) (net.Conn, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	raw, err := d.dial(ctx, network, address)
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

// close closes a connection that was opened ahead and never used.
func (d *dialer) close() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.ahead != nil {
		go discard(d.ahead)
		d.ahead = nil
	}
}

func discard(ahead chan net.Conn) {
	if conn := <-ahead; conn != nil {
		_ = conn.Close()
	}
}

func hostPort(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = "443"
		if u.Scheme == "http" {
			port = "80"
		}
	}
	return net.JoinHostPort(u.Hostname(), port)
}
