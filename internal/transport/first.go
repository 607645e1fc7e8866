package transport

import (
	"net/http"
	"net/http/httptrace"
	"sync"
)

// first lets the first https request to a host get its connection before others
// to that host start: over HTTP/2 they then share it, while net/http would open
// one for each of them, since it cannot know beforehand. Over HTTP/1.1 they go on
// to open their own.
type first struct {
	base http.RoundTripper

	mu    sync.Mutex
	hosts map[string]chan struct{} // closed once there is a connection, or there was none
}

func (f *first) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.URL.Scheme != "https" {
		return f.base.RoundTrip(req)
	}
	connected, mine := f.turn(req.URL.Host)
	if !mine {
		select {
		case <-connected:
		case <-req.Context().Done():
			return nil, req.Context().Err()
		}
		return f.base.RoundTrip(req)
	}
	release := sync.OnceFunc(func() { close(connected) })
	defer release() // where no connection came about the others try for themselves
	trace := &httptrace.ClientTrace{WroteHeaders: release}
	return f.base.RoundTrip(req.WithContext(httptrace.WithClientTrace(req.Context(), trace)))
}

// turn returns what to wait for, and whether it is for the caller to end the wait.
func (f *first) turn(host string) (connected chan struct{}, mine bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if c, known := f.hosts[host]; known {
		return c, false
	}
	if f.hosts == nil {
		f.hosts = map[string]chan struct{}{}
	}
	f.hosts[host] = make(chan struct{})
	return f.hosts[host], true
}
