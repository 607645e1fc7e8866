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

// TestEveryMessageIsToldInFull: whatever a run says brings all the blanks that its
// words have, in every state that has words of its own.
func TestEveryMessageIsToldInFull(t *testing.T) {
	t.Parallel()
	all := slices.Concat(ofTargets(), ofProofs(), ofEnds(), []error{errCancelled, errCancelledRefused, errCancelledLate})
	told := map[string]bool{}
	for _, err := range all {
		n := err.(words.Speaker).Note()
		told[n.ID] = true
		if missing := words.Missing(n); missing != nil {
			t.Errorf("%s has no %v", n.ID, missing)
		}
	}
	messages, _ := words.IDs()
	for _, id := range messages {
		others := slices.Contains([]string{"run-not-masked", "run-odd-answer", "run-unexportable", "run-internal", "run-wrong-holder", "run-not-sealed"}, id)
		mine := strings.HasPrefix(id, "run-") && !strings.HasPrefix(id, "run-authorize") || strings.HasPrefix(id, "stale-")
		if mine && !others && !told[id] {
			t.Errorf("nothing said %s", id)
		}
	}
}

type target struct {
	Readable
	name string
}

func (n target) String() string { return n.name }

func ofTargets() (all []error) {
	for _, name := range []string{"o/r/NAME", "branch:b#alice", "file:/x", "standard output"} {
		for _, r := range []*Run{{}, {Readable: target{name: name}}, {WriteOnly: []Target{target{name: name}}}} {
			all = append(all, r.noCandidate([]store.Facts{{Exists: true}}[:len(r.WriteOnly)]))
			for _, sealed := range []string{"", "text"} {
				for _, catchUp := range []bool{true, false} {
					all = append(all, r.notKept(failedTarget{name, errUnforeseen}, plan{catchUp: catchUp}, &Outcome{Recovery: sealed}))
				}
			}
			s := &sealer{run: r}
			s.take(issued{})
			all = append(all, s.unread(checked{}, false).Failures...)
			s.text = "text"
			all = append(all, s.unread(checked{}, false).Failures...)
		}
		r := &Run{Input: secret.New("***")}
		messages, _ := words.IDs()
		for _, id := range messages {
			if strings.HasPrefix(id, "stale-") {
				all = append(all, r.stale(id, name, time.Now()), r.stale(id, "", time.Time{}))
			}
		}
		all = append(all, WarnOfExpiry(target{name: name}, store.Facts{TokenExpires: time.Now()}))
	}
	return all
}

func ofProofs() (all []error) {
	run := &Run{ExpectedAthlete: 1, Verify: true, RequireScopes: []string{"activity:read"}, Readable: target{name: "branch:b"}}
	token := strava.Token{AccessToken: secret.New("a")}
	login := issued{token: token, from: candidate{origin: fromNewLogin}, rival: store.Held{RefreshToken: secret.New("b")}}
	missing := &strava.Error{Kind: strava.ScopeMissing}
	for _, err := range []error{errors.New("no answer"), &strava.Error{Kind: strava.Outage}} {
		for _, expected := range []int64{0, 1} {
			run.ExpectedAthlete = expected
			for _, i := range []issued{{token: token}, login} {
				for _, p := range []proof{{athleteErr: err, activitiesErr: err}, {athleteErr: err, activitiesErr: missing}} {
					v := run.judge(i, p)
					all = append(append(all, v.failures...), v.warnings...)
				}
			}
		}
	}
	return all
}

func ofEnds() (all []error) {
	for _, one := range []bool{false, true} {
		for _, other := range []bool{false, true} {
			all = append(all, noTarget(one, other))
			for _, holder := range []string{"", "branch:b"} {
				all = append(all, wrongAthlete{want: 1, got: 2, holder: holder}.failure(one, other))
			}
		}
	}
	return all
}
