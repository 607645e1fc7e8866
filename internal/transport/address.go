package transport

import (
	"errors"
	"net/url"
)

var errAddress = errors.New("not a plain https address")

// ParseAddress reads the base address of a service: https, or http on
// loopback, without a user, a query or a fragment.
func ParseAddress(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil {
		// The error would quote the address, and that may contain a password.
		return nil, errAddress
	}
	if u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" || u.Host == "" {
		return nil, errAddress
	}
	if err := Check(u); err != nil {
		return nil, err
	}
	return u, nil
}
