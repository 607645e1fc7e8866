package provider

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"strava-token/internal/secret"
	"strava-token/internal/store"
	"strava-token/internal/strava"
	"strava-token/internal/words"
)

// TestEveryFailureIsToldInFull: whatever a run finds words for by what it knows
// brings all their blanks.
func TestEveryFailureIsToldInFull(t *testing.T) {
	t.Parallel()
	told := map[string]bool{}
	for _, err := range slices.Concat(ofTargets(), ofProofs()) {
		n := err.(words.Speaker).Note()
		told[n.ID] = true
		if missing := words.Missing(n); missing != nil {
			t.Errorf("%s has no %v", n.ID, missing)
		}
	}
	for id := range strings.FieldsSeq(`
		input-missing-refresh-token run-no-candidate run-empty-refresh-token
		run-not-kept run-not-kept-yet run-not-kept-unsealed run-unread run-unread-unsealed
		run-no-target run-no-target-unsealed run-handed-over run-handed-over-sealed
		run-wrong-athlete run-wrong-athlete-sealed run-wrong-athlete-lost run-holder-of-another run-holder-of-another-sealed
		run-scope run-scope-of-the-input run-scope-unchecked run-athlete-unchecked run-unverified`) {
		if !told[id] {
			t.Errorf("nothing said %s", id)
		}
	}
}

// named is a target that does nothing.
type named struct {
	Readable
	name string
}

func (n named) String() string { return n.name }

// ofTargets are the failures that depend on a target, or on what was sealed.
func ofTargets() (all []error) {
	messages, _ := words.IDs()
	for _, name := range []string{"o/r/NAME", "branch:b#alice", "file:/x", "standard output"} {
		readable, writeOnly := &Run{Strava: &strava.Client{}, Readable: named{name: name}}, &Run{WriteOnly: []Target{named{name: name}}}
		all = append(all, readable.noCandidate(nil), writeOnly.noCandidate([]store.Facts{{Exists: true}}), (&Run{}).noCandidate(nil),
			readable.notKept(failedTarget{name, errUnforeseen}, plan{catchUp: true}, &Outcome{}))
		for _, text := range []string{"", "sealed"} {
			s := &sealer{run: writeOnly, text: text}
			s.take(issued{})
			all = append(all, s.unread(checked{}, false).Failures[0],
				writeOnly.notKept(failedTarget{name, errUnforeseen}, plan{}, &Outcome{Recovery: text}))
			for _, other := range []bool{true, false} {
				o := &Outcome{Recovery: text, Rotated: other}
				o.haveNoTarget(other)
				o.wrongAthlete(words.Blanks{"want": 1, "got": 2, "target": ""})
				o.wrongAthlete(words.Blanks{"want": 1, "got": 2, "target": name})
				all = append(append(all, o.Failures...), o.Warnings...)
			}
		}
		for _, id := range messages {
			if strings.HasPrefix(id, "stale-") {
				all = append(all, readable.stale(id, name, time.Now()), readable.stale(id, "", time.Time{}))
			}
		}
	}
	return all
}

// ofProofs are those that depend on what the API said.
func ofProofs() (all []error) {
	run := &Run{Verify: true, RequireScopes: []string{"activity:read"}, Readable: named{name: "branch:b"}}
	i := issued{token: strava.Token{AccessToken: secret.New("a")}}
	login := issued{token: i.token, from: candidate{origin: fromNewLogin}, rival: store.Held{RefreshToken: secret.New("b")}}
	for _, err := range []error{errors.New("no answer"), &strava.Error{Kind: strava.Outage}, &strava.Error{Kind: strava.ScopeMissing}} {
		for _, run.ExpectedAthlete = range []int64{0, 1} {
			for _, i := range []issued{i, login} {
				v := run.judge(i, proof{athleteErr: err, activitiesErr: err})
				all = append(append(all, v.failures...), v.warnings...)
			}
		}
	}
	return all
}
