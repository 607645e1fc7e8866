package cli

import (
	"cmp"
	"slices"
	"strings"

	"strava-token/internal/recovery"
	"strava-token/internal/secret"
	"strava-token/internal/store"
)

// openAll opens the texts that it can, newest first, and keeps those of one app.
func (r *recovering) openAll(texts []string, clientSecret secret.Value) ([]recovery.Content, error) {
	var opened []recovery.Content
	var refused error
	for _, text := range slices.Backward(texts) {
		c, err := recovery.Open(text, clientSecret)
		if err != nil {
			refused = cmp.Or(refused, err)
			continue
		}
		if file := r.files[text]; file != "" {
			c.Files = []string{file}
		}
		known := slices.IndexFunc(opened, func(o recovery.Content) bool {
			return len(o.Unread)+len(c.Unread) == 0 && o.RefreshToken.Equal(c.RefreshToken)
		})
		switch {
		case known >= 0:
			opened[known].Files = append(opened[known].Files, c.Files...)
		case len(opened) == 0 || c.ClientID == opened[0].ClientID:
			opened = append(opened, c)
		}
	}
	if len(opened) == 0 {
		return nil, refused
	}
	return opened, nil
}

// meantFor returns the texts meant for one of targets, or all if none was:
// one log may have the tokens of several athletes, each with its own target.
func meantFor(opened []recovery.Content, targets []store.Target) []recovery.Content {
	var names []string
	for _, t := range targets {
		names = append(names, t.String())
	}
	meant := slices.DeleteFunc(slices.Clone(opened), func(c recovery.Content) bool { return !shareOne(c.Targets, names) })
	if len(meant) == 0 {
		return opened
	}
	return meant
}

// athletes counts the athletes that these tokens belong to. If a text doesn't name one,
// the targets tell: texts that share a target belong to the same athlete.
func athletes(opened []recovery.Content) int {
	var found []recovery.Content
	for _, c := range opened {
		var others []recovery.Content
		for _, known := range found {
			if !sameAthlete(known, c) {
				others = append(others, known)
				continue
			}
			c.AthleteID = max(c.AthleteID, known.AthleteID) // one of them may be unknown
			c.Targets = slices.Concat(known.Targets, c.Targets)
		}
		found = append(others, c)
	}
	return len(found)
}

func sameAthlete(a, b recovery.Content) bool {
	if a.AthleteID != 0 && b.AthleteID != 0 {
		return a.AthleteID == b.AthleteID
	}
	return len(a.Targets)+len(b.Targets) == 0 || shareOne(a.Targets, b.Targets)
}

// shareOne reports whether two lists name the same target.
func shareOne(a, b []string) bool {
	return slices.ContainsFunc(a, func(name string) bool {
		return slices.ContainsFunc(b, func(other string) bool { return strings.EqualFold(name, other) })
	})
}

func refreshTokens(opened []recovery.Content) (tokens []secret.Value) {
	for _, c := range opened {
		tokens = append(tokens, c.Tokens()...)
	}
	return tokens
}

// namedTargets returns the targets that texts name, each once.
func namedTargets(opened ...recovery.Content) []string {
	var all []string
	for _, c := range opened {
		for _, target := range c.Targets {
			if !slices.Contains(all, target) {
				all = append(all, target)
			}
		}
	}
	return all
}
