package transport

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
)

// ErrInsecure is returned for an address that is neither https nor loopback.
var ErrInsecure = errors.New("neither https nor loopback")

var errAddress = errors.New("not a plain https address")

// ParseAddress reads the base address of a service: https, or http on
// loopback, without a user, a query or a fragment.
func ParseAddress(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	// url.Parse's error would quote the address, and that may contain a password.
	if err != nil || u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" || u.Host == "" {
		return nil, errAddress
	}
	if err := Check(u); err != nil {
		return nil, err
	}
	return u, nil
}

// Check returns ErrInsecure unless u is https, or http on loopback.
func Check(u *url.URL) error {
	if u.Scheme == "https" && u.Host != "" || u.Scheme == "http" && IsLoopback(u.Hostname()) {
		return nil
	}
	return fmt.Errorf("%w: %s://%s", ErrInsecure, u.Scheme, u.Host)
}

// IsLoopback reports whether host is localhost or a loopback address.
func IsLoopback(host string) bool {
	ip, _ := netip.ParseAddr(host)
	return host == "localhost" || ip.IsLoopback()
}
