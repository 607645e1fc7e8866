package transport

import (
	"context"
	"crypto/tls"
	"net"
	"sync"
)

// opener dials, and keeps connections that were opened ahead of their use.
type opener struct {
	dial  DialFunc
	ahead sync.Map // of chan net.Conn, by address; one delivers nil if it couldn't connect
}

// open starts connecting to address, unless that was done before.
func (o *opener) open(ctx context.Context, address string) {
	ahead := make(chan net.Conn, 1)
	if _, twice := o.ahead.LoadOrStore(address, ahead); twice {
		return
	}
	go func() {
		conn, err := o.dial(ctx, "tcp", address)
		if err != nil {
			conn = nil
		}
		ahead <- conn
	}()
}

// take returns the connection that was opened ahead, or dials.
func (o *opener) take(ctx context.Context, network, address string) (net.Conn, error) {
	ahead, found := o.ahead.LoadAndDelete(address)
	if !found {
		return o.dial(ctx, network, address)
	}
	select {
	case conn := <-ahead.(chan net.Conn):
		if conn == nil { // what failed ahead of time is tried again now
			return o.dial(ctx, network, address)
		}
		return conn, nil
	case <-ctx.Done():
		go discard(ahead)
		return nil, ctx.Err()
	}
}

// close closes connections that were opened ahead and never used.
func (o *opener) close() {
	o.ahead.Range(func(_, ahead any) bool {
		go discard(ahead)
		return true
	})
	o.ahead.Clear()
}

func discard(ahead any) {
	if conn := <-ahead.(chan net.Conn); conn != nil {
		_ = conn.Close()
	}
}

// secured returns dial with TLS.
func secured(dial DialFunc) DialFunc {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		host, _, err := net.SplitHostPort(address)
		if err != nil {
			return nil, err
		}
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
