package transport_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"strava-token/internal/check"
	"strava-token/internal/sandbox"
	"strava-token/internal/transport"
)

// service answers with one handler and counts the requests.
type service struct {
	network *transport.Network
	pipe    *sandbox.Pipe
	base    string
	count   int
	dialled atomic.Bool
}

func serve(t *testing.T, h func(s *service, w http.ResponseWriter)) *service {
	t.Helper()
	s := &service{pipe: sandbox.NewPipe()}
	s.base = "http://" + s.pipe.Addr().String()
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		s.count++
		h(s, w)
	})}
	go func() { _ = server.Serve(s.pipe) }()
	s.network = transport.New(func(ctx context.Context, kind, address string) (net.Conn, error) {
		s.dialled.Store(true)
		return s.pipe.Dial(ctx, kind, address)
	})
	t.Cleanup(func() { s.network.Close(); _ = server.Close() })
	return s
}

func get(c *http.Client, address string) (*http.Response, string, error) {
	resp, err := c.Get(address)
	if err != nil {
		return nil, "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return resp, string(body), err
}

func TestReadsAreRepeatedAndOthersAreNot(t *testing.T) {
	t.Parallel()
	status := func(code int, header ...string) func(http.ResponseWriter) {
		return func(w http.ResponseWriter) {
			for i := 0; i < len(header); i += 2 {
				w.Header().Set(header[i], header[i+1])
			}
			w.WriteHeader(code)
		}
	}
	for name, tt := range map[string]struct {
		fail     func(w http.ResponseWriter)
		requests int // of Reads: the third goes well
	}{
		"500":          {status(500), 3},
		"503 for ever": {status(503), 4},
		"597":          {status(597), 3},
		"cut":          {func(http.ResponseWriter) { panic(http.ErrAbortHandler) }, 3},
		"truncated": {func(w http.ResponseWriter) {
			w.Header().Set("Content-Length", "100")
			_, _ = io.WriteString(w, "half")
			panic(http.ErrAbortHandler)
		}, 3},
		"429 with a short wait": {status(429, "Retry-After", "2"), 3},
		"403 with a short wait": {status(403, "Retry-After", "2"), 3},
		"429 with a long wait":  {status(429, "Retry-After", "900"), 1},
		"429":                   {status(429), 1},
		"401":                   {status(401), 1},
		"404":                   {status(404), 1},
		"redirect":              {status(302, "Location", "http://127.0.0.1:2/"), 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := serve(t, func(s *service, w http.ResponseWriter) {
					if s.count <= 2 || tt.requests == 4 {
						tt.fail(w)
						return
					}
					_, _ = io.WriteString(w, "well")
				})
				resp, body, err := get(s.network.Reads, s.base)
				check.That(t, s.count == tt.requests && err == nil, "Reads: got %v after %d requests, want %d", err, s.count, tt.requests)
				check.Equal(t, resp.StatusCode == 200 && body == "well", tt.requests == 3, "Reads: it went well")
				s.count = 0
				// A request that the standard library would never repeat by itself.
				if resp, err := s.network.Once.Post(s.base, "", strings.NewReader("x")); err == nil {
					_ = resp.Body.Close()
				}
				check.Equal(t, s.count, 1, "requests of Once")
			})
		})
	}
}

func TestInsecureAddressesAreRefusedBeforeAnythingIsSent(t *testing.T) {
	t.Parallel()
	for address, secure := range map[string]bool{
		"https://www.strava.com": true, "https://github.example:8443/api/v3": true,
		"http://localhost:1": true, "http://127.0.0.1": true, "http://127.9.9.9:80": true, "http://[::1]:80": true,
		"http://www.strava.com/": false, "ftp://localhost": false, "https://": false, "//www.strava.com": false, "": false,
		"http://127.0.0.1.evil.example/": false, "http://localhost.evil.example/": false,
		"http://0.0.0.0/": false, "http://10.0.0.1/": false, "http://[::ffff:10.0.0.1]/": false,
	} {
		u := check.Must(url.Parse(address))(t)
		check.Equal(t, transport.Check(u) == nil, secure, "Check(%q)", address)
		if secure || u.Host == "" {
			continue
		}
		synctest.Test(t, func(t *testing.T) {
			s := serve(t, func(*service, http.ResponseWriter) {})
			s.network.Open(t.Context(), u)
			for _, c := range []*http.Client{s.network.Reads, s.network.Once, s.network.Token, s.network.Probes} {
				_, err := c.Do((&http.Request{URL: u}).WithContext(t.Context()))
				check.That(t, errors.Is(err, transport.ErrInsecure), "%s: got %v, want %v", address, err, transport.ErrInsecure)
			}
			check.That(t, !s.dialled.Load(), "%s was dialled", address)
		})
	}
}

func TestAnAnswerIsReadUpToALimit(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := serve(t, func(_ *service, w http.ResponseWriter) {
			_, _ = io.WriteString(w, strings.Repeat("x", 33<<20))
		})
		_, body, _ := get(s.network.Once, s.base)
		check.Equal(t, len(body), 32<<20, "bytes that were read")
	})
}
