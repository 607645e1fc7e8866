package strava

import (
	"regexp"
	"slices"
	"strings"
)

// The scopes that Strava has had since October 2018. Anything else is refused at the
// authorize page with Authorize/scope/invalid.
var knownScopes = []string{
	"read", "read_all", "profile:read_all", "profile:write",
	"activity:read", "activity:read_all", "activity:write",
}

// SplitScopes splits a list of scopes. Strava separates them by commas in
// a callback and by spaces in a token answer.
func SplitScopes(s string) []string { return strings.Fields(strings.ReplaceAll(s, ",", " ")) }

// Covers reports whether granted includes wanted: activity:read_all includes
// activity:read, and every grant includes read.
func Covers(granted []string, wanted string) bool {
	return wanted == "read" || slices.Contains(granted, wanted) ||
		wanted == "activity:read" && slices.Contains(granted, "activity:read_all")
}

// KnownScope reports whether s can be requested.
func KnownScope(s string) bool { return slices.Contains(knownScopes, s) }

// areScopes reports whether each of list looks like a scope of Strava's, perhaps a future
// one, so that it can be printed.
func areScopes(list []string) bool {
	const word = `[a-z0-9_-]+`
	shape := regexp.MustCompile(`^` + word + `(:` + word + `)?$`)
	return len(list) > 0 && !slices.ContainsFunc(list, func(s string) bool { return len(s) > 64 || !shape.MatchString(s) })
}
