package input

import (
	"slices"
	"strings"

	"strava-token/internal/secret"
	"strava-token/internal/store"
)

// targets reads rotate-to, and reports targets that name the same place.
// repository is for a target without one.
func (r *reader) targets(repository string) []store.Target {
	const name = "rotate-to"
	lines := r.Lines(name)
	if r.hasCredential(strings.Join(lines, "\n")) {
		r.problem(name, Fault(store.Credential), "")
		return nil
	}
	var targets []store.Target
	seen := map[string]bool{}
	for _, line := range lines {
		text := strings.TrimSpace(line)
		if text == "" {
			r.problem(name, Fault(secret.Missing), "")
			continue
		}
		t, err := store.Parse(text, repository)
		r.readable = r.readable || store.LooksReadable(text)
		if fault := r.objection(t, err, targets, seen); fault != "" {
			r.problem(name, fault, secret.Quotable(text))
			continue
		}
		seen[t.Key()] = true
		targets = append(targets, t)
	}
	return targets
}

// objection returns what is wrong with a target, or "".
func (r *reader) objection(t store.Target, err error, before []store.Target, seen map[string]bool) Fault {
	switch {
	case err != nil:
		return Fault(err.(store.TargetFault))
	case seen[t.Key()]:
		return FaultDoubledTarget
	case t.Readable() && slices.ContainsFunc(before, store.Target.Readable):
		return FaultTwoStores
	}
	return r.step().objection(t)
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
