package cli

import (
	"cmp"
	"slices"
	"strings"

	"strava-token/internal/input"
	"strava-token/internal/recovery"
	"strava-token/internal/secret"
	"strava-token/internal/store"
	"strava-token/internal/words"
)

// openedText is what a recovery text contains, and the file that it was left in, if it was.
type openedText struct {
	recovery.Content
	file string
}

// openAll opens the texts that it can, newest first, and keeps those of one app. If there
// are none, the error is that of the newest.
func (r *recovering) openAll(texts []string, clientSecret secret.Value) (opened []openedText, err error) {
	for _, text := range slices.Backward(texts) {
		content, refused := recovery.Open(text, clientSecret)
		err = cmp.Or(err, refused)
		if refused == nil && (len(opened) == 0 || content.ClientID == opened[0].ClientID) {
			opened = append(opened, openedText{content, r.files[text]})
		}
	}
	return opened, err
}

// ofOneAthlete returns the texts, or those for one of the targets if the log has tokens of
// several athletes.
func ofOneAthlete(opened []openedText, targets []store.Target) ([]openedText, error) {
	if !haveSeveral(opened) {
		return opened, nil
	}
	meant := slices.DeleteFunc(slices.Clone(opened), func(text openedText) bool {
		return !slices.ContainsFunc(targets, func(t store.Target) bool { return shareOne(text.Targets, []string{t.String()}) })
	})
	if len(meant) == 0 || haveSeveral(meant) {
		return nil, input.Misuse("recover-several-athletes", words.Blanks{"targets": targetsOf(opened)})
	}
	return meant, nil
}

// haveSeveral reports whether two texts may belong to different athletes. If one of them
// doesn't name its athlete, the targets tell: the same target has the same athlete.
func haveSeveral(opened []openedText) bool {
	for i, a := range opened {
		for _, b := range opened[:i] {
			known := a.AthleteID != 0 && b.AthleteID != 0
			related := shareOne(a.Targets, b.Targets) || len(a.Targets)+len(b.Targets) == 0
			if known && a.AthleteID != b.AthleteID || !known && !related {
				return true
			}
		}
	}
	return false
}

func shareOne(a, b []string) bool {
	return slices.ContainsFunc(a, func(name string) bool {
		return slices.ContainsFunc(b, func(other string) bool { return strings.EqualFold(name, other) })
	})
}

func targetsOf(opened []openedText) (all []string) {
	for _, text := range opened {
		all = append(all, text.Targets...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}
