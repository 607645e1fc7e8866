package transport

import (
	"bytes"
	"context"
	"io"
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
type Ear struct{ conn *tapped }

// Hear returns a context for one request through Network.Token, and the Ear that
// records its connection until Done.
func Hear(ctx context.Context) (context.Context, *Ear) {
	e := &Ear{}
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(info httptrace.GotConnInfo) {
		e.Done() // with a connection that was given up
		e.conn, _ = info.Conn.(*tapped)
		e.conn.hold(true)
	}}), e
}

// SoFar returns what has arrived.
func (e *Ear) SoFar() []byte {
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
	if e.conn != nil {
		e.conn.end(grace)
		_, _ = io.CopyN(io.Discard, e.conn, maxAnswer)
	}
	return e.SoFar()
}

// Done stops recording.
func (e *Ear) Done() {
	e.conn.hold(false)
	e.conn = nil
}

// tapped is a connection that keeps what is read from it. While it's held it stays
// open.
type tapped struct {
	net.Conn
	reading chan struct{} // one at a time, so that what is kept is in order

	mu     sync.Mutex
	heard  []byte
	held   bool
	ending bool
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

// Close never waits: net/http holds locks while it closes.
func (t *tapped) Close() error {
	t.end(0)
	return nil
}

// end ends reads and writes in progress, after a pause if there's one: a Close in it
// changes nothing.
func (t *tapped) end(pause time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.ending || pause > 0 {
		_ = t.SetDeadline(time.Now().Add(pause))
	}
	t.ending = true
	if !t.held {
		_ = t.Conn.Close()
	}
}

// hold keeps the connection open, or lets it go.
func (t *tapped) hold(held bool) {
	if t == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.held, t.heard = held, nil // without what an earlier request heard
	if !held && t.ending {
		_ = t.Conn.Close()
	}
}
