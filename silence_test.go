package main

import (
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"strava-token/internal/check"
	"strava-token/internal/sandbox"
)

// refresh runs the real program, and returns all that it printed.
func refresh(t *testing.T, env []string, args ...string) string {
	t.Helper()
	cmd := exec.Command("strava-token", append([]string{"refresh", "--format", "json"}, args...)...)
	cmd.Env = append(env, "PATH="+os.Getenv("PATH"), "HOME="+t.TempDir())
	printed, _ := cmd.CombinedOutput() // whatever the status
	check.Need(t, strings.Contains(string(printed), "\n"), "nothing was printed: %q", printed)
	return string(printed)
}

// TestNothingOfAnOddAnswerIsPrinted: net/http logs what no answer should have.
func TestNothingOfAnOddAnswerIsPrinted(t *testing.T) {
	t.Parallel()
	const (
		access, old = "acce550000000000000000000000000000000004", "0000000000000000000000000000000000000001"
		token       = "5ucce55000000000000000000000000000000002"
		secret      = "5ec4e70000000000000000000000000000000005"
		body        = `{"token_type":"Bearer","access_token":"` + access + `","expires_at":4102444800,"expires_in":21600,"refresh_token":"` + token + `"}`
	)
	full := fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
	for name, raw := range map[string]string{
		"an answer twice":           full + full,
		"a 204 with a body":         "HTTP/1.1 204 No Content\r\n\r\n" + body,
		"a length that's too short": strings.Replace(full, "Content-Length: ", "Content-Length: 1\r\nX: ", 1),
		"an answer before":          "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n" + full,
		"a header that is a body":   "HTTP/1.1 200 OK\r\n" + body + "\r\n\r\n",
		"a status that is a body":   body + "\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			// What it answers is no HTTP, so net/http gives it the connection.
			service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				conn, buffered, err := http.NewResponseController(w).Hijack()
				check.OK(t, err)
				defer conn.Close()
				for err == nil {
					_, _ = conn.Write([]byte(raw))
					_, err = http.ReadRequest(buffered.Reader)
				}
			}))
			t.Cleanup(service.Close)
			printed := refresh(t, []string{
				"STRAVA_URL=" + service.URL, "STRAVA_API_URL=" + service.URL + "/api/v3", "STRAVA_CLIENT_ID=48213",
				"STRAVA_CLIENT_SECRET=" + secret, "STRAVA_REFRESH_TOKEN=" + old,
			}, "--require-scopes", "activity:read")
			printed = strings.Replace(printed, `{"access_token":"`+access+`"`, "", 1) // as it was asked for
			for _, value := range []string{access[:6], token, secret, "refresh_token\":", old, "Unsolicited"} {
				check.That(t, !strings.Contains(printed, value), "%s was printed:\n%s", value, printed)
			}
		})
	}
}

// TestNoTraceOfGoIsPrinted: GODEBUG makes net/http log every header and body.
func TestNoTraceOfGoIsPrinted(t *testing.T) {
	t.Parallel()
	s := sandbox.New(sandbox.Knobs{Rotation: sandbox.RotateAlways})
	s.SetSecret("STRAVA_REFRESH_TOKEN", s.LiveRefreshToken())
	service := httptest.NewUnstartedServer(s)
	service.EnableHTTP2 = true
	service.StartTLS()
	t.Cleanup(service.Close)
	roots := filepath.Join(t.TempDir(), "roots.pem")
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: service.Certificate().Raw})
	check.OK(t, os.WriteFile(roots, certificate, 0o600))
	env := []string{"GODEBUG=http2debug=2,netdns=9,tlsmaxrsasize=8192", "SSL_CERT_FILE=" + roots}
	for _, v := range s.Environment(service.URL) {
		env = append(env, v[0]+"="+v[1])
	}
	printed := refresh(t, env, "--rotate-to", "STRAVA_REFRESH_TOKEN")
	check.Need(t, s.Secret("STRAVA_REFRESH_TOKEN") == s.LiveRefreshToken(), "the run failed:\n%s", printed)
	_, after, _ := strings.Cut(printed, `{"access_token":"`)
	access, _, _ := strings.Cut(after, `"`)
	printed = strings.Replace(printed, access, "", 1) // as it was asked for
	for name, value := range s.Values() {
		check.That(t, !strings.Contains(printed, value), "%s was printed:\n%.2000s", name, printed)
	}
	check.That(t, !strings.Contains(printed, "http2"), "a trace was printed:\n%.2000s", printed)
}
