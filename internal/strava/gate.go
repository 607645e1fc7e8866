package strava

import (
	"errors"
	"io"
	"strings"
	"sync/atomic"
)

// gate decides whether the form of a request leaves this machine: either it's sent,
// or the request is given up first, never both. A connection that is open doesn't
// tell, since net/http writes without asking again.
type gate struct{ state atomic.Int32 }

const (
	undecided = iota
	opened
	shut
)

var errGivenUp = errors.New("given up before it was sent")

// close keeps the form here. It returns false if that has already left.
func (g *gate) close() bool { return g.state.CompareAndSwap(undecided, shut) }

func (g *gate) closed() bool { return g.state.Load() == shut }

// passed reports whether anything of the form may have left.
func (g *gate) passed() bool { return g.state.Load() == opened }

func (g *gate) pass() bool {
	return g.state.CompareAndSwap(undecided, opened) || g.passed()
}

// guard returns text as a body that can be read only through the gate.
func (g *gate) guard(text string) io.ReadCloser {
	return io.NopCloser(&guarded{gate: g, text: strings.NewReader(text)})
}

type guarded struct {
	gate *gate
	text *strings.Reader
}

func (b *guarded) Read(p []byte) (int, error) {
	if !b.gate.pass() {
		return 0, errGivenUp
	}
	return b.text.Read(p)
}
