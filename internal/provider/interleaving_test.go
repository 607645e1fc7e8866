package provider_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"strava-token/internal/provider"
	"strava-token/internal/sandbox"
	"strava-token/internal/secret"
	"strava-token/internal/store"
)

const documentPath = "refresh-token.txt"

// fresh makes a document, and leaves no branch behind.
func (w *world) fresh(r store.Record) string {
	w.begin()
	target := w.run.Readable
	if _, err := target.Check(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
	if err := target.Store(w.t.Context(), r); err != nil {
		w.t.Fatal(err)
	}
	d := w.server.File(branchName, documentPath)
	w.server.DeleteBranch(branchName)
	return d
}

// at calls f at the first call of a name.
func (w *world) at(call string, f func()) {
	done := false
	w.server.Notify(func(c string) {
		if c == call && !done {
			done = true
			f()
		}
	})
}

// TestTwoAthletesOnOneBranch: the second of two that begin at once is refused, as it is later.
func TestTwoAthletesOnOneBranch(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, sandbox.Knobs{Rotation: sandbox.RotateAlways})
		other := w.server.Connect(42)
		d := w.fresh(store.Record{RefreshToken: secret.New(other), AthleteID: 42, Input: secret.New("00000000000000000000000000000000000000b1")})
		w.at("ref", func() { w.server.SetFile(branchName, documentPath, d) })
		o := w.do(w.server.Connect(sandbox.AthleteID))
		if w.server.Held(branchName) != other {
			t.Errorf("athlete 42's living token was written over; status %d, failures %v, lives %t", o.Status(), o.Failures, w.server.Lives(other))
		}
	})
}

// TestASecretIsNotOlderThanTheBranch: if another run writes both meanwhile.
func TestASecretIsNotOlderThanTheBranch(t *testing.T) {
	t.Parallel()
	for name, seen := range map[string]bool{"remembers": false, "saw it": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, sandbox.Knobs{})
				w.wantStatus(w.do(w.server.LiveRefreshToken()), provider.Done)
				old := w.server.Held(branchName)
				const dead = "00000000000000000000000000000000000000aa"
				if seen {
					w.wantStatus(w.do(dead), provider.Done)
				}
				newer := w.server.Connect(sandbox.AthleteID)
				d := w.document(newer)
				call := "put-content"
				if seen {
					call = "token"
				}
				w.at(call, func() { w.server.SetFile(branchName, documentPath, d) })
				beside := &memory{name: "beside", token: secret.New(newer)} // the other run wrote it, too
				w.begin()
				w.run.Input = secret.New(dead)
				w.run.WriteOnly = []provider.Target{beside}
				o := w.run.Do(t.Context())
				if beside.token.Reveal() == old {
					t.Errorf("seen %t: the secret holds the older token, the branch the newer (%t); status %d", seen, w.server.Held(branchName) == newer, o.Status())
				}
			})
		})
	}
}

// TestAnAdoptedTokenIsJudged: by its own scopes.
func TestAnAdoptedTokenIsJudged(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, sandbox.Knobs{Rotation: sandbox.RotateAlways})
		w.wantStatus(w.do(w.server.LiveRefreshToken()), provider.Done)
		w.server.Set(func(k *sandbox.Knobs) { k.Scopes = []string{"read"} })
		d := w.document(w.server.Connect(sandbox.AthleteID))
		w.atFirstWrite(func() { w.server.SetFile(branchName, documentPath, d) })
		w.run.ExpectedAthlete = sandbox.AthleteID
		w.run.RequireScopes = []string{"activity:read_all"}
		o := w.do("")
		if o.Export == provider.ExportAll {
			t.Errorf("exported a token with scope %v (outcome says %v), status %d", o.Token.Scope, o.Scope, o.Status())
		}
	})
}

// TestNothingIsSaidToBeLeftThatWasWritten: if the branch held nothing.
func TestNothingIsSaidToBeLeftThatWasWritten(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, sandbox.Knobs{Rotation: sandbox.RotateAlways, Scopes: []string{"read"}})
		w.run.Verify = false
		w.run.RequireScopes = []string{"activity:read_all"}
		o := w.do(w.server.Connect(sandbox.AthleteID))
		if len(o.Kept) != 1 {
			t.Errorf("kept in %v", o.Kept)
		}
		wantFailure(t, o, "run-scope") // and not run-scope-of-the-input
	})
}

