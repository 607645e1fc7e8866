package login

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"strava-token/internal/input"
	"strava-token/internal/secret"
	"strava-token/internal/store"
	"strava-token/internal/words"
)

// value is one of the app's credentials under the name of its variable.
type value struct {
	name string
	text secret.Value
}

func appValues(in *input.Inputs) []value {
	return []value{{"STRAVA_CLIENT_ID", secret.New(in.ClientID)}, {"STRAVA_CLIENT_SECRET", in.ClientSecret}}
}

// credentials are a file with the client id and the client secret, for those who
// use the token from this machine.
type credentials struct {
	path   string
	lines  string
	opened *os.File // nil if an earlier login left the same file
	kept   bool
}

// openCredentials makes the file, or finds one that says the same. It leaves
// everything else alone.
func openCredentials(path string, values []value) (*credentials, error) {
	c := &credentials{path: path, lines: dotenv(values)}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, input.Misuse("login-file", words.Blanks{"file": path})
	}
	if before, err := readSmall(path, len(c.lines)); err == nil && before == c.lines {
		return c, nil
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, input.Misuse("login-file", words.Blanks{"file": path})
	}
	c.opened = f
	return c, nil
}

// readSmall reads a plain file of this size; of a pipe it reads nothing.
func readSmall(path string, size int) (string, error) {
	info, err := os.Lstat(path)
	if err != nil || !info.Mode().IsRegular() || info.Size() != int64(size) {
		return "", errors.Join(err, os.ErrNotExist)
	}
	content, err := os.ReadFile(path)
	return string(content), err
}

func (c *credentials) write() error {
	if c.opened != nil {
		_, err := io.WriteString(c.opened, c.lines)
		if err := errors.Join(err, c.opened.Sync(), c.opened.Close()); err != nil {
			return fmt.Errorf("write %s: %w", c.path, err)
		}
	}
	c.kept = true
	return nil
}

// discard removes a file that nothing was written to.
func (c *credentials) discard() {
	if c != nil && c.opened != nil && !c.kept {
		_ = c.opened.Close()
		_ = os.Remove(c.path)
	}
}

// dotenv writes values as a shell reads them.
func dotenv(values []value) string {
	var b strings.Builder
	for _, v := range values {
		b.WriteString(v.name + "=" + words.Quote(v.text.Reveal()) + "\n")
	}
	return b.String()
}

// printed is standard output as a target, which --format asks for.
type printed struct {
	out    io.Writer
	format string // json or dotenv
	app    []value
	apart  bool // a target keeps the refresh token, and a copy would be the end of it
}

func (p *printed) String() string { return "standard output" }

// Check always succeeds.
func (p *printed) Check(context.Context) (store.Facts, error) { return store.Facts{}, nil }

// Store prints the credentials.
func (p *printed) Store(_ context.Context, r store.Record) error {
	values := p.app
	if !p.apart {
		values = append(values, value{"STRAVA_REFRESH_TOKEN", r.RefreshToken})
	}
	text := dotenv(values)
	if p.format == "json" {
		object := map[string]string{}
		for _, v := range values {
			object[v.name] = v.text.Reveal()
		}
		var b strings.Builder
		encoder := json.NewEncoder(&b)
		encoder.SetEscapeHTML(false)
		encoder.SetIndent("", "  ")
		if err := encoder.Encode(object); err != nil {
			return fmt.Errorf("encode: %w", err)
		}
		text = b.String()
	}
	if _, err := io.WriteString(p.out, text); err != nil {
		return fmt.Errorf("print: %w", err)
	}
	return nil
}
