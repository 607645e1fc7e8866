package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"strava-token/internal/store"
	"strava-token/internal/strava"
)

// handover is where login's credentials go without a repository: standard
// output, or a new file that only its owner can read.
type handover struct {
	format string // json or dotenv; "" is a dotenv file
	path   string
	stdout io.Writer
	client *strava.Client
	names  [3]string
	// apart leaves the refresh token out: a target that can be read back keeps it,
	// and whoever used a copy would kill that one.
	apart  bool
	opened *os.File
	there  bool // an earlier login left the same file
	done   bool // what was to be handed over is there
}

// held are the names of what is handed over.
func (h *handover) held() []string {
	if h.apart {
		return h.names[:2]
	}
	return h.names[:]
}

func (h *handover) String() string {
	if h.format != "" {
		return "standard output"
	}
	return h.path
}

// Check opens the file, before anything is spent. An existing one is left alone.
func (h *handover) Check(context.Context) (store.Facts, error) {
	if h.format != "" || h.opened != nil {
		return store.Facts{}, nil
	}
	if h.apart && h.isThere() {
		h.there = true
		return store.Facts{}, nil
	}
	f, err := os.OpenFile(h.path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return store.Facts{}, fmt.Errorf("open: %w", err)
	}
	h.opened = f
	return store.Facts{}, nil
}

// isThere reports whether an earlier login left the same file.
func (h *handover) isThere() bool {
	info, err := os.Lstat(h.path)
	if err != nil || !info.Mode().IsRegular() || info.Size() != int64(len(h.appAlone())) { // a pipe would be waited for
		return false
	}
	before, err := os.ReadFile(h.path)
	return err == nil && string(before) == h.appAlone()
}

// appAlone is what the file holds without a refresh token.
func (h *handover) appAlone() string {
	return h.names[0] + "=" + h.client.ClientID + "\n" + h.names[1] + "=" + h.client.ClientSecret.Reveal() + "\n"
}

// Store writes the credentials.
func (h *handover) Store(_ context.Context, r store.Record) error {
	if h.there {
		h.done = true
		return nil
	}
	values := [3]string{h.client.ClientID, h.client.ClientSecret.Reveal(), r.RefreshToken.Reveal()}
	var err error
	if h.format != "" {
		err = h.write(h.stdout, values)
	} else {
		err = errors.Join(h.write(h.opened, values), h.opened.Sync(), h.opened.Close())
	}
	h.done = err == nil
	return err
}

// discard removes a file that nothing was written to.
func (h *handover) discard() {
	if h.opened == nil {
		return
	}
	if info, err := os.Stat(h.path); err == nil && info.Size() == 0 {
		_ = h.opened.Close()
		_ = os.Remove(h.path)
	}
}

func (h *handover) write(w io.Writer, values [3]string) error {
	if h.format == "json" {
		object := map[string]string{}
		for i, name := range h.held() {
			object[name] = values[i]
		}
		encoder := json.NewEncoder(w)
		encoder.SetEscapeHTML(false)
		encoder.SetIndent("", "  ")
		return encoder.Encode(object)
	}
	for i, name := range h.held() {
		if _, err := fmt.Fprintf(w, "%s=%s\n", name, values[i]); err != nil {
			return err
		}
	}
	return nil
}
