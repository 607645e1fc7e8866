// Package hostile holds tests alone: servers that share nothing with the sandbox, and
// answer as no service should.
package hostile_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"
)

const (
	oldToken     = "0000000000000000000000000000000000000001"
	newToken     = "5ucce55000000000000000000000000000000002"
	finalToken   = "f17a100000000000000000000000000000000003"
	accessToken  = "acce550000000000000000000000000000000004"
	clientSecret = "5ec4e70000000000000000000000000000000005"
)

// tokenAnswer is a token answer as Strava sends it, with refresh as a JSON value.
func tokenAnswer(refresh string) string {
	return fmt.Sprintf(`{"token_type":"Bearer","access_token":"%s","expires_at":4102444800,"expires_in":21600,"refresh_token":%s}`, accessToken, refresh)
}

// answer is a whole HTTP/1.1 answer.
func answer(status int, body string, headers ...string) string {
	head := fmt.Sprintf("HTTP/1.1 %d X\r\nContent-Type: application/json\r\n", status)
	for _, h := range headers {
		head += h + "\r\n"
	}
	if !strings.Contains(head, "Content-Length") && !strings.Contains(head, "Transfer-Encoding") {
		head += fmt.Sprintf("Content-Length: %d\r\n", len(body))
	}
	return head + "\r\n" + body
}

// pause is where an answer stops for a moment.
const pause = "(pause)"

// strava answers the first refresh with first, byte by byte as it is, and closes; by
// then the old refresh token is dead, and successor lives. It answers everything else
// well.
type strava struct {
	first, successor string

	mu       sync.Mutex
	answered bool
	lives    string
}

func (s *strava) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	refresh := r.PostFormValue("refresh_token")
	switch {
	case r.URL.Path != "/oauth/token":
		_, _ = io.WriteString(w, `{"id":7}`)
	case !s.answered:
		s.answered, s.lives = true, s.successor
		if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
			for i, part := range strings.Split(s.first, pause) {
				time.Sleep(time.Duration(i) * 40 * time.Millisecond) // of the fake clock
				_, _ = io.WriteString(conn, part)
			}
			_ = conn.Close()
		}
	case refresh == s.lives:
		s.lives = finalToken
		_, _ = io.WriteString(w, tokenAnswer(`"`+finalToken+`"`))
	default:
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, refusal)
	}
}

const refusal = `{"message":"Bad Request","errors":[{"resource":"RefreshToken","field":"refresh_token","code":"invalid"}]}`
