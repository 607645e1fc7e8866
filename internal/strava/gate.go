package strava

import (
	"errors"
	"io"
	"strings"
	"sync"
)

// gate decides whether the form of a request leaves this machine: either it's sent,
// or the request is given up first, never both. A connection that is open doesn't
// tell, since net/http writes without asking again.
type gate struct {
	decide sync.Once
	sent   bool
}

var errGivenUp = errors.New("given up before it was sent")

// shut keeps the form here, unless that may already have left: then it returns true.
func (g *gate) shut() bool {
	g.decide.Do(func() {})
	return g.sent
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
	b.gate.decide.Do(func() { b.gate.sent = true })
	if !b.gate.sent {
		return 0, errGivenUp
	}
	return b.text.Read(p)
}
