package transport

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"

	"github.com/sethvargo/go-retry"
)

const (
	readRetries = 3
	readTimeout = 10 * time.Second
	firstPause  = 500 * time.Millisecond
	// LongestPause is how long a server may ask to wait, in a Retry-After,
	// before the answer is taken as it is.
	LongestPause = 5 * time.Second
)

// Backoff returns the pauses before each of up to retries repetitions: about
// 0.5 s, 1 s, 2 s, each up to a third longer or shorter, so that workflows that
// started in the same minute don't retry at the same moment.
func Backoff(retries uint64) retry.Backoff {
	return retry.WithMaxRetries(retries, retry.WithJitterPercent(33, retry.NewExponential(firstPause)))
}

// Scatter returns a random pause before the nth try of what others try as well, so
// that they don't collide again: the limit rises with each try.
func Scatter(n int) time.Duration { return rand.N(time.Duration(n) * 150 * time.Millisecond) }

// Pause waits for d. If ctx ends first, it returns ctx's error.
func Pause(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// IsCertificate reports whether err says that the other side's certificate
// couldn't be verified. Repeating doesn't help.
func IsCertificate(err error) bool {
	_, is := errors.AsType[*tls.CertificateVerificationError](err)
	return is
}

// repeater repeats a harmless request: after a broken connection, a truncated
// answer, a 5xx, or if the server says to come back in a moment.
type repeater struct{ base http.RoundTripper }

func (r *repeater) RoundTrip(req *http.Request) (*http.Response, error) {
	backoff := Backoff(readRetries)
	for {
		resp, err := r.attempt(req)
		pause, again := pauseBefore(backoff, req, resp, err)
		if !again || Pause(req.Context(), pause) != nil {
			return resp, err
		}
	}
}

// attempt sends req once and reads the whole answer, so that a truncated one
// counts as a broken connection.
func (r *repeater) attempt(req *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithTimeout(req.Context(), readTimeout)
	defer cancel()
	once := req.Clone(ctx)
	if req.GetBody != nil {
		once.Body, _ = req.GetBody() // net/http refuses a request whose body is missing
	}
	resp, err := r.base.RoundTrip(once)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, fmt.Errorf("read answer: %w", err)
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	return resp, nil
}

func pauseBefore(backoff retry.Backoff, req *http.Request, resp *http.Response, err error) (time.Duration, bool) {
	pause, stop := backoff.Next()
	proxy, isProxy := errors.AsType[*ProxyError](err)
	switch {
	case stop, req.Context().Err() != nil, errors.Is(err, ErrInsecure), IsCertificate(err), isProxy && (proxy.Status != 0 || proxy.Host == ""),
		req.Body != nil && req.GetBody == nil:
		return 0, false
	case err != nil, resp.StatusCode >= 500:
		return pause, true
	case resp.StatusCode == http.StatusTooManyRequests, resp.StatusCode == http.StatusForbidden:
		seconds, err := strconv.Atoi(resp.Header.Get("Retry-After"))
		asked := time.Duration(seconds) * time.Second
		return max(pause, asked), err == nil && asked >= 0 && asked <= LongestPause
	}
	return 0, false
}
