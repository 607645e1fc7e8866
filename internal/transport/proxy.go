package transport

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"mime"
	"net"
	"net/http"
	"net/url"
	"strings"
)

// ErrPage reports a web page, or an answer without TLS, from a host that sends neither:
// the network in between wants the user to log in.
var ErrPage = errors.New("a page in place of an answer")

// ProxyError reports a connection that a proxy prevented.
type ProxyError struct {
	Fault  string // "proxy-" and: unreadable, unreachable, loopback, credentials, refused
	Host   string // the proxy's; empty if it's unreadable
	Status int    // of its answer, or 0
}

func (e *ProxyError) Error() string { return fmt.Sprintf("%s (status %d)", e.Fault, e.Status) }

// proxyOf is http.ProxyFromEnvironment without its error, because that quotes the
// address and its password.
func proxyOf(r *http.Request) (*url.URL, error) {
	u, err := http.ProxyFromEnvironment(r)
	// A malformed address with a scheme is taken for a host called http.
	if err != nil || u != nil && strings.HasPrefix(u.Path, "//") {
		return nil, &ProxyError{Fault: "proxy-unreadable"}
	}
	return u, nil
}

// checkTunnel reads a proxy's answer to CONNECT.
func checkTunnel(_ context.Context, proxy *url.URL, _ *http.Request, answer *http.Response) error {
	fault := "proxy-refused"
	switch answer.StatusCode {
	case http.StatusOK:
		return nil
	case http.StatusProxyAuthRequired:
		fault = "proxy-credentials"
	}
	return &ProxyError{fault, proxy.Host, answer.StatusCode}
}

// explained returns the error of a round trip with its cause.
func explained(req *http.Request, err error) error {
	if _, ok := errors.AsType[tls.RecordHeaderError](err); ok {
		return fmt.Errorf("%w: %w", ErrPage, err)
	}
	op, ok := errors.AsType[*net.OpError](err)
	proxy, _ := proxyOf(req)
	switch {
	case !ok || op.Op != "proxyconnect" || proxy == nil:
		return err
	case IsLoopback(proxy.Hostname()):
		return &ProxyError{Fault: "proxy-loopback", Host: proxy.Host}
	}
	return &ProxyError{Fault: "proxy-unreachable", Host: proxy.Host}
}

// IsPage reports whether an answer of an API is a web page.
func IsPage(answer *http.Response) bool {
	kind, _, _ := mime.ParseMediaType(answer.Header.Get("Content-Type"))
	return kind == "text/html" && answer.StatusCode < 500
}
