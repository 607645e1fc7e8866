package strava_test

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync/atomic"
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

// service is a scripted Strava, and a client for it.
type service struct {
	client *strava.Client
	count  atomic.Int32 // of forms and probes that arrived
	gone   atomic.Bool  // the other side of the connection went away unnoticed: the next write fails, once
}

// serve answers token requests and probes with replies, in their order, the last one
// again and again. It must be called in a bubble.
func serve(t *testing.T, replies ...reply) *service {
	t.Helper()
	s := &service{}
	pipe := sandbox.NewPipe()
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		form, _ := io.ReadAll(r.Body)
		a := replies[min(int(s.count.Load()), len(replies)-1)]
		if len(form) > 0 || r.Method == http.MethodGet {
			s.count.Add(1)
		}
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
	network := transport.New(func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := pipe.Dial(ctx, network, address)
		return &mortal{conn, &s.gone}, err
	})
	t.Cleanup(func() { network.Close(); _ = server.Close() })
	base := &url.URL{Scheme: "http", Host: pipe.Addr().String()}
	s.client = &strava.Client{Network: network, URL: base, APIURL: base, ClientID: "1", ClientSecret: secret.New("the client secret")}
	return s
}

type mortal struct {
	net.Conn
	gone *atomic.Bool
}

func (m *mortal) Write(p []byte) (int, error) {
	if m.gone.Swap(false) {
		return 0, errors.New("broken pipe")
	}
	return m.Conn.Write(p)
}

// refresh asks for tokens, and returns also the kind of the error.
func (s *service) refresh(t *testing.T) (strava.Token, strava.Kind) {
	token, err := s.client.Refresh(t.Context(), t.Context(), secret.New(oldToken))
	return token, strava.KindOf(err)
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

// TestRefusals holds every refusal of the token endpoint that is known, and what a
// refusal means after an answer that was lost.
func TestRefusals(t *testing.T) {
	t.Parallel()
	dead := reply{status: 400, body: fault("RefreshToken", "refresh_token", "invalid")}
	for name, tt := range map[string]struct {
		replies  []reply
		want     strava.Kind
		requests int32
	}{
		"unknown client id":    {one(400, fault("Application", "client_id", "invalid")), strava.InvalidClientID, 1},
		"no client secret":     {one(400, fault("Application", "client_secret", "invalid")), strava.MissingClientSecret, 1},
		"wrong client secret":  {one(401, fault("Application", "", "invalid")), strava.WrongClientSecret, 1},
		"secret as client id":  {one(403, fault("Application", "internal", "forbidden")), strava.SecretAsClientID, 1},
		"inactive":             {one(403, fault("Application", "Status", "Inactive")), strava.AppInactive, 1},
		"scope":                {one(401, fault("AccessToken", "activity:read_permission", "missing")), strava.ScopeMissing, 1},
		"dead access token":    {one(401, fault("Athlete", "access_token", "invalid")), strava.AccessTokenRefused, 1},
		"used code":            {one(400, fault("AuthorizationCode", "code", "invalid")), strava.InvalidCode, 1},
		"expired code":         {one(400, fault("AuthorizationCode", "", "expired")), strava.InvalidCode, 1},
		"dead refresh token":   {[]reply{dead}, strava.InvalidRefreshToken, 1},
		"dead, zipped":         {one(400, zipped(dead.body)), strava.InvalidRefreshToken, 1},
		"dead, in other words": {one(400, strings.Replace(dead.body, "Bad Request", "The refresh token is invalid", 1)), strava.InvalidRefreshToken, 1},
		"dead, another status": {one(422, dead.body), strava.Unrecognized, 1},
		"rate limit":           {one(429, fault("Application", "rate limit", "exceeded")), strava.RateLimited, 1},
		"Retry-After":          {[]reply{{status: 429, header: map[string]string{"Retry-After": "1"}}}, strava.RateLimited, 1},
		"outage":               {one(500, "<html>"), strava.Outage, 3},
		"outage 597":           {one(597, "…"), strava.Outage, 3},
		"redirect":             {[]reply{{status: 302, header: map[string]string{"Location": "https://strava.example/"}}}, strava.Redirected, 1},
		"unknown refusal":      {one(400, fault("Sofa", "cushion", "missing")), strava.Unrecognized, 1},
		"without a body":       {one(404, ""), strava.Unrecognized, 1},
		"no answer":            {[]reply{{cut: true}}, strava.NoAnswer, 3},

		"dead after a cut connection":    {[]reply{{cut: true}, dead}, strava.AnswerLost, 2},
		"dead after half an answer":      {[]reply{{status: 200, body: `{"access_`, length: 200, cut: true}, dead}, strava.AnswerLost, 2},
		"dead after a gateway":           {[]reply{{status: 502, body: `<ht`, length: 200, cut: true}, dead}, strava.AnswerLost, 2},
		"dead after a slow gateway":      {[]reply{{status: 504}, dead}, strava.AnswerLost, 2},
		"dead after a token":             {[]reply{{status: 503, body: tokenAnswer(newToken)}, dead}, strava.AnswerLost, 2},
		"dead after a token and a fault": {[]reply{{status: 503, body: `{"errors":[{"field":""}],"refresh_token":"` + newToken + `"}`}, dead}, strava.AnswerLost, 2},
		"dead after a token in a fault":  {[]reply{{status: 503, body: `{"errors":[],"resource":{"refresh_token":"` + newToken + `"}}`}, dead}, strava.AnswerLost, 2},
		// An outage that answered lost nothing that is known of.
		"dead after an outage": {[]reply{{status: 503}, dead}, strava.InvalidRefreshToken, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := serve(t, tt.replies...)
				token, kind := s.refresh(t)
				check.Equal(t, kind, tt.want, "kind")
				check.Equal(t, s.count.Load(), tt.requests, "requests")
				check.That(t, token.AccessToken.Empty() && token.RefreshToken.Empty(), "a refusal handed out a token")
				check.That(t, len(token.Unread) == 0 || len(tt.replies) > 1, "a refusal is sealed")
			})
		})
	}
}

