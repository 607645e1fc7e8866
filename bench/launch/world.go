package main

import (
	"context"
	"encoding/pem"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"

	"strava-token/internal/sandbox"
)

const (
	secretName   = "STRAVA_REFRESH_TOKEN" // that the sandbox's repository starts with
	certificates = "/etc/ssl/certs/ca-certificates.crt"
)

// world is a sandbox that is served in the clear, and over TLS for gh, which
// speaks nothing else.
type world struct {
	*sandbox.Server
	base, secure string // addresses; base is secure if all calls are to go over TLS
	dir          string
	stop         func()
}

func (b *bench) newWorld(ctx context.Context, knobs sandbox.Knobs, secure bool) (*world, error) {
	plain, err := sandbox.Listen(ctx, "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	roots, err := os.ReadFile(certificates)
	if err != nil {
		return nil, err
	}
	server := sandbox.New(knobs)
	behindTLS := httptest.NewUnstartedServer(server)
	behindTLS.EnableHTTP2 = true
	behindTLS.StartTLS()
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: behindTLS.Certificate().Raw})
	w := &world{Server: server, dir: b.dir, base: "http://" + plain.Addr().String(), secure: behindTLS.URL}
	if secure {
		w.base = w.secure
	}
	if err := os.WriteFile(filepath.Join(b.dir, "roots.pem"), append(roots, certificate...), 0o600); err != nil {
		return nil, err
	}
	w.SetSecret(secretName, w.LiveRefreshToken())
	ctx, w.stop = context.WithCancel(ctx)
	go func() { _ = w.Serve(ctx, plain) }()
	context.AfterFunc(ctx, behindTLS.Close)
	return w, nil
}

// environment is what every program finds: the same inputs under the names of
// the command and under those of the action, and nothing of this machine but
// the path.
func (w *world) environment(refreshToken string, targets []string) ([]string, error) {
	runner, err := w.NewRunner(w.dir, w.base)
	if err != nil {
		return nil, err
	}
	runner.Input("refresh-token", refreshToken)
	runner.Input("github-token", w.GitHubToken())
	runner.Input("rotate-to", strings.Join(targets, "\n"))
	for _, v := range append(w.Environment(w.base), [][2]string{
		{"PATH", os.Getenv("PATH")}, {"HOME", w.dir},
		// The image holds one file of certificates, and no folder of them.
		{"SSL_CERT_FILE", filepath.Join(w.dir, "roots.pem")}, {"SSL_CERT_DIR", filepath.Join(w.dir, "none")},
		// gh takes the token for another host from a variable of its own.
		{"GH_HOST", strings.TrimPrefix(w.secure, "https://")}, {"GH_ENTERPRISE_TOKEN", w.GitHubToken()},
	}...) {
		runner.Set(v[0], v[1])
	}
	return runner.Environ(), nil
}
