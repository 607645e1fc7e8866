package transport

import (
	"bytes"
	"context"
	"net"
	"net/http/httptrace"
	"sync"
	"time"
)

// grace is how long a connection may still bring what net/http didn't wait for.
const grace = 150 * time.Millisecond

// Ear records the raw bytes of the answers to one request. net/http withholds
// bytes that no answer should have: a body after a 204, those beyond a
// Content-Length, a second answer, and what it can't read at all.
//
// It works only over HTTP/1.1, and not inside a proxy's tunnel.
type Ear struct {
	mu   sync.Mutex
	conn *tapped
}

// Hear returns a context for one request through Network.Token, and the Ear that
// records its connection until Done.
func Hear(ctx context.Context) (context.Context, *Ear) {
	e := &Ear{}
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(info httptrace.GotConnInfo) {
		e.Done() // with a connection that was given up
		conn, _ := info.Conn.(*tapped)
		conn.hold(true)
		e.mu.Lock()
		defer e.mu.Unlock()
		e.conn = conn
	}}), e
}

// SoFar returns what has arrived.
func (e *Ear) SoFar() []byte {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.conn == nil {
		return nil
	}
	e.conn.mu.Lock()
	defer e.conn.mu.Unlock()
	return bytes.Clone(e.conn.heard)
}

// Rest waits a moment for what is still coming, ends the connection, and returns
// everything that arrived.
func (e *Ear) Rest() []byte {
	e.mu.Lock()
	conn := e.conn
	e.mu.Unlock()
	if conn != nil {
		conn.drain()
	}
	return e.SoFar()
}

// Done stops recording.
func (e *Ear) Done() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.conn.hold(false)
	e.conn = nil
}

// tapped is a connection that keeps what is read from it. While it's held it stays
// open.
type tapped struct {
	net.Conn
	reading chan struct{} // one at a time, so that what is kept is in order

	mu       sync.Mutex
	heard    []byte
	held     bool
	draining bool
	closing  bool
}

func tap(dial DialFunc) DialFunc {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return &tapped{Conn: conn, reading: make(chan struct{}, 1)}, nil
	}
}

func (t *tapped) Read(p []byte) (int, error) {
	t.reading <- struct{}{}
	defer func() { <-t.reading }()
	n, err := t.Conn.Read(p)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.heard = append(t.heard, p[:min(n, 2*maxAnswer-len(t.heard))]...)
	return n, err
}

// Close ends reads and writes in progress. It never waits: net/http holds locks while
// it closes.
func (t *tapped) Close() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.closing = true
	switch {
	case !t.held:
		return t.Conn.Close()
	case !t.draining:
		return t.SetDeadline(time.Now())
	}
	return nil
}

// hold keeps the connection open, or lets it go.
func (t *tapped) hold(held bool) {
	if t == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.held = held
	if held {
		t.heard = nil // of an earlier request
	}
	if !held && t.closing {
		_ = t.Conn.Close()
	}
}

// drain reads what is still coming.
func (t *tapped) drain() {
	t.mu.Lock()
	t.draining, t.closing = true, true
	_ = t.SetDeadline(time.Now().Add(grace))
	t.mu.Unlock()
	for p, n := make([]byte, 4<<10), 0; n < maxAnswer; {
		m, err := t.Read(p)
		if err != nil {
			return
		}
		n += m
	}
}