func one(status int, body string) []reply { return []reply{{status: status, body: body}} }

// TestNoAnswerIsLost holds answers that try to break out, or are not answers at all:
// a refresh token that can be used is kept, whatever is beside it, and anything else
// is kept as it came. The request is never repeated. Package hostile has more.
func TestNoAnswerIsLost(t *testing.T) {
	t.Parallel()
	with := func(rest string) string { return `{"refresh_token":"` + newToken + `"` + rest + `}` }
	whole := func(rest string) string { return with(`,"access_token":"` + access + `"` + rest) }
	const kept, odd, unread = "kept", "odd", "unread"
	for name, tt := range map[string]struct{ body, want string }{
		"no access token":             {with(""), kept},
		"access token null":           {with(`,"access_token":null,"expires_at":1,"expires_in":1`), kept},
		"access token the word null":  {with(`,"access_token":"null"`), kept},
		"access token with a command": {with(`,"access_token":"` + access + `\n::set-output name=x::y"`), kept},
		"access token a number":       {with(`,"access_token":12345678`), kept},
		"scope with a command":        {whole(`,"expires_at":946706400,"expires_in":1,"scope":"read ::add-mask::x"`), "odd scope"},
		"scope of another spelling":   {whole(`,"expires_at":946706400,"expires_in":1,"scope":"Activity:ReadAll"`), "odd scope"},
		"scope that is new":           {whole(`,"expires_at":946706400,"expires_in":1,"scope":"read club:read-all_2"`), odd},
		"scope without its access":    {whole(`,"expires_at":946706400,"expires_in":1,"scope":"activity:"`), "odd scope"},
		"scope of 65 letters":         {whole(`,"expires_at":946706400,"expires_in":1,"scope":"` + strings.Repeat("a", 65) + `"`), "odd scope"},
		"scope a word of JSON's":      {whole(`,"expires_at":946706400,"expires_in":1,"scope":true`), "odd scope"},
		"scope a list":                {whole(`,"expires_at":946706400,"expires_in":1,"scope":["read","activity:read"]`), odd},
		"expiry a word":               {whole(`,"expires_at":"soon","expires_in":1`), "odd expires_at"},
		"expiry a fraction":           {whole(`,"expires_at":946706400.0,"expires_in":"21600"`), odd},
		"expiry missing":              {whole(""), "odd expires_at expires_in"},
		"expiry negative":             {whole(`,"expires_at":946706400,"expires_in":-1`), "odd expires_in"},
		"expiry beyond reason":        {whole(`,"expires_at":946706400,"expires_in":9223372036854775807`), "odd expires_in"},
		"expiry in 1970":              {whole(`,"expires_at":1,"expires_in":1`), "odd expires_at"},
		"athlete a list":              {whole(`,"expires_at":946706400,"expires_in":1,"athlete":[1]`), odd},
		"a form behind":               {tokenAnswer(newToken) + "&refresh_token=" + oldToken, unread},
		"twice":                       {tokenAnswer(newToken) + tokenAnswer(oldToken), unread},
		"the name escaped behind it":  {whole(`,"refresh\u005ftoken":"` + oldToken + `"`), unread},
		"a page":                      {"<!DOCTYPE html><title>Strava</title>", unread},
		"the word null":               {"null", unread},
		"refresh token null":          {`{"access_token":"` + access + `","refresh_token":null,"expires_at":1,"expires_in":1}`, unread},
		"refresh token the word null": {tokenAnswer("null"), unread},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := serve(t, reply{status: 200, body: tt.body})
				token, kind := s.refresh(t)
				got := unread
				switch {
				case kind == "" && token.RefreshToken.Reveal() == newToken && token.AccessToken.Reveal() == access && token.ExpiresAt.After(time.Now().Add(-1)):
					got = strings.TrimSpace(odd + " " + strings.Join(token.Odd, " "))
				case kind == "" || !token.AccessToken.Empty():
					t.Errorf("handed out %v, %s", token, kind)
				case token.RefreshToken.Reveal() == newToken && kind == strava.Malformed:
					got = kept
				case !strings.Contains(token.Unread[0].Reveal(), tt.body):
					t.Error("what is kept is not the answer")
				}
				check.That(t, got == tt.want && s.count.Load() == 1, "got %s, %s after %d requests, want %s after 1", got, kind, s.count.Load(), tt.want)
			})
		})
	}
}

