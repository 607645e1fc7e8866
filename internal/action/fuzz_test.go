package action

import (
	"strings"
	"testing"
)

// FuzzOutput asserts that a value which is let through arrives as it is, and
// sets nothing else.
func FuzzOutput(f *testing.F) {
	for _, seed := range []string{"token", "a\nb", delimiter, "x" + delimiter + "y", "a\rb", "%0A", "<<EOF", "a=b"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		lines, err := assignments([][2]string{{"name", value}})
		if err != nil {
			return
		}
		want := "name<<" + delimiter + "\n" + value + "\n" + delimiter + "\n"
		if lines != want || strings.Count(lines, "\n") != 3 || strings.Count(lines, delimiter) != 2 {
			t.Errorf("the file gets %q, want %q", lines, want)
		}
	})
}
