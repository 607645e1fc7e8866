package strava

import (
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
func SplitScopes(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool {
		return r == ',' || r == ' ' || r == '\t' || r == '\n' || r == '\r'
	})
}

// validScope reports whether s looks like a scope's name, such as read or
// activity:read_all, so that it can be printed.
func validScope(s string) bool {
	entity, access, found := strings.Cut(s, ":")
	return len(s) <= 64 && isWord(entity) && (!found || isWord(access))
}

func isWord(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '_' && r != '-'
	})
}

// Covers reports whether granted includes wanted: activity:read_all includes
// activity:read, and every grant includes read.
func Covers(granted []string, wanted string) bool {
	if wanted == "read" || slices.Contains(granted, wanted) {
		return true
	}
	return wanted == "activity:read" && slices.Contains(granted, "activity:read_all")
}

// KnownScope reports whether s can be requested.
func KnownScope(s string) bool { return slices.Contains(knownScopes, s) }
