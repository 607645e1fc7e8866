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

// secretName is the secret that the sandbox's repository starts with.
const secretName = "STRAVA_REFRESH_TOKEN"

// The files that a runner mounts, by the variable that names each.
var runnerFiles = map[string]string{
	"GITHUB_OUTPUT":       "output",
	"GITHUB_ENV":          "env",
	"GITHUB_STEP_SUMMARY": "summary",
}

// world is a sandbox that is served in the clear, and over TLS for gh, which
// speaks nothing else.
type world struct {
	*sandbox.Server
	base, secure string // addresses; base is secure if all calls are to go over TLS
	certificates string // the file with the image's root certificates and the sandbox's own
	dir          string
	stop         func()
}

func (b *bench) newWorld(ctx context.Context, knobs sandbox.Knobs, secure bool) (*world, error) {
	plain, err := sandbox.Listen(ctx, "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	roots, err := os.ReadFile(b.certificates)
	if err != nil {
		return nil, err
	}
	server := sandbox.New(knobs)
	behindTLS := httptest.NewUnstartedServer(server)
	behindTLS.EnableHTTP2 = true
	behindTLS.StartTLS()
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: behindTLS.Certificate().Raw})
	w := &world{
		Server: server, dir: b.dir, certificates: filepath.Join(b.dir, "roots.pem"),
		base: "http://" + plain.Addr().String(), secure: behindTLS.URL,
	}
	if secure {
		w.base = w.secure
	}
	if err := os.WriteFile(w.certificates, append(roots, certificate...), 0o600); err != nil {
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
func (w *world) environment(refreshToken string, targets []string) []string {
	environment := []string{
		"PATH=" + os.Getenv("PATH"),
		"HOME=" + w.dir,
		"GITHUB_ACTIONS=true",
		"GITHUB_EVENT_NAME=schedule",
		"GITHUB_ACTOR=octo",
		"GITHUB_RUN_ID=9001",
		"GITHUB_RUN_ATTEMPT=1",
		"INPUT_STRAVA-URL=" + w.base,
		"INPUT_STRAVA-API-URL=" + w.base + "/api/v3",
		"INPUT_CLIENT-ID=" + w.App().ID,
		"INPUT_CLIENT-SECRET=" + w.App().Secret,
		"INPUT_REFRESH-TOKEN=" + refreshToken,
		"INPUT_GITHUB-TOKEN=" + w.GitHubToken(),
		"INPUT_ROTATE-TO=" + strings.Join(targets, "\n"),
		// The image holds one file of certificates, and no folder of them.
		"SSL_CERT_FILE=" + w.certificates,
		"SSL_CERT_DIR=" + filepath.Join(w.dir, "none"),
		// gh takes the token for another host from a variable of its own.
		"GH_HOST=" + strings.TrimPrefix(w.secure, "https://"),
		"GH_ENTERPRISE_TOKEN=" + w.GitHubToken(),
	}
	for _, v := range w.Environment(w.base) {
		environment = append(environment, v[0]+"="+v[1])
	}
	for variable, name := range runnerFiles {
		environment = append(environment, variable+"="+filepath.Join(w.dir, name))
	}
	return environment
}
