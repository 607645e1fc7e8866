package strava_test

import (
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"strava-token/internal/check"
	"strava-token/internal/sandbox"
	"strava-token/internal/secret"
	"strava-token/internal/strava"
	"strava-token/internal/transport"
)

const (
	oldToken = "0000000000000000000000000000000000000001"
	newToken = "0000000000000000000000000000000000000002"
	access   = "00000000000000000000000000000000000000aa"
)

// reply is one answer of a scripted Strava.
type reply struct {
	status int
	header map[string]string
	body   string
	cut    bool // close the connection after the body
	length int  // Content-Length if it is not the body's
}

// serve answers token requests and probes with replies, in their order, the
// last one again and again, and returns a client for it and the count of
// requests. It must be called in a bubble.
func serve(t *testing.T, replies ...reply) (*strava.Client, *int) {
	t.Helper()
	count := new(int)
	pipe := sandbox.NewPipe()
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		a := replies[min(*count, len(replies)-1)]
		*count++
		for k, v := range a.header {
			w.Header().Set(k, v)
		}
		if a.length != 0 {
			w.Header().Set("Content-Length", fmt.Sprint(a.length))
		}
		if a.status != 0 {
			w.WriteHeader(a.status)
			_, _ = io.WriteString(w, a.body)
			_ = http.NewResponseController(w).Flush()
		}
		if a.cut {
			panic(http.ErrAbortHandler)
		}
	})}
	go func() { _ = server.Serve(pipe) }()
	network := transport.New(pipe.Dial)
	t.Cleanup(func() { network.Close(); _ = server.Close() })
	base := &url.URL{Scheme: "http", Host: pipe.Addr().String()}
	return &strava.Client{
		Network: network, URL: base, APIURL: base,
		ClientID: "1", ClientSecret: secret.New("the client secret"),
	}, count
}

func fault(resource, field, code string) string {
	return fmt.Sprintf(`{"message":"Bad Request","errors":[{"resource":%q,"field":%q,"code":%q}]}`, resource, field, code)
}

func zipped(s string) string {
	var b strings.Builder
	z := gzip.NewWriter(&b)
	_, _ = io.WriteString(z, s)
	_ = z.Close()
	return b.String()
}

func tokenAnswer(refresh string) string {
	return fmt.Sprintf(`{"token_type":"Bearer","access_token":%q,"expires_at":946706400,"expires_in":21600,"refresh_token":%q}`, access, refresh)
}

// TestRefusals holds every refusal of the token endpoint that is known.
func TestRefusals(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		reply    reply
		want     strava.Kind
		requests int
	}{
		{"unknown client id", reply{status: 400, body: fault("Application", "client_id", "invalid")}, strava.InvalidClientID, 1},
		{"no client secret", reply{status: 400, body: fault("Application", "client_secret", "invalid")}, strava.MissingClientSecret, 1},
		{"wrong client secret", reply{status: 401, body: fault("Application", "", "invalid")}, strava.WrongClientSecret, 1},
		{"secret as client id", reply{status: 403, body: fault("Application", "internal", "forbidden")}, strava.SecretAsClientID, 1},
		{"used code", reply{status: 400, body: fault("AuthorizationCode", "code", "invalid")}, strava.InvalidCode, 1},
		{"expired code", reply{status: 400, body: fault("AuthorizationCode", "", "expired")}, strava.InvalidCode, 1},
		{"dead refresh token", reply{status: 400, body: fault("RefreshToken", "refresh_token", "invalid")}, strava.InvalidRefreshToken, 1},
		{"dead refresh token, zipped", reply{status: 400, body: zipped(fault("RefreshToken", "refresh_token", "invalid"))}, strava.InvalidRefreshToken, 1},
		{"dead refresh token, another status", reply{status: 422, body: fault("RefreshToken", "refresh_token", "expired")}, strava.Unrecognized, 1},
		{"rate limit", reply{status: 429, body: fault("Application", "rate limit", "exceeded")}, strava.RateLimited, 1},
		{"rate limit with Retry-After", reply{status: 429, header: map[string]string{"Retry-After": "1"}}, strava.RateLimited, 1},
		{"outage", reply{status: 500, body: "<html>"}, strava.Outage, 3},
		{"outage 597", reply{status: 597, body: "…"}, strava.Outage, 3},
		{"redirect", reply{status: 302, header: map[string]string{"Location": "https://strava.example/"}}, strava.Redirected, 1},
		{"unknown refusal", reply{status: 400, body: fault("Sofa", "cushion", "missing")}, strava.Unrecognized, 1},
		{"refusal without a body", reply{status: 404}, strava.Unrecognized, 1},
		{"no answer", reply{cut: true}, strava.NoAnswer, 3},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				client, requests := serve(t, tt.reply)
				token, err := client.Refresh(t.Context(), t.Context(), secret.New(oldToken))
				var e *strava.Error
				check.That(t, errors.As(err, &e) && e.Kind == tt.want, "Refresh: got %v, want kind %s", err, tt.want)
				check.That(t, token.AccessToken.Empty() && token.RefreshToken.Empty() && len(token.Unread) == 0, "a refusal handed out a token")
				check.Equal(t, *requests, tt.requests, "requests")
			})
		})
	}
}

