package sandbox

import (
	"context"
	"net"
	"sync"
	"syscall"
)

// Pipe is a network inside this process: whatever address is dialled, the other
// end arrives at Accept. It touches no port, and works under a test's fake
// clock.
type Pipe struct {
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once

	mu      sync.Mutex
	dialled []string
	open    map[string][]net.Conn // the services' ends, by address
	refuse  map[string]int        // how many more connections are refused; -1 is all
}

// NewPipe returns a Pipe. It's a net.Listener.
func NewPipe() *Pipe {
	return &Pipe{
		conns: make(chan net.Conn), done: make(chan struct{}),
		open: map[string][]net.Conn{}, refuse: map[string]int{},
	}
}

// Dial connects to the next Accept.
func (p *Pipe) Dial(ctx context.Context, _, address string) (net.Conn, error) {
	client, server := net.Pipe()
	if !p.admit(address, server) {
		return nil, &net.OpError{Op: "dial", Net: "pipe", Err: syscall.ECONNREFUSED}
	}
	select {
	case p.conns <- server:
		return client, nil
	case <-p.done:
		return nil, &net.OpError{Op: "dial", Net: "pipe", Err: net.ErrClosed}
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (p *Pipe) admit(address string, server net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.dialled = append(p.dialled, address)
	if p.refuse[address] != 0 {
		p.refuse[address]--
		return false
	}
	p.open[address] = append(p.open[address], server)
	return true
}

// Refuse closes every connection to address and refuses the next times ones; -1
// refuses all.
func (p *Pipe) Refuse(address string, times int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.open[address] {
		_ = c.Close()
	}
	p.open[address] = nil
	p.refuse[address] = times
}

// Dialled returns the addresses that were asked for, in their order.
func (p *Pipe) Dialled() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string(nil), p.dialled...)
}

// Accept waits for a connection.
func (p *Pipe) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}

// Close ends Accept, and refuses further connections.
func (p *Pipe) Close() error {
	p.once.Do(func() { close(p.done) })
	return nil
}

// Addr returns a loopback address that nobody listens on.
func (p *Pipe) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1} }
