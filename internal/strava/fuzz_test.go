package strava

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"strava-token/internal/check"
	"strava-token/internal/secret"
)

// FuzzParse asserts that no answer yields a token that could break out of a file or a
// mask, and that an answer without a refresh token is none.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		`{"token_type":"Bearer","access_token":"aaaaaaaaaaaaaaaa","expires_at":1542940199,"expires_in":14282,"refresh_token":"bbbbbbbbbbbbbbbb"}`,
		`{"access_token":"a\n::set-output","refresh_token":"bbbbbbbbbbbbbbbb"}`,
		`<html>{"refresh_token":"bbbbbbbbbbbbbbbb"}`, `{"refresh_token":null}`, `null`, `[]`, ``, `{"scope":"read ::x"}`,
		`{"refresh_token":"\u0000"}`, `{"refresh_token":"bbbbbbbbbbbbbbbb","refresh_token":1}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		token := parse(body, time.Unix(946684800, 0))
		for _, v := range []secret.Value{token.AccessToken, token.RefreshToken} {
			check.That(t, v.Empty() || secret.Inspect(v.Reveal()) == "", "parse(%q) handed out %q", body, v.Reveal())
		}
		check.That(t, !token.RefreshToken.Empty() || token.AccessToken.Empty(), "parse(%q) handed out half an answer", body)
		check.That(t, token.AccessToken.Empty() || !token.ExpiresAt.IsZero() && token.ExpiresIn >= 0, "parse(%q) handed out no expiry", body)
		for _, s := range token.Scope {
			check.That(t, areScopes([]string{s}), "parse(%q) handed out the scope %q", body, s)
		}
	})
}

// FuzzRefusal asserts that every refusal has a kind, and that its error quotes
// nothing of the body but a scope's name.
func FuzzRefusal(f *testing.F) {
	f.Add(400, []byte(`{"message":"Bad Request","errors":[{"resource":"RefreshToken","field":"refresh_token","code":"invalid"}]}`), "200,2000", "1,1")
	f.Add(401, []byte(`{"errors":[{"resource":"AccessToken","field":"activity:read_permission","code":"missing"}]}`), "", "")
	f.Add(401, []byte(`{"errors":[{"resource":"AccessToken","field":"::error::_permission","code":"missing"}]}`), "", "")
	f.Add(429, []byte(`<html>`), "x,y", ",")
	f.Add(597, []byte(nil), "", "")
	f.Fuzz(func(t *testing.T, status int, body []byte, limit, usage string) {
		resp := &http.Response{
			StatusCode: status, Request: &http.Request{URL: &url.URL{Host: "www.strava.com"}},
			Header: http.Header{"X-Ratelimit-Limit": {limit}, "X-Ratelimit-Usage": {usage}},
		}
		now := time.Date(2026, 11, 22, 23, 50, 0, 0, time.UTC)
		e := refusal(resp, body, now)
		check.That(t, e.Kind != "", "refusal(%d, %q) has no kind", status, body)
		if e.Kind == RateLimited && (!e.Until.After(now) || e.Until.Sub(now) > 24*time.Hour) {
			t.Errorf("the window ends at %v", e.Until)
		}
		check.That(t, !strings.Contains(e.Error(), "errors"), "the error quotes the body: %v", e)
	})
}

func TestAFormIsSentOrGivenUp(t *testing.T) {
	for _, sent := range []bool{true, false} {
		var g gate
		req := post(t.Context(), &url.URL{}, url.Values{"name": {"value"}}, &g)
		if sent {
			_, _ = io.ReadAll(req.Body)
		}
		check.Equal(t, g.shut(), sent, "it may have left")
		again, _ := req.GetBody()
		text, err := io.ReadAll(again)
		check.That(t, sent == (string(text) == "name=value") && sent == (err == nil), "sent %t, then %q, %v", sent, text, err)
	}
}
