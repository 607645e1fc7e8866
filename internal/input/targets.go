package input

import (
	"slices"
	"strings"

	"strava-token/internal/secret"
	"strava-token/internal/store"
)

// targets reads rotate-to.
func (r *reader) targets() {
	const name = "rotate-to"
	lines := r.Lines(name)
	if r.hasCredential(strings.Join(lines, "\n")) {
		r.needsGitHub = true
		r.problem(name, "input-credential", "")
		return
	}
	for _, line := range lines {
		switch text := strings.TrimSpace(line); {
		case text != "":
			r.target(text)
		case r.workflow == nil: // as in --rotate-to "$TARGET" if TARGET isn't set
			r.problem(name, "input-missing-rotate-to", "")
		}
	}
}

func (r *reader) target(text string) {
	t, err := store.Parse(text, r.in.Repository)
	r.readable = r.readable || t.Readable()
	r.needsGitHub = r.needsGitHub || !strings.HasPrefix(text, "file:")
	if id := r.objection(t, err); id != "" {
		r.problem("rotate-to", id, text)
		return
	}
	r.in.Targets = append(r.in.Targets, t)
}

// objection returns the id of what is wrong with a target, or "". In a workflow it can't
// be a file or the branch that the workflow runs on.
func (r *reader) objection(t store.Target, err error) (id string) {
	isSame := func(other store.Target) bool { return other.Key() == t.Key() }
	w := r.workflow
	switch {
	case err != nil:
		return err.Error()
	case slices.ContainsFunc(r.in.Targets, isSame):
		return "input-doubled-target"
	case t.Readable() && slices.ContainsFunc(r.in.Targets, store.Target.Readable):
		return "input-two-stores" // nothing says which is newer
	case w == nil:
		return ""
	case w.Getenv("GITEA_ACTIONS") == "true":
		return "input-not-on-github" // Gitea and Forgejo have no such targets
	case t.IsFile():
		return "input-file-in-action" // it would vanish with the container
	case t.IsBranch() && w.Getenv("GITHUB_REF_TYPE") == "branch" && t.Branch == w.Getenv("GITHUB_REF_NAME"):
		return "input-code-branch" // the file would be committed among the code
	}
	return ""
}

// hasCredential reports whether a text that will be printed and sent contains one of
// the credentials: rotate-to takes a secret's name, and pasting its value is an easy
// slip. GitHub ignores the case of names.
func (r *reader) hasCredential(text string) bool {
	return slices.ContainsFunc([]string{"client-secret", "refresh-token", "github-token"}, func(name string) bool {
		value := r.Text(name)
		return secret.MayHold(value) && strings.Contains(strings.ToLower(text), strings.ToLower(value))
	})
}
