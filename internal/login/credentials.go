package login

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"strava-token/internal/input"
	"strava-token/internal/secret"
	"strava-token/internal/store"
	"strava-token/internal/words"
)

// writeCredentials writes the client id and the client secret to a file, to use the
// token from this machine. It accepts a file that says the same, and leaves any other
// alone.
func (l *Login) writeCredentials(path string) error {
	l.credentials = path
	lines := formatted("dotenv", l.in, secret.Value{})
	err := os.MkdirAll(filepath.Dir(path), 0o700)
	if err == nil && has(path, lines) {
		now := time.Now()
		_ = os.Chtimes(path, now, now) // so that the login that made it leaves it
		return nil
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err == nil {
		l.discardable = true
		_, err = f.WriteString(lines)
		err = errors.Join(err, f.Sync())
		l.made, _ = f.Stat()
		err = errors.Join(err, f.Close())
	}
	if err != nil {
		return input.Misuse("login-file", words.Blanks{"file": path})
	}
	return nil
}

// has reports whether path is a regular file with these lines; it reads no pipe.
func has(path, lines string) bool {
	info, err := os.Lstat(path)
	if err != nil || !info.Mode().IsRegular() || info.Size() != int64(len(lines)) {
		return false
	}
	content, err := os.ReadFile(path)
	return err == nil && string(content) == lines
}

// discard removes the file if the login failed.
func (l *Login) discard() {
	there, err := os.Stat(l.credentials)
	if l.discardable && err == nil && os.SameFile(there, l.made) && there.ModTime().Equal(l.made.ModTime()) {
		_ = os.Remove(l.credentials)
	}
}

// formatted returns the app's credentials, and the refresh token unless it's empty.
func formatted(format string, in *input.Inputs, refreshToken secret.Value) string {
	values := [][2]string{{"STRAVA_CLIENT_ID", in.ClientID}, {"STRAVA_CLIENT_SECRET", in.ClientSecret.Reveal()}}
	if !refreshToken.Empty() {
		values = append(values, [2]string{"STRAVA_REFRESH_TOKEN", refreshToken.Reveal()})
	}
	return Formatted(format, values)
}

// Formatted returns variables and their values as a JSON object, or as lines that a
// shell reads: with the format "shell" it exports them.
func Formatted(format string, values [][2]string) string {
	lines, object := "", map[string]string{}
	for _, v := range values {
		lines += map[string]string{"shell": "export "}[format] + v[0] + "=" + words.Quote(v[1]) + "\n"
		object[v[0]] = v[1]
	}
	if format == "json" {
		return JSON(object, "  ")
	}
	return lines
}

// JSON returns a value that contains only strings and numbers. An & stays as it is, since
// a mask covers nothing else.
func JSON(value any, indent string) string {
	var text strings.Builder
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", indent)
	_ = encoder.Encode(value)
	return text.String()
}

// Printed is standard output as a target.
type Printed func(store.Record) error

func (Printed) String() string { return "standard output" }

// Check always succeeds.
func (Printed) Check(context.Context) (store.Facts, error) { return store.Facts{}, nil }

// Store prints r.
func (p Printed) Store(_ context.Context, r store.Record) error {
	if err := p(r); err != nil {
		return fmt.Errorf("print: %w", err)
	}
	return nil
}