// TestAnAdoptedTokenIsSealed: although what was passed came back unchanged.
func TestAnAdoptedTokenIsSealed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, sandbox.Knobs{Scopes: []string{"read"}})
		input := w.server.Connect(sandbox.AthleteID)
		theirs := w.server.Connect(sandbox.AthleteID)
		d := w.fresh(store.Record{RefreshToken: secret.New(theirs), AthleteID: sandbox.AthleteID, Input: secret.New(input)})
		w.at("ref", func() {
			w.server.SetFile(branchName, documentPath, d)
			w.server.Set(func(k *sandbox.Knobs) { k.Rotation = sandbox.RotateAlways })
		})
		w.server.Fail(sandbox.Fault{Call: "put-content", Kind: sandbox.FaultStatus, Status: 503})
		w.run.Verify = false
		w.run.RequireScopes = []string{"activity:read_all"}
		o := w.do(input)
		if w.rep.sealed == "" || o.Status() != provider.NotKept {
			t.Errorf("adopted and rotated: sealed %t, status %d, branch lives %t, %v", w.rep.sealed != "", o.Status(), w.server.Lives(w.server.Held(branchName)), o.Failures)
		}
	})
}

// TestABranchThatAppearsDuringTheCheck: is written like one that was there.
func TestABranchThatAppearsDuringTheCheck(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, sandbox.Knobs{Rotation: sandbox.RotateAlways})
		d := w.fresh(store.Record{RefreshToken: secret.New("0000000000000000000000000000000000000001"), AthleteID: sandbox.AthleteID})
		w.at("content", func() {
			time.Sleep(time.Second)
			w.server.SetFile(branchName, documentPath, d)
		})
		o := w.do(w.server.LiveRefreshToken())
		w.wantStatus(o, provider.Done)
	})
}

// TestACancelledRunDoesNotDenyALostAnswer: when it ends before the next candidate.
func TestACancelledRunDoesNotDenyALostAnswer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, sandbox.Knobs{Rotation: sandbox.RotateAlways})
		w.wantStatus(w.do(w.server.LiveRefreshToken()), provider.Done)
		input := w.server.Connect(sandbox.AthleteID)
		w.server.Fail(sandbox.Fault{Call: "token", Kind: sandbox.FaultCutAfter, Times: 1})
		ctx, cancel := context.WithCancel(t.Context())
		n := 0
		w.server.Notify(func(c string) {
			if c == "token" {
				if n++; n == 2 {
					cancel()
				}
			}
		})
		w.begin()
		w.run.Input = secret.New(input)
		o := w.run.Do(ctx)
		id := says(errors.Join(o.Failures...))
		if (id == "run-cancelled" || id == "run-cancelled-refused") && !w.server.Lives(input) {
			t.Errorf("says that nothing was sent after %d token requests, one of which killed the input", n)
		}
	})
}

// TestAnotherAthletesTokenIsNotTried: if this one's is dead.
func TestAnotherAthletesTokenIsNotTried(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, sandbox.Knobs{Rotation: sandbox.RotateAlways})
		w.wantStatus(w.do(w.server.LiveRefreshToken()), provider.Done)
		other := w.server.Connect(42)
		d := w.documentOf(42, other)
		dead := w.document("00000000000000000000000000000000000000d1")
		w.server.SetFile(branchName, documentPath, dead)
		w.at("token", func() { w.server.SetFile(branchName, documentPath, d) })
		w.run.ExpectedAthlete = sandbox.AthleteID
		o := w.do("")
		if !w.server.Lives(other) {
			t.Errorf("the token of athlete 42 was spent, and the branch holds a dead one; status %d, sealed %t", o.Status(), w.rep.sealed != "")
		}
	})
}

// TestADeadRecoveryTextIsNoSuccess: whatever the branch holds.
func TestADeadRecoveryTextIsNoSuccess(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, sandbox.Knobs{Rotation: sandbox.RotateAlways})
		other := w.server.Connect(42)
		w.wantStatus(w.do(other), provider.Done)
		beside := &memory{name: "beside"}
		w.begin()
		w.run.Input, w.run.Verify = secret.Value{}, false
		w.run.Recovered = []secret.Value{secret.New("00000000000000000000000000000000000000dd")}
		w.run.WriteOnly = []provider.Target{beside}
		o := w.run.Do(t.Context())
		if o.Status() == provider.Done {
			t.Errorf("the text is dead; status 0, kept in %v: athlete 42's token from the branch (beside written: %t)", o.Kept, !beside.token.Empty())
		}
	})
}
