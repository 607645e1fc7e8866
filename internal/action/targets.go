package action

import (
	"slices"
	"strings"

	"strava-token/internal/provider"
	"strava-token/internal/secret"
	"strava-token/internal/store"
)

func (r *reader) targets(name string) []store.Target {
	text := r.input(name)
	if r.holdsCredential(text) {
		r.problem(name, FaultCredential, "")
		return nil
	}
	targets, problems := ParseTargets(name, strings.Split(text, "\n"), r.edge.getenv("GITHUB_REPOSITORY"))
	r.problems = append(r.problems, problems...)
	for _, t := range targets {
		if t.Path != "" {
			r.problem(name, FaultFileInAction, Quotable(t.String()))
		}
		if t.Branch != "" && r.edge.getenv("GITHUB_REF_TYPE") == "branch" && t.Branch == r.edge.getenv("GITHUB_REF_NAME") {
			r.problem(name, FaultCodeBranch, Quotable(t.String()))
		}
	}
	return targets
}

// ParseTargets reads targets, and refuses those that name a place twice.
// repository is where a target without one belongs.
func ParseTargets(input string, lines []string, repository string) (targets []store.Target, problems []Problem) {
	seen := map[string]bool{}
	problem := func(fault Fault, detail string) {
		problems = append(problems, Problem{Input: input, Fault: fault, Detail: detail})
	}
	for _, line := range lines {
		text := strings.TrimSpace(line)
		if text == "" {
			continue
		}
		t, err := store.Parse(text, repository)
		switch {
		case looksSecret(text, t):
			problem(FaultCredential, "")
		case err == nil && secret.IsPlaceholder(t.Name):
			problem(Fault(secret.Placeholder), "")
		case err != nil:
			problem(targetFault(err), Quotable(text))
		case seen[t.Key()]:
			problem(FaultDoubledTarget, t.String())
		case t.Readable() && slices.ContainsFunc(targets, store.Target.Readable):
			problem(FaultTwoStores, Quotable(text))
		default:
			seen[t.Key()] = true
			targets = append(targets, t)
		}
	}
	return targets, problems
}

// NewTarget returns the place that t names, for the refresh tokens of app.
// repositoryID is the numeric id of its repository, or 0 where it is not known.
func NewTarget(gh *store.GitHub, t store.Target, app store.App, repositoryID int64) provider.Target {
	switch {
	case t.Branch != "":
		return store.NewBranch(gh, t, app, repositoryID)
	case t.Path != "":
		return store.NewFile(t, app)
	}
	return store.NewSecret(gh, t, repositoryID)
}

// Split tells the target that can be read back, if there is one, from the others.
func Split(targets []provider.Target) (readable provider.Readable, writeOnly []provider.Target) {
	for _, t := range targets {
		if r, ok := t.(provider.Readable); ok {
			readable = r
		} else {
			writeOnly = append(writeOnly, t)
		}
	}
	return readable, writeOnly
}

// AllowNew lets a target pass that does not hold a refresh token yet, since the
// first one has to be written somewhere.
func AllowNew(t provider.Target) {
	switch t := t.(type) {
	case *store.Secret:
		t.MayBeNew = true
	case *store.Branch:
		t.MayReplace = true
	case *store.File:
		t.MayReplace = true
	}
}

// NeedGitHub reports whether a GitHub token is needed to write one of targets.
func NeedGitHub(targets []store.Target) bool {
	return slices.ContainsFunc(targets, func(t store.Target) bool { return t.Path == "" })
}

// holdsCredential reports whether a text that is to be printed and sent holds
// one of the credentials: rotate-to takes a secret's name, and its value is an
// easy slip. GitHub and the names of secrets ignore case.
func (r *reader) holdsCredential(text string) bool {
	for _, name := range []string{"client-secret", "refresh-token", "github-token"} {
		value := r.input(name)
		if secret.Inspect(value) == "" && strings.Contains(strings.ToLower(text), strings.ToLower(value)) {
			return true
		}
	}
	return false
}

// looksSecret reports whether a target is written like a credential: a token of
// GitHub's, or a word of 40 or more hexadecimal digits, which folders may have, too.
func looksSecret(text string, t store.Target) bool {
	if githubToken(text) || t.Path != "" {
		return githubToken(text)
	}
	for _, word := range strings.FieldsFunc(text, func(c rune) bool { return !isAlphanumeric(c) }) {
		if len(word) >= 40 && isHex(word) {
			return true
		}
	}
	return false
}
