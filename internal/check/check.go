// Package check has one-line checks for tests. Only tests import it.
package check

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// OK ends the test if there is an error.
func OK(t testing.TB, err error) {
	t.Helper()
	Need(t, err == nil, "%v", err)
}

// Must returns a function that ends the test if there is an error, and returns v:
// f := check.Must(os.Open(path))(t).
func Must[T any](v T, err error) func(t testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		OK(t, err)
		return v
	}
}

// Equal fails the test if got isn't want. The format says what it is.
func Equal[T comparable](t testing.TB, got, want T, format string, args ...any) {
	t.Helper()
	That(t, got == want, "got %#v, want %#v: %s", got, want, fmt.Sprintf(format, args...))
}

// Same is Equal for values that can't be compared with ==.
func Same[T any](t testing.TB, got, want T, format string, args ...any) {
	t.Helper()
	diff := cmp.Diff(want, got)
	That(t, diff == "", "%s (-want +got):\n%s", fmt.Sprintf(format, args...), diff)
}

// That fails the test unless ok. The format says what is wrong.
func That(t testing.TB, ok bool, format string, args ...any) {
	t.Helper()
	if !ok {
		t.Errorf(format, args...)
	}
}

// Need is That, and ends the test.
func Need(t testing.TB, ok bool, format string, args ...any) {
	t.Helper()
	if !ok {
		t.Fatalf(format, args...)
	}
}

// Contains fails the test for each part that isn't in a text.
func Contains(t testing.TB, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		That(t, strings.Contains(text, part), "%q is not in:\n%s", part, text)
	}
}
