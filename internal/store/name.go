package store

import (
	"regexp"
	"strings"
	"unicode"
)

// Lengths are checked separately: a count in a pattern takes milliseconds to compile
// at every start.
var (
	ownerName  = regexp.MustCompile(`^[0-9A-Za-z_-]+$`)
	repoName   = regexp.MustCompile(`^[0-9A-Za-z._-]+$`)
	secretName = regexp.MustCompile(`^[A-Za-z_][0-9A-Za-z_]*$`)
	branchName = regexp.MustCompile(`^[0-9A-Za-z_./+-]+$`)
)

func validOwner(s string) bool { return len(s) <= 100 && ownerName.MatchString(s) }

func validRepo(s string) bool {
	return len(s) <= 100 && repoName.MatchString(s) && s != "." && s != ".."
}

// validName follows GitHub's rules: letters, digits and underscores, not
// starting with a digit or with GITHUB_.
func validName(s string) bool {
	return len(s) <= 255 && secretName.MatchString(s) && !strings.HasPrefix(strings.ToUpper(s), "GITHUB_")
}

// validBranch follows what git allows in a branch's name, without the signs that
// need care in a shell or in an address.
func validBranch(s string) bool {
	for part := range strings.SplitSeq(s, "/") {
		if part == "" || strings.HasPrefix(part, ".") || strings.HasSuffix(part, ".lock") || strings.HasSuffix(part, ".") {
			return false
		}
	}
	return len(s) <= 200 && branchName.MatchString(s) && s != "HEAD" &&
		!strings.HasPrefix(s, "-") && !strings.HasPrefix(s, "refs/") && !strings.Contains(s, "..")
}

// validAthlete checks the name that tells the files of several athletes on one
// branch apart.
func validAthlete(s string) bool { return ownerName.MatchString(s) }

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
