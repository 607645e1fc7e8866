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
	path := f.TempDir()
	e := &edge{sdk: githubactions.New(githubactions.WithGetenv(func(string) string { return path }))}
	export := func(value string) error {
		token := strava.Token{AccessToken: secret.New(value)}
		return e.export(&input.Inputs{}, &provider.Outcome{Token: token, Export: provider.ExportAll})
	}
	check.That(f, export("token") != nil, "a folder took an output")
	path = filepath.Join(path, "output")
	f.Fuzz(func(t *testing.T, value string) {
		check.OK(t, os.WriteFile(path, nil, 0o600))
		err := export(value)
		content := string(check.Must(os.ReadFile(path))(t))
		want := "access-token<<" + delimiter + "\n" + value + "\n" + delimiter + "\nexpires-at<<" // and two more
		isWhole := strings.HasPrefix(content, want) && strings.Count(content, "\n") == 12 && strings.Count(content, delimiter) == 8
		check.That(t, isWhole || err != nil && content == "", "%q sets %q", value, content)
	})
}

// TestPagesOf whatever the workflow's file and branch are called.
func TestPagesOf(t *testing.T) {
	t.Parallel()
	const base = "https://github.com/octo/running"
	for ref, want := range map[string][2]string{
		"octo/running/.github/workflows/strava.yml@refs/heads/main": {"/actions/workflows/strava.yml", "/edit/main/.github/workflows/strava.yml"},
		"octo/running/.github/workflows/my sync.yml@refs/heads/a#1": {"/actions/workflows/my%20sync.yml", "/edit/a%231/.github/workflows/my%20sync.yml"},
		"octo/running/.github/workflows/x@y.yml@refs/tags/v1":       {"/actions/workflows/x@y.yml", "/blob/HEAD/.github/workflows/x@y.yml"},
		"octo/running/.github/workflows/strava.yml@refs/heads/a/b":  {"/actions/workflows/strava.yml", "/edit/a/b/.github/workflows/strava.yml"},
		"octo/other/.github/workflows/strava.yml@refs/heads/main":   {"/actions", "/actions"},
		"": {"/actions", "/actions"},
	} {
		env := map[string]string{"GITHUB_REPOSITORY": "octo/running", "GITHUB_WORKFLOW_REF": ref}
		workflow, edit := pagesOf(func(name string) string { return env[name] })
		check.Equal(t, [2]string{workflow, edit}, [2]string{base + want[0], base + want[1]}, "%s", ref)
	}
}