// TestNoAnswerIsLost holds answers that try to break out, or are not answers at all:
// a refresh token that can be used is kept, whatever is beside it, and anything else
// is kept as it came. The request is never repeated.
func TestNoAnswerIsLost(t *testing.T) {
	t.Parallel()
	pad := strings.Repeat("x", 10<<20)
	with := func(rest string) string { return `{"refresh_token":"` + newToken + `"` + rest + `}` }
	whole := func(rest string) string { return with(`,"access_token":"` + access + `"` + rest) }
	const kept, odd, unread, nothing = "kept", "odd", "unread", "nothing"
	for name, tt := range map[string]struct{ body, want string }{
		"no access token":               {with(""), kept},
		"access token null":             {with(`,"access_token":null,"expires_at":1,"expires_in":1`), kept},
		"access token the word null":    {with(`,"access_token":"null"`), kept},
		"access token with a command":   {with(`,"access_token":"` + access + `\n::set-output name=x::y"`), kept},
		"access token with a blank":     {with(`,"access_token":"a b c d e f g h"`), kept},
		"access token a number":         {with(`,"access_token":12345678`), kept},
		"scope with a command":          {whole(`,"expires_at":946706400,"expires_in":1,"scope":"read ::add-mask::x"`), "odd scope"},
		"scope of another spelling":     {whole(`,"expires_at":946706400,"expires_in":1,"scope":"Activity:ReadAll"`), "odd scope"},
		"scope a list":                  {whole(`,"expires_at":946706400,"expires_in":1,"scope":["read","activity:read"]`), odd},
		"expiry a word":                 {whole(`,"expires_at":"soon","expires_in":1`), "odd expires_at"},
		"expiry a fraction":             {whole(`,"expires_at":946706400.0,"expires_in":"21600"`), odd},
		"expiry missing":                {whole(""), "odd expires_at expires_in"},
		"expiry negative":               {whole(`,"expires_at":946706400,"expires_in":-1`), "odd expires_in"},
		"expiry beyond reason":          {whole(`,"expires_at":946706400,"expires_in":9223372036854775807`), "odd expires_in"},
		"expiry in 1970":                {whole(`,"expires_at":1,"expires_in":1`), "odd expires_at"},
		"athlete a list":                {whole(`,"expires_at":946706400,"expires_in":1,"athlete":[1]`), odd},
		"another case behind":           {whole(`,"expires_at":946706400,"expires_in":1,"Refresh_Token":"` + oldToken + `"`), odd},
		"10 MiB before":                 {`{"pad":"` + pad + `",` + tokenAnswer(newToken)[1:], odd},
		"10 MiB after":                  {tokenAnswer(newToken) + pad, odd},
		"with a tail":                   {tokenAnswer(newToken) + "<!-- served by a proxy -->", odd},
		"twice":                         {tokenAnswer(newToken) + tokenAnswer(oldToken), unread},
		"the key twice":                 {whole(`,"refresh_token":"` + oldToken + `"`), unread},
		"another case alone":            {`{"Refresh_Token":"` + newToken + `"}`, unread},
		"10 MiB of nothing":             {pad, unread},
		"inside a page":                 {"<html><pre>" + tokenAnswer(newToken) + "</pre></html>", unread},
		"broken off":                    {tokenAnswer(newToken)[:len(tokenAnswer(newToken))-1], unread},
		"nested":                        {`{"data":` + tokenAnswer(newToken) + `}`, unread},
		"a page":                        {"<!DOCTYPE html><title>Strava</title>", unread},
		"empty":                         {"", nothing},
		"blank":                         {" \r\n", nothing},
		"the word null":                 {"null", unread},
		"an array":                      {"[]", unread},
		"refresh token null":            {`{"access_token":"` + access + `","refresh_token":null,"expires_at":1,"expires_in":1}`, unread},
		"refresh token the word null":   {tokenAnswer("null"), unread},
		"refresh token blank":           {tokenAnswer("        "), unread},
		"refresh token a number":        {`{"refresh_token":12345678901}`, unread},
		"refresh token with a command":  {tokenAnswer("x\n::set-output name=x::y"), unread},
		"refresh token not ASCII":       {tokenAnswer("tøken-tøken-tøken"), unread},
		"refresh token of 5 KiB":        {tokenAnswer(strings.Repeat("a", 5<<10)), unread},
		"refresh token of 7 characters": {tokenAnswer("abcdefg"), unread},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				client, requests := serve(t, reply{status: 200, body: tt.body})
				token, err := client.Refresh(t.Context(), t.Context(), secret.New(oldToken))
				var e *strava.Error
				errors.As(err, &e)
				got := unread
				switch {
				case e == nil && token.RefreshToken.Reveal() == newToken && token.AccessToken.Reveal() == access && token.ExpiresAt.After(time.Now().Add(-1)):
					got = strings.TrimSpace(odd + " " + strings.Join(token.Odd, " "))
				case e == nil || !token.AccessToken.Empty():
					t.Errorf("handed out %v, %v", token, err)
				case token.RefreshToken.Reveal() == newToken && e.Kind == strava.Malformed:
					got = kept
				case len(token.Unread) == 0 && e.Kind == strava.NoAnswer:
					got = nothing
				case !strings.Contains(token.Unread[0].Reveal(), tt.body):
					t.Error("what is kept is not the answer")
				}
				check.That(t, got == tt.want && *requests == 1, "got %s, %v after %d requests, want %s after 1", got, err, *requests, tt.want)
			})
		})
	}
}

