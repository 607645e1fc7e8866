package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"

	fake "strava-token/internal/sandbox"
)

// secretName is the secret that the sandbox's repository starts with.
const secretName = "STRAVA_REFRESH_TOKEN"

// The files that a runner mounts, by the variable that names each.
var runnerFiles = map[string]string{
	"GITHUB_OUTPUT":       "output",
	"GITHUB_ENV":          "env",
	"GITHUB_STEP_SUMMARY": "summary",
}

// sandbox is one that was started for one measurement.
type sandbox struct {
	process *exec.Cmd
	values  map[string]string // what it told to export
	dir     string
	stop    func() // of one that is served in this process
	client  *http.Client
	front   *front // nil where the sandbox speaks https itself
}

// startSandbox starts a sandbox; close ends it.
func (b *bench) startSandbox(ctx context.Context, flags ...string) (*sandbox, error) {
	s := &sandbox{values: map[string]string{}, dir: b.dir}
	s.process = exec.CommandContext(ctx, b.stravaToken, append([]string{"sandbox"}, flags...)...)
	s.process.Stderr = os.Stderr
	output, err := s.process.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := s.process.Start(); err != nil {
		return nil, fmt.Errorf("start the sandbox: %w", err)
	}
	lines := bufio.NewScanner(output)
	for lines.Scan() {
		name, value, _ := strings.Cut(strings.TrimPrefix(lines.Text(), "export "), "=")
		s.values[name] = value
		if name == "GH_TOKEN" { // the last one
			break
		}
	}
	if s.values["GH_TOKEN"] == "" {
		s.close()
		return nil, fmt.Errorf("the sandbox did not start")
	}
	s.client = http.DefaultClient
	if s.front, err = newFront(s.values["GITHUB_API_URL"], b.dir); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

// startOverTLS serves a sandbox in this process, over TLS and HTTP/2. The command
// does not: the server's side of TLS weighs 400 KB, which every user would pull.
func (b *bench) startOverTLS(ctx context.Context) (*sandbox, error) {
	listener, err := fake.Listen(ctx, "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	secure, certificate, err := fake.Secure(listener)
	if err != nil {
		return nil, err
	}
	path := filepath.Join(b.dir, "sandbox.pem")
	system, err := os.ReadFile(b.certificates)
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(path, append(system, certificate...), 0o600); err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(certificate)
	server := fake.New(fake.Knobs{Rotation: fake.RotateAlways, Latency: latency})
	server.SetSecret(secretName, server.LiveRefreshToken())
	ctx, cancel := context.WithCancel(ctx)
	go func() { _ = server.Serve(ctx, secure) }()
	values := map[string]string{"SSL_CERT_FILE": path}
	for _, v := range server.Environment("https://" + listener.Addr().String()) {
		values[v[0]] = v[1]
	}
	return &sandbox{
		dir: b.dir, stop: cancel,
		client: &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}},
		values: values,
	}, nil
}

func (s *sandbox) close() {
	if s.front != nil {
		s.front.close()
	}
	if s.stop != nil {
		s.stop()
		return
	}
	_ = s.process.Process.Signal(syscall.SIGTERM)
	_ = s.process.Wait()
}

// environment is what every program finds: the same inputs under the names of
// the command and under those of the action, and nothing of this machine but
// the path.
func (s *sandbox) environment(refreshToken string, targets ...string) []string {
	v := s.values
	environment := []string{
		"PATH=" + os.Getenv("PATH"),
		"HOME=" + s.dir,
		"GITHUB_ACTIONS=true",
		"GITHUB_API_URL=" + v["GITHUB_API_URL"],
		"GITHUB_REPOSITORY=" + v["GITHUB_REPOSITORY"],
		"GITHUB_EVENT_NAME=schedule",
		"GITHUB_ACTOR=octo",
		"GITHUB_RUN_ID=9001",
		"GITHUB_RUN_ATTEMPT=1",
		"STRAVA_URL=" + v["STRAVA_URL"],
		"STRAVA_API_URL=" + v["STRAVA_API_URL"],
		"STRAVA_CLIENT_ID=" + v["STRAVA_CLIENT_ID"],
		"STRAVA_CLIENT_SECRET=" + v["STRAVA_CLIENT_SECRET"],
		"STRAVA_REFRESH_TOKEN=" + refreshToken,
		"GH_TOKEN=" + v["GH_TOKEN"],
		"INPUT_STRAVA-URL=" + v["STRAVA_URL"],
		"INPUT_STRAVA-API-URL=" + v["STRAVA_API_URL"],
		"INPUT_CLIENT-ID=" + v["STRAVA_CLIENT_ID"],
		"INPUT_CLIENT-SECRET=" + v["STRAVA_CLIENT_SECRET"],
		"INPUT_REFRESH-TOKEN=" + refreshToken,
		"INPUT_GITHUB-TOKEN=" + v["GH_TOKEN"],
		"INPUT_ROTATE-TO=" + strings.Join(targets, "\n"),
	}
	if s.front == nil {
		// The image holds one file of certificates, and no folder of them.
		environment = append(environment, "SSL_CERT_FILE="+v["SSL_CERT_FILE"], "SSL_CERT_DIR="+filepath.Join(s.dir, "none"))
	} else {
		// gh speaks https only, and takes the token for another host from a
		// variable of its own.
		environment = append(environment, "GH_HOST="+s.front.host,
			"GH_ENTERPRISE_TOKEN="+v["GH_TOKEN"], "SSL_CERT_FILE="+s.front.certificate)
	}
	for variable, name := range runnerFiles {
		environment = append(environment, variable+"="+filepath.Join(s.dir, name))
	}
	return environment
}

// secret returns what a secret of the sandbox holds.
func (s *sandbox) secret(ctx context.Context, target string) (string, error) {
	return s.control(ctx, http.MethodGet, "/sandbox/secret?target="+url.QueryEscape(target), nil)
}

func (s *sandbox) setSecret(ctx context.Context, target, value string) error {
	body, err := json.Marshal(map[string]string{"target": target, "value": value})
	if err != nil {
		return err
	}
	_, err = s.control(ctx, http.MethodPost, "/sandbox/secret", body)
	return err
}

// calls returns the calls that Strava and GitHub were sent so far.
func (s *sandbox) calls(ctx context.Context) ([]string, error) {
	journal, err := s.control(ctx, http.MethodGet, "/sandbox/journal", nil)
	return strings.Split(strings.TrimSpace(journal), "\n"), err
}

func (s *sandbox) control(ctx context.Context, method, path string, body []byte) (string, error) {
	req, err := http.NewRequestWithContext(ctx, method, s.values["GITHUB_API_URL"]+path, bytes.NewReader(body))
	if err != nil {
		return "", err
	}
	resp, err := s.client.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode > 299 {
		err = fmt.Errorf("%s %s: %s", method, req.URL.Path, resp.Status)
	}
	return string(answer), err
}
