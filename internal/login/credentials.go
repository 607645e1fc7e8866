package login

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"strava-token/internal/input"
	"strava-token/internal/recovery"
	"strava-token/internal/secret"
	"strava-token/internal/store"
	"strava-token/internal/words"
)

// planCredentials decides on the file for the app's credentials: the one that was given,
// or one beside the token, or one in the user's configuration. It checks that the file can
// be made, unless it's there and says the same.
func (l *Login) planCredentials() (err error) {
	path := l.Output
	if i := slices.IndexFunc(l.in.Targets, store.Target.IsFile); path == "" && i >= 0 {
		path = l.in.Targets[i].Path + ".env"
	} else if path == "" {
		if path, err = ownFile("app.env"); err != nil {
			return err
		}
	}
	if path, err = filepath.Abs(path); err == nil {
		err = os.MkdirAll(filepath.Dir(path), 0o700)
	}
	if tree := recovery.InGitTree(filepath.Dir(path)); tree != "" {
		l.Terminal.Warn(&words.Failure{ID: "login-in-git-tree", Blanks: words.Blanks{"file": path, "tree": tree}})
	}
	if err == nil && !has(path, formatted("dotenv", l.in, secret.Value{})) {
		if err = create(path, ""); err == nil {
			defer os.Remove(path)
		}
	}
	mine, _ := os.Stat(path)
	for _, t := range l.in.Targets {
		if there, _ := os.Stat(t.Path); os.SameFile(mine, there) {
			return input.Wrong("output", "input-doubled-target")
		}
	}
	if err != nil {
		return input.Misuse("login-file", words.Blanks{"file": path})
	}
	l.credentials = path
	return nil
}

// create makes a new file that only its owner can read, or nothing.
func create(path, text string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		_ = os.Remove(path)
	}
	return err
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
