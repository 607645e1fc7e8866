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

func serve(t *testing.T, h func(s *service, w http.ResponseWriter, r *http.Request)) *service {
	t.Helper()
	s := &service{pipe: sandbox.NewPipe()}
	s.base = "http://" + s.pipe.Addr().String()
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		s.count++
		h(s, w, r)
	})}
	go func() { _ = server.Serve(s.pipe) }()
	s.network = transport.New(func(ctx context.Context, kind, address string) (net.Conn, error) {
		s.dialled.Store(true)
		return s.pipe.Dial(ctx, kind, address)
	})
	t.Cleanup(func() { s.network.Close(); _ = server.Close() })
	return s
}

// post sends what the transport of the standard library would never repeat.
func post(t *testing.T, c *http.Client, address string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address, strings.NewReader("x"))
	if err != nil {
		t.Fatal(err)
	}
	if resp, err := c.Do(req); err == nil {
		_ = resp.Body.Close()
	}
}

func get(t *testing.T, c *http.Client, address string) (*http.Response, string, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := c.Do(req)
	if err != nil {
		return nil, "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return resp, string(body), err
}

func TestReadsAreRepeatedAndOthersAreNot(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		fail    func(w http.ResponseWriter)
		repeats bool
	}{
		{"500", func(w http.ResponseWriter) { w.WriteHeader(500) }, true},
		{"597", func(w http.ResponseWriter) { w.WriteHeader(597) }, true},
		{"cut", func(http.ResponseWriter) { panic(http.ErrAbortHandler) }, true},
		{"truncated", func(w http.ResponseWriter) {
			w.Header().Set("Content-Length", "100")
			_, _ = io.WriteString(w, "half")
			panic(http.ErrAbortHandler)
		}, true},
		{"429 with a short wait", func(w http.ResponseWriter) { w.Header().Set("Retry-After", "2"); w.WriteHeader(429) }, true},
		{"403 with a short wait", func(w http.ResponseWriter) { w.Header().Set("Retry-After", "2"); w.WriteHeader(403) }, true},
		{"429 with a long wait", func(w http.ResponseWriter) { w.Header().Set("Retry-After", "900"); w.WriteHeader(429) }, false},
		{"429", func(w http.ResponseWriter) { w.WriteHeader(429) }, false},
		{"401", func(w http.ResponseWriter) { w.WriteHeader(401) }, false},
		{"404", func(w http.ResponseWriter) { w.WriteHeader(404) }, false},
		{"redirect", func(w http.ResponseWriter) { w.Header().Set("Location", "http://127.0.0.1:2/"); w.WriteHeader(302) }, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := serve(t, func(s *service, w http.ResponseWriter, _ *http.Request) {
					if s.count <= 2 {
						tt.fail(w)
						return
					}
					_, _ = io.WriteString(w, "well")
				})
				_, body, err := get(t, s.network.Reads, s.base)
				if tt.repeats && (err != nil || body != "well" || s.count != 3) {
					t.Errorf("Reads: got %q, %v after %d requests, want well after 3", body, err, s.count)
				}
				if !tt.repeats && s.count != 1 {
					t.Errorf("Reads: got %d requests, want 1", s.count)
				}
				s.count = 0
				post(t, s.network.Once, s.base)
				if s.count != 1 {
					t.Errorf("Once: got %d requests, want 1", s.count)
				}
			})
		})
	}
}

func TestReadsGiveUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := serve(t, func(_ *service, w http.ResponseWriter, _ *http.Request) { w.WriteHeader(503) })
		resp, _, err := get(t, s.network.Reads, s.base)
		if err != nil || resp.StatusCode != 503 || s.count != 4 {
			t.Errorf("got %v, %v after %d requests, want 503 after 4", resp, err, s.count)
		}
	})
}

func TestInsecureAddressesAreRefusedBeforeAnythingIsSent(t *testing.T) {
	t.Parallel()
	for _, address := range []string{
		"http://www.strava.com/", "http://127.0.0.1.evil.example/", "http://localhost.evil.example/",
		"http://0.0.0.0/", "http://10.0.0.1/", "http://[::ffff:10.0.0.1]/",
	} {
		synctest.Test(t, func(t *testing.T) {
			s := serve(t, func(*service, http.ResponseWriter, *http.Request) {})
			for _, c := range []*http.Client{s.network.Reads, s.network.Once} {
				if _, _, err := get(t, c, address); !errors.Is(err, transport.ErrInsecure) {
					t.Errorf("%s: got %v, want %v", address, err, transport.ErrInsecure)
				}
			}
			if s.dialled.Load() {
				t.Errorf("%s was dialled", address)
			}
		})
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]bool{
		"https://www.strava.com": true, "https://github.example:8443/api/v3": true,
		"http://localhost:1": true, "http://127.0.0.1": true, "http://127.9.9.9:80": true, "http://[::1]:80": true,
		"http://strava.com": false, "ftp://localhost": false, "https://": false, "//www.strava.com": false, "": false,
	} {
		u, err := url.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		if got := transport.Check(u) == nil; got != want {
			t.Errorf("Check(%q): got %t, want %t", address, got, want)
		}
	}
}

func TestAnAnswerIsReadUpToALimit(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := serve(t, func(_ *service, w http.ResponseWriter, _ *http.Request) {
			block := strings.Repeat("x", 1<<20)
			for range 100 {
				if _, err := io.WriteString(w, block); err != nil {
					return
				}
			}
		})
		_, body, _ := get(t, s.network.Once, s.base)
		if len(body) > 32<<20 {
			t.Errorf("read %d bytes, want at most 32 MiB", len(body))
		}
	})
}
