package sandbox

import (
	"context"
	"net"
	"slices"
	"sync"
	"syscall"
)

// Pipe is a network inside this process: whatever address is dialled, the other
// end arrives at Accept. It touches no port, and works under a test's fake
// clock.
type Pipe struct {
	conns  chan net.Conn
	closed context.Context
	close  context.CancelFunc

	mu      sync.Mutex
	dialled []string
	servers []net.Conn     // the services' ends of what was dialled
	refuse  map[string]int // how many more connections are refused; -1 is all
}

// NewPipe returns a Pipe. It's a net.Listener.
func NewPipe() *Pipe {
	p := &Pipe{conns: make(chan net.Conn), refuse: map[string]int{}}
	p.closed, p.close = context.WithCancel(context.Background())
	return p
}

// Dial connects to the next Accept.
func (p *Pipe) Dial(ctx context.Context, _, address string) (net.Conn, error) {
	client, server := net.Pipe()
	p.mu.Lock()
	p.dialled, p.servers = append(p.dialled, address), append(p.servers, server)
	refused := p.refuse[address] != 0
	if refused {
		p.refuse[address]--
	}
	p.mu.Unlock()
	if !refused {
		select {
		case p.conns <- server:
			return client, nil
		case <-p.closed.Done():
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	return nil, &net.OpError{Op: "dial", Net: "pipe", Err: syscall.ECONNREFUSED}
}

// Refuse closes every connection to address and refuses the next times ones; -1
// refuses all.
func (p *Pipe) Refuse(address string, times int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i, dialled := range p.dialled {
		if dialled == address {
			_ = p.servers[i].Close()
		}
	}
	p.refuse[address] = times
}

// Dialled returns the addresses that were asked for, in their order.
func (p *Pipe) Dialled() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.dialled)
}

// Accept waits for a connection.
func (p *Pipe) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.closed.Done():
		return nil, net.ErrClosed
	}
}

// Close ends Accept, and refuses further connections.
func (p *Pipe) Close() error {
	p.close()
	return nil
}

// Addr returns a loopback address that nobody listens on.
func (p *Pipe) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1} }
