package action

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sethvargo/go-githubactions"
)

// FuzzInputs asserts that no input makes reading panic, and that what is said
// of bad ones never quotes a credential.
func FuzzInputs(f *testing.F) {
	f.Add("48213", "0123456789abcdef0123456789abcdef01234567", "89abcdef0123456789abcdef0123456789abcdef", "STRAVA", "true", "https://www.strava.com", "read")
	f.Add("", "null", "${{ x }}", "a/b/c\n\n@", "maybe", "http://user:pass@x", "::error::")
	f.Add("0123456789abcdef0123456789abcdef01234567", "\x00", "é", "org:/", "\n", "://", ",,")
	f.Fuzz(func(t *testing.T, id, clientSecret, refresh, targets, boolean, address, scopes string) {
		env := map[string]string{
			"GITHUB_OUTPUT": os.DevNull, "GITHUB_REPOSITORY": "octo/running",
			"INPUT_CLIENT-ID": id, "INPUT_CLIENT-SECRET": clientSecret, "INPUT_REFRESH-TOKEN": refresh,
			"INPUT_ROTATE-TO": targets, "INPUT_VERIFY": boolean, "INPUT_STRAVA-URL": address, "INPUT_REQUIRE-SCOPES": scopes,
		}
		var printed strings.Builder
		in, problems := newEdge(func(name string) string { return env[name] }, &printed).read()
		if problems == nil && (in.stravaURL == nil || in.clientID == "" || in.clientSecret.Empty()) {
			t.Error("unusable inputs were let through")
		}
		if problems != nil && len(problems.Problems) == 0 {
			t.Error("a refusal without a problem")
		}
		for line := range strings.Lines(printed.String()) {
			if !strings.HasPrefix(line, "::add-mask::") {
				t.Errorf("reading printed %q", line)
			}
		}
	})
}

// FuzzOutput asserts that a value which is let through arrives as it is, and
// sets nothing else.
func FuzzOutput(f *testing.F) {
	for _, seed := range []string{"token", "a\nb", delimiter, "x" + delimiter + "y", "a\rb", "%0A", "<<EOF", "a=b"} {
		f.Add(seed)
	}
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, value string) {
		if !exportable(value) {
			return
		}
		path := filepath.Join(dir, "output")
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		sdk := githubactions.New(githubactions.WithWriter(io.Discard), githubactions.WithGetenv(func(string) string { return path }))
		if err := file(func() { sdk.SetOutput("name", value) }); err != nil {
			t.Fatal(err)
		}
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		want := "name<<" + delimiter + "\n" + value + "\n" + delimiter + "\n"
		if string(content) != want || strings.Count(want, "\n") != 3 {
			t.Errorf("the file holds %q, want %q", content, want)
		}
	})
}
