package store

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"strava-token/internal/check"
	"strava-token/internal/secret"
	"strava-token/internal/transport"
)

type roundTrip func(*http.Request) (*http.Response, error)

func (r roundTrip) RoundTrip(req *http.Request) (*http.Response, error) { return r(req) }

// FuzzGitHub asserts that no answer of GitHub makes the check or the store
// panic, that every refusal has an id, and that no error holds a secret.
func FuzzGitHub(f *testing.F) {
	f.Add(200, []byte(`{"key_id":"1","key":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=","name":"X","updated_at":"2026-11-22T00:00:00Z"}`), "2026-12-01 00:00:00 UTC", "5000", "4999")
	f.Add(200, []byte(`{"key_id":1,"key":"AAAA"}`), "", "", "")
	f.Add(200, []byte(`{"key_id":{},"key":[]}`), "never", "x", "0")
	f.Add(403, []byte(`{"message":"Resource not accessible by integration"}`), "", "60", "0")
	f.Add(403, []byte(`{"documentation_url":"#abuse-rate-limits"}`), "", "", "")
	f.Add(401, []byte(`<html>`), "", "", "")
	f.Add(202, []byte(``), "", "", "")
	f.Add(301, []byte(`{}`), "", "", "")
	f.Fuzz(func(t *testing.T, status int, body []byte, expires, limit, remaining string) {
		if status < 100 || status > 999 {
			return
		}
		header := http.Header{}
		header.Set("Github-Authentication-Token-Expiration", expires)
		header.Set("X-Ratelimit-Limit", limit)
		header.Set("X-Ratelimit-Remaining", remaining)
		client := &http.Client{
			Transport: roundTrip(func(req *http.Request) (*http.Response, error) {
				return &http.Response{StatusCode: status, Header: header.Clone(), Request: req, Body: io.NopCloser(bytes.NewReader(body))}, nil
			}),
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		}
		network := &transport.Network{Reads: client, Once: client}
		const token, writer = "0123456789abcdef0123456789abcdef01234567", "github_pat_0123456789"
		gh := NewGitHub(network, &url.URL{Scheme: "https", Host: "api.github.com"}, secret.New(writer))
		target := check.Must(Parse("org:octo/STRAVA", ""))(t)
		s := NewSecret(gh, target)
		_, err := s.Check(t.Context())
		check.That(t, err != nil || s.key != nil, "the check let a missing key through")
		e, _ := errors.AsType[*Error](err)
		if err == nil {
			e = s.put(t.Context(), secret.New(token))
		}
		if e != nil || err != nil {
			check.Need(t, e != nil && e.ID != "", "an error without an id: %v", err)
			check.That(t, !strings.Contains(e.Error(), token) && !strings.Contains(e.Error(), writer), "the error holds a secret: %v", e)
		}
	})
}
