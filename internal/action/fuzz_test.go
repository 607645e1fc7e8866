package action

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sethvargo/go-githubactions"
)

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