func TestRateLimitSaysUntilWhen(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ limit, usage, readLimit, readUsage, want string }{
		{"", "", "", "", "2000-01-01T00:15:00Z"}, // as of the token endpoint
		{"200,2000", "201,300", "100,1000", "1,1", "2000-01-01T00:15:00Z"},
		{"200,2000", "1,2000", "", "", "2000-01-02T00:00:00Z"},
		{"", "", "100,1000", "1,1001", "2000-01-02T00:00:00Z"},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := serve(t, reply{status: 429, header: map[string]string{
				"X-RateLimit-Limit": tt.limit, "X-RateLimit-Usage": tt.usage,
				"X-ReadRateLimit-Limit": tt.readLimit, "X-ReadRateLimit-Usage": tt.readUsage,
			}})
			_, err := s.client.Athlete(t.Context(), secret.New(access))
			e, _ := errors.AsType[*strava.Error](err)
			check.Need(t, e != nil && e.Kind == strava.RateLimited, "Athlete: got %v, want kind %s", err, strava.RateLimited)
			check.Equal(t, e.Until.Format(time.RFC3339), tt.want, "until")
		})
	}
}

// TestWhatIsGivenUpIsNotSent cancels when a connection was just handed out, and
// nothing written to it yet.
func TestWhatIsGivenUpIsNotSent(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := serve(t, reply{status: 200, body: tokenAnswer(newToken)})
		_, kind := s.refresh(t)
		check.Equal(t, kind, "", "kind")
		ctx, cancel := context.WithCancel(t.Context())
		answering := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{
			GotConn: func(httptrace.GotConnInfo) {
				cancel()
				time.Sleep(time.Millisecond) // until everybody knows
			},
		})
		_, err := s.client.Refresh(ctx, answering, secret.New(oldToken))
		synctest.Wait()
		check.That(t, strava.KindOf(err) == strava.Unreachable && errors.Is(err, context.Canceled), "Refresh: got %v, want one that was given up", err)
		check.Equal(t, s.count.Load(), 1, "forms that arrived")
	})
}

// TestADeadConnectionIsReplaced: net/http sends a request over another one by
// itself if nothing was written to the first, which is no failure.
func TestADeadConnectionIsReplaced(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := serve(t, reply{status: 200, body: tokenAnswer(newToken)})
		began := time.Now() // on a fake clock: any waiting is a repetition of our own
		for range 2 {
			token, kind := s.refresh(t)
			check.That(t, token.RefreshToken.Reveal() == newToken && kind == "", "Refresh: got %s", kind)
			s.gone.Store(true)
		}
		check.That(t, s.count.Load() == 2 && time.Since(began) == 0, "%d forms arrived in %v; want 2, at once", s.count.Load(), time.Since(began))
	})
}
