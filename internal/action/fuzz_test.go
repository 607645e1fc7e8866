package action

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sethvargo/go-githubactions"

	"strava-token/internal/check"
	"strava-token/internal/input"
	"strava-token/internal/provider"
	"strava-token/internal/secret"
	"strava-token/internal/strava"
)

// FuzzOutput asserts that a value which is let through arrives as it is, and
// sets nothing else.
func FuzzOutput(f *testing.F) {
	for _, seed := range []string{"token", "a\nb", delimiter, "x" + delimiter + "y", "a\rb", "%0A", "<<EOF", "a=b"} {
		f.Add(seed)
	}
	path := filepath.Join(f.TempDir(), "output")
	e := &edge{sdk: githubactions.New(githubactions.WithGetenv(func(string) string { return path }))}
	f.Fuzz(func(t *testing.T, value string) {
		check.OK(t, os.WriteFile(path, nil, 0o600))
		token := strava.Token{AccessToken: secret.New(value)}
		err := e.export(&input.Inputs{}, &provider.Outcome{Token: token, Export: provider.ExportAll})
		content := string(check.Must(os.ReadFile(path))(t))
		want := "access-token<<" + delimiter + "\n" + value + "\n" + delimiter + "\nexpires-at<<" // and two more
		isWhole := strings.HasPrefix(content, want) && strings.Count(content, "\n") == 12 && strings.Count(content, delimiter) == 8
		check.That(t, isWhole || err != nil && content == "", "%q sets %q", value, content)
	})
}
