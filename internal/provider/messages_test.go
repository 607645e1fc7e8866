package provider

import (
	"errors"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"strava-token/docs"
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
		for name := range n.Blanks {
			n.Blanks[name] = "x" // so that no sentence is left out
		}
		for _, v := range []words.Voice{{Step: true}, {}} {
			if m := v.Explain(&words.Failure{ID: n.ID, Blanks: n.Blanks})[0]; m.ID != n.ID || strings.Contains(m.Text(), "<") {
				t.Errorf("%s has a blank that nothing fills in: %s", n.ID, m.Text())
			}
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
	stale := regexp.MustCompile(`<a id="(stale-[a-z-]+)"`).FindAllStringSubmatch(docs.Troubleshooting, -1)
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
		for _, id := range stale {
			all = append(all, readable.stale(id[1], name, time.Now()), readable.stale(id[1], "", time.Time{}))
		}
	}
	return all
}

// ofProofs are those that depend on what the API said.
func ofProofs() (all []error) {
	run := &Run{Verify: true, RequireScopes: []string{"activity:read"}, Readable: named{name: "branch:b"}}
	i := issued{token: strava.Token{AccessToken: secret.New("a")}}
	login := issued{token: i.token, from: candidate{origin: fromNewLogin}, rival: store.Held{Record: store.Record{RefreshToken: secret.New("b")}}}
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
