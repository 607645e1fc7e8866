package transport

import (
	"context"
	"crypto/tls"
	"net"
	"net/url"
	"sync"
)

// warmer dials, and keeps at most one connection per address that was opened
// ahead of its use.
type warmer struct {
	dial  DialFunc
	mu    sync.Mutex
	ahead map[string]chan dialed
}

type dialed struct {
	conn net.Conn
	err  error
}

func (w *warmer) open(ctx context.Context, u *url.URL) {
	address, dial := hostPort(u), w.plain
	if u.Scheme == "https" {
		dial = w.secure
	}
	key := u.Scheme + " " + address
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.ahead == nil {
		w.ahead = map[string]chan dialed{}
	}
	if w.ahead[key] != nil {
		return
	}
	result := make(chan dialed, 1)
	w.ahead[key] = result
	go func() {
		conn, err := dial(ctx, "tcp", address)
		result <- dialed{conn, err}
	}()
}

// DialContext hands over the connection that was opened ahead, or dials.
func (w *warmer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	return w.take(ctx, "http", network, address, w.plain)
}

// DialTLSContext is DialContext for https.
func (w *warmer) DialTLSContext(ctx context.Context, network, address string) (net.Conn, error) {
	return w.take(ctx, "https", network, address, w.secure)
}

func (w *warmer) take(ctx context.Context, scheme, network, address string, dial DialFunc) (net.Conn, error) {
	key := scheme + " " + address
	w.mu.Lock()
	result := w.ahead[key]
	delete(w.ahead, key)
	w.mu.Unlock()
	if result == nil {
		return dial(ctx, network, address)
	}
	select {
	case d := <-result:
		if d.err == nil {
			return d.conn, nil
		}
		// What failed ahead of time gets its proper chance now.
		return dial(ctx, network, address)
	case <-ctx.Done():
		go discard(result)
		return nil, ctx.Err()
	}
}

func (w *warmer) plain(ctx context.Context, network, address string) (net.Conn, error) {
	return w.dial(ctx, network, address)
}

func (w *warmer) secure(ctx context.Context, network, address string) (net.Conn, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	raw, err := w.dial(ctx, network, address)
	if err != nil {
		return nil, err
	}
	conn := tls.Client(raw, &tls.Config{
		ServerName: host,
		MinVersion: tls.VersionTLS12,
		NextProtos: []string{"h2", "http/1.1"},
	})
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	if err := conn.HandshakeContext(ctx); err != nil {
		_ = raw.Close()
		return nil, err
	}
	return conn, nil
}

// close ends what was opened ahead and never used.
func (w *warmer) close() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for key, result := range w.ahead {
		delete(w.ahead, key)
		go discard(result)
	}
}

func discard(result chan dialed) {
	if d := <-result; d.conn != nil {
		_ = d.conn.Close()
	}
}

func hostPort(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	return net.JoinHostPort(u.Hostname(), port)
}
