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

// take returns the connection that was opened ahead, or dials if there's none or that
// failed. net/http doesn't wait for it longer than for ctx.
func (o *opener) take(ctx context.Context, network, address string) (net.Conn, error) {
	if ahead, found := o.ahead.LoadAndDelete(address); found {
		if conn := <-ahead.(chan net.Conn); conn != nil {
			return conn, nil
		}
	}
	return o.dial(ctx, network, address)
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
