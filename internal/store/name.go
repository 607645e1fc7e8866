package store

import (
	"strings"
	"unicode"
)

// isMadeOf reports whether s has up to longest characters, all letters, digits or signs.
func isMadeOf(s, signs string, longest int) bool {
	const alphanumeric = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	return s != "" && len(s) <= longest && strings.Trim(s, alphanumeric+signs) == ""
}

func validOwner(s string) bool { return isMadeOf(s, "_-", 100) }

func validRepo(s string) bool { return isMadeOf(s, "._-", 100) && s != "." && s != ".." }

// validName follows GitHub's rules: letters, digits and underscores, not
// starting with a digit or with GITHUB_.
func validName(s string) bool {
	return isMadeOf(s, "_", 255) && strings.TrimLeft(s, "0123456789") == s && !strings.HasPrefix(strings.ToUpper(s), "GITHUB_")
}

// validBranch follows what git allows in a branch's name, without the signs that
// need care in a shell or in an address.
func validBranch(s string) bool {
	for part := range strings.SplitSeq(s, "/") {
		if part == "" || strings.HasPrefix(part, ".") || strings.HasSuffix(part, ".lock") || strings.HasSuffix(part, ".") {
			return false
		}
	}
	return isMadeOf(s, "_./+-", 200) && s != "HEAD" &&
		!strings.HasPrefix(s, "-") && !strings.HasPrefix(s, "refs/") && !strings.Contains(s, "..")
}

func validPath(s string) bool {
	last := s[strings.LastIndexAny(s, `/\`)+1:]
	return !strings.HasPrefix(s, "~") && last != "" && last != "." && last != ".." && isPlainText(s)
}

// validEnvironment accepts what could be an environment's name; that may contain
// spaces and slashes.
func validEnvironment(s string) bool {
	return s != "" && len(s) <= 255 && s != "." && s != ".." && isPlainText(s)
}

func isPlainText(s string) bool {
	return s == strings.TrimSpace(s) && !strings.ContainsFunc(s, unicode.IsControl)
}