func TestRefusalAfterALostAnswerSaysSo(t *testing.T) {
	t.Parallel()
	dead := reply{status: 400, body: fault("RefreshToken", "refresh_token", "invalid")}
	for name, tt := range map[string]struct {
		lost reply
		want strava.Kind
	}{
		"cut connection": {reply{cut: true}, strava.AnswerLost},
		"half an answer": {reply{status: 200, body: `{"access_`, length: 200, cut: true}, strava.AnswerLost},
		"a gateway":      {reply{status: 502, body: `<ht`, length: 200, cut: true}, strava.AnswerLost},
		"a slow gateway": {reply{status: 504}, strava.AnswerLost},
		// An outage that answered lost nothing that is known of.
		"outage":                    {reply{status: 503}, strava.InvalidRefreshToken},
		"outage with a token in it": {reply{status: 503, body: tokenAnswer(newToken)}, strava.AnswerLost},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				client, _ := serve(t, tt.lost, dead)
				_, err := client.Refresh(t.Context(), t.Context(), secret.New(oldToken))
				var e *strava.Error
				check.That(t, errors.As(err, &e) && e.Kind == tt.want, "Refresh: got %v, want kind %s", err, tt.want)
			})
		})
	}
}

func TestRateLimitSaysUntilWhen(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		header map[string]string
		want   string
	}{
		{"token endpoint", nil, "2000-01-01T00:15:00Z"},
		{"quarter hour", map[string]string{
			"X-RateLimit-Limit": "200,2000", "X-RateLimit-Usage": "201,300",
			"X-ReadRateLimit-Limit": "100,1000", "X-ReadRateLimit-Usage": "1,1"}, "2000-01-01T00:15:00Z"},
		{"day", map[string]string{"X-RateLimit-Limit": "200,2000", "X-RateLimit-Usage": "1,2000"}, "2000-01-02T00:00:00Z"},
		{"day of reads", map[string]string{"X-ReadRateLimit-Limit": "100,1000", "X-ReadRateLimit-Usage": "1,1001"}, "2000-01-02T00:00:00Z"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				client, _ := serve(t, reply{status: 429, header: tt.header})
				_, err := client.Athlete(t.Context(), secret.New(access))
				var e *strava.Error
				check.Need(t, errors.As(err, &e) && e.Kind == strava.RateLimited, "Athlete: got %v, want kind %s", err, strava.RateLimited)
				check.Equal(t, e.Until.Format(time.RFC3339), tt.want, "until")
			})
		})
	}
}

func TestCovers(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		granted string
		wanted  string
		want    bool
	}{
		{"read,activity:read_all", "activity:read_all", true},
		{"read,activity:read_all", "activity:read", true},
		{"read activity:read", "activity:read_all", false},
		{"activity:read", "read", true},
		{"read", "profile:read_all", false},
		{"read", "read_all", false},
	} {
		check.Equal(t, strava.Covers(strava.SplitScopes(tt.granted), tt.wanted), tt.want, "Covers(%s, %s)", tt.granted, tt.wanted)
	}
}
