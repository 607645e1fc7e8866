package main

import (
	"bufio"
	"encoding/pem"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"strava-token/internal/sandbox"
)

// refresh runs the real program, and returns all that it printed.
func refresh(t *testing.T, env []string, args ...string) string {
	t.Helper()
	cmd := exec.Command("strava-token", append([]string{"refresh"}, args...)...)
	cmd.Env = append(env, "PATH="+os.Getenv("PATH"), "HOME="+t.TempDir())
	printed, _ := cmd.CombinedOutput() // whatever the status
	if !strings.Contains(string(printed), "strava-token: ") && !strings.Contains(string(printed), "\n") {
		t.Fatalf("nothing was printed: %q", printed)
	}
	return string(printed)
}

// TestNothingOfAnOddAnswerIsPrinted: net/http logs what no answer should have.
func TestNothingOfAnOddAnswerIsPrinted(t *testing.T) {
	t.Parallel()
	const token, secret = "5ucce55000000000000000000000000000000002", "5ec4e70000000000000000000000000000000005"
	body := `{"token_type":"Bearer","access_token":"acce550000000000000000000000000000000004","expires_at":4102444800,"expires_in":21600,"refresh_token":"` + token + `"}`
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
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = l.Close() })
			go func() {
				for {
					conn, err := l.Accept()
					if err != nil {
						return
					}
					go func() {
						defer conn.Close()
						for r := bufio.NewReader(conn); ; {
							if _, err := http.ReadRequest(r); err != nil {
								return
							}
							_, _ = conn.Write([]byte(raw)) // and keeps the connection
						}
					}()
				}
			}()
			base := "http://" + l.Addr().String()
			printed := refresh(t, []string{
				"STRAVA_URL=" + base, "STRAVA_API_URL=" + base + "/api/v3", "STRAVA_CLIENT_ID=48213", "STRAVA_CLIENT_SECRET=" + secret,
				"STRAVA_REFRESH_TOKEN=0000000000000000000000000000000000000001",
			}, "--format", "json", "--require-scopes", "activity:read")
			printed = strings.Replace(printed, `{"access_token":"acce550000000000000000000000000000000004"`, "", 1) // as it was asked for
			for _, value := range []string{"acce55", token, secret, "refresh_token\":", "0000000000000000000000000000000000000001", "Unsolicited"} {
				if strings.Contains(printed, value) {
					t.Errorf("%s was printed:\n%s", value, printed)
				}
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
	if err := os.WriteFile(roots, certificate, 0o600); err != nil {
		t.Fatal(err)
	}
	env := []string{"GODEBUG=http2debug=2,netdns=9,tlsmaxrsasize=8192", "SSL_CERT_FILE=" + roots}
	for _, v := range s.Environment(service.URL) {
		env = append(env, v[0]+"="+v[1])
	}
	printed := refresh(t, env, "--rotate-to", "STRAVA_REFRESH_TOKEN", "--format", "json")
	if s.Secret("STRAVA_REFRESH_TOKEN") != s.LiveRefreshToken() {
		t.Fatalf("the run failed:\n%s", printed)
	}
	_, after, _ := strings.Cut(printed, `{"access_token":"`)
	access, _, _ := strings.Cut(after, `"`)
	printed = strings.Replace(printed, access, "", 1) // as it was asked for
	for name, value := range s.Values() {
		if strings.Contains(printed, value) {
			t.Errorf("%s was printed:\n%.2000s", name, printed)
		}
	}
	if strings.Contains(printed, "http2") {
		t.Errorf("a trace was printed:\n%.2000s", printed)
	}
}
