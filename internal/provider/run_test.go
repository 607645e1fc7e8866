package provider_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"strava-token/internal/check"
	"strava-token/internal/provider"
	"strava-token/internal/sandbox"
	"strava-token/internal/secret"
)

// spoils is what may go wrong in a run without a target.
var spoils = map[string]func(*world){
	"nothing": func(*world) {},
	"cancelled": func(w *world) {
		w.Set(func(k *sandbox.Knobs) { k.Latency = time.Second })
		time.AfterFunc(500*time.Millisecond, w.cancel)
	},
	"not masked":               func(w *world) { w.rep.deaf = true },
	"another athlete":          func(w *world) { w.run.ExpectedAthlete = 42 },
	"unreadable recovery text": func(w *world) { w.rep.mislaid = true },
}

// TestANewTokenIsSomewhereOrTheStatusSaysSo crosses everything that decides
// where a new refresh token is when no target is given.
func TestANewTokenIsSomewhereOrTheStatusSaysSo(t *testing.T) {
	said := map[[2]bool]string{ // sealed, in an output
		{false, false}: "run-no-target-unsealed", {true, false}: "run-no-target",
		{false, true}: "run-handed-over", {true, true}: "run-handed-over-sealed",
	}
	var stories []story
	for spoil, happen := range spoils {
		for n := range 4 {
			recovery, handed := n&1 != 0, n&2 != 0
			stories = append(stories, story{fmt.Sprintf("%s, recovery %t, handed over %t", spoil, recovery, handed), always, func(w *world) {
				w.noBranch, w.run.Recovery, w.run.HandedOver = true, recovery, handed
				happen(w)
				o := w.do(w.LiveRefreshToken())
				inOutput, sealed := handed && o.Export > provider.ExportNone, w.rep.sealed != ""
				if sealed {
					check.Equal(w.t, w.opened().RefreshToken.Reveal(), w.LiveRefreshToken(), "the recovery text's token")
				}
				check.That(w.t, sealed || inOutput || o.Status() == provider.NotKept, "the token is nowhere, and the status is %d", o.Status())
				for _, err := range append(o.Warnings, o.Failures...) {
					if id := says(err); strings.HasPrefix(id, "run-no-target") || strings.HasPrefix(id, "run-handed-over") {
						check.Equal(w.t, id, said[[2]bool{sealed, inOutput}], "said")
					}
				}
			}})
		}
	}
	play(t, stories...)
}

// TestWithoutABranch: runs that only write, or keep nothing.
func TestWithoutABranch(t *testing.T) {
	play(t,
		story{"a mistake in one target doesn't stop the others", always, func(w *world) {
			w.noBranch = true
			good := &memory{name: "good"}
			bad := &memory{name: "bad", store: func(v secret.Value) error { panic(v.Reveal()) }}
			w.begin()
			w.run.Input, w.run.WriteOnly = secret.New(w.LiveRefreshToken()), []provider.Target{bad, good}
			o := w.run.Do(w.ctx)
			w.want(o, provider.NotKept)
			check.That(w.t, good.token.Reveal() == w.LiveRefreshToken() && w.rep.sealed != "", "kept in %v, sealed %t", o.Kept, w.rep.sealed != "")
			for _, err := range o.Failures {
				check.That(w.t, !strings.Contains(err.Error(), w.LiveRefreshToken()), "the error quotes the panic")
			}
		}},
		story{"that it couldn't be sealed is said", sandbox.Knobs{Rotation: sandbox.RotateAlways, App: sandbox.App{Secret: dead[:20]}}, func(w *world) {
			w.noBranch = true
			o := w.do(w.LiveRefreshToken())
			w.want(o, provider.NotKept, "run-no-target-unsealed")
			check.That(w.t, len(o.Warnings) == 1 && says(o.Warnings[0]) == "run-not-sealed", "warned of %v", o.Warnings)
		}},
		story{"of several recovery texts the newest that lives is kept", sandbox.Knobs{}, func(w *world) {
			w.noBranch, w.beside = true, &memory{name: "target"}
			living := secret.New(w.LiveRefreshToken())
			w.run.Recovered = []secret.Value{secret.New(dead), living, secret.New(dead[1:] + "1")}
			w.want(w.do(""), provider.Done)
			check.That(w.t, w.beside.token.Equal(living), "the living one isn't kept")
			w.asked(2)
		}},
		story{"only \"invalid\" leads to the next one", sandbox.Knobs{}, func(w *world) {
			w.noBranch = true
			w.run.Recovered = []secret.Value{secret.New(dead), secret.New(w.LiveRefreshToken())}
			w.refuse("token", 429, 0)
			w.want(w.do(""), provider.Failed)
			w.asked(1)
		}},
		story{"that an answer was lost is said, even if older ones are refused after it", always, func(w *world) {
			w.noBranch = true
			w.run.Recovered = []secret.Value{secret.New(w.LiveRefreshToken()), secret.New(dead)}
			w.Fail(sandbox.Fault{Call: "token", Kind: sandbox.FaultCutAfter, Times: 1})
			w.want(w.do(""), provider.Failed, "strava-answer-lost")
		}},
		// There might be no time for its answer.
		story{"a cancelled run sends no further token request", sandbox.Knobs{Rotation: sandbox.RotateAlways, Latency: 2 * time.Second}, func(w *world) {
			w.noBranch = true
			w.refuse("token", 503, 0)
			time.AfterFunc(time.Second, w.cancel)
			w.want(w.do(w.LiveRefreshToken()), provider.Failed)
			w.asked(1)
		}},
		story{"a panic seals what was issued, and the token isn't kept", always, func(w *world) {
			w.noBranch, w.rep.clumsy = true, true
			o := w.do(w.LiveRefreshToken())
			w.want(o, provider.NotKept, "")
			check.That(w.t, o.Export == provider.ExportNone, "export %d", o.Export)
			check.Equal(w.t, w.opened().RefreshToken.Reveal(), w.LiveRefreshToken(), "the recovery text's token")
		}},
	)
}
