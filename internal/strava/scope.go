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

// KnownScope reports whether s can be requested.
func KnownScope(s string) bool { return slices.Contains(knownScopes, s) }

// areScopes reports whether each of list looks like a scope of Strava's, perhaps a future
// one, so that it can be printed.
func areScopes(list []string) bool {
	shape := regexp.MustCompile(`^[a-z0-9_-]+(:[a-z0-9_-]+)?$`)
	return len(list) > 0 && !slices.ContainsFunc(list, func(s string) bool { return len(s) > 64 || !shape.MatchString(s) })
}

// Lacking returns the scopes of wanted that a grant lacks, and those of which that can't
// be told: by the scopes that the token's answer named, or else by the error of
// Activities, which can't tell activity:read from activity:read_all.
func Lacking(wanted, granted []string, activities error) (missing, unclear []string) {
	for _, scope := range wanted {
		switch {
		case scope == "read", slices.Contains(granted, scope): // every grant includes read
		case scope == "activity:read" && (slices.Contains(granted, "activity:read_all") || granted == nil && activities == nil):
		case granted != nil, IsActivityRead(scope) && KindOf(activities) == ScopeMissing:
			missing = append(missing, scope)
		default:
			unclear = append(unclear, scope)
		}
	}
	return missing, unclear
}

// IsActivityRead reports whether Activities can check scope.
func IsActivityRead(scope string) bool {
	return scope == "activity:read" || scope == "activity:read_all"
}
