package provider_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"strava-token/internal/provider"
	"strava-token/internal/recovery"
	"strava-token/internal/sandbox"
	"strava-token/internal/secret"
	"strava-token/internal/store"
)

// atFirstWrite calls f before the first write to the branch.
func (w *world) atFirstWrite(f func()) { w.at("put-content", f) }

// documentOf is document for another athlete.
func (w *world) documentOf(athlete int64, refresh string) string {
	w.t.Helper()
	before := w.server.File(branchName, "refresh-token.txt")
	w.begin()
	target := w.run.Readable
	if _, err := target.Check(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
	if err := target.Store(w.t.Context(), store.Record{RefreshToken: secret.New(refresh), AthleteID: athlete}); err != nil {
		w.t.Fatal(err)
	}
	document := w.server.File(branchName, "refresh-token.txt")
	w.server.SetFile(branchName, "refresh-token.txt", before)
	return document
}

// opened is what the recovery text holds, or "".
func (w *world) opened() string {
	c, err := recovery.Open(w.rep.sealed, w.run.Strava.ClientSecret)
	if err != nil {
		return ""
	}
	return c.RefreshToken.Reveal()
}

// wantSomewhere asserts that a refresh token that lives is on the branch or in
// the recovery text.
func (w *world) wantSomewhere() {
	w.t.Helper()
	if !w.server.Lives(w.server.Held(branchName)) && !w.server.Lives(w.opened()) {
		w.t.Errorf("no living refresh token is on the branch or in the recovery text\n%s", w.server.Journal())
	}
}

// TestACancelledRunLeavesTheWinnersTokenAlone: there might be no time to keep
// what refreshing with it would bring.
func TestACancelledRunLeavesTheWinnersTokenAlone(t *testing.T) {
	t.Parallel()
	for _, lingers := range []time.Duration{10 * time.Millisecond, 6 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, sandbox.Knobs{Rotation: sandbox.RotateAlways})
			w.wantStatus(w.do(w.server.LiveRefreshToken()), provider.Done)
			document := w.document(w.server.Connect(sandbox.AthleteID))
			before := w.tokenRequests()
			ctx, cancel := context.WithCancel(t.Context())
			w.atFirstWrite(func() {
				w.server.SetFile(branchName, "refresh-token.txt", document)
				cancel()
				time.Sleep(lingers)
			})
			w.server.Fail(sandbox.Fault{Call: "put-content", Kind: sandbox.FaultStatus, Status: 503, Skip: 1})
			w.begin()
			w.run.Input = secret.Value{}
			w.wantStatus(w.run.Do(ctx), provider.NotKept)
			if got := w.tokenRequests() - before; got != 1 {
				t.Errorf("token requests: got %d, want 1", got)
			}
			w.wantSomewhere()
		})
	}
}

// TestWhatIsSealedIsTheNewest: a token that was adopted after another one was
// sealed is sealed, too.
func TestWhatIsSealedIsTheNewest(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, sandbox.Knobs{Rotation: sandbox.RotateAlways})
		w.wantStatus(w.do(w.server.LiveRefreshToken()), provider.Done)
		document := w.document(w.server.Connect(sandbox.AthleteID))
		w.atFirstWrite(func() { w.server.SetFile(branchName, "refresh-token.txt", document) })
		w.server.Fail(sandbox.Fault{Call: "put-content", Kind: sandbox.FaultStatus, Status: 503, Skip: 1})
		o := w.do("")
		w.wantStatus(o, provider.NotKept)
		if w.opened() != o.Token.RefreshToken.Reveal() {
			t.Error("the recovery text does not hold the token that was adopted")
		}
		w.wantSomewhere()
	})
}

// TestRememberingAnInputSpendsNothing, even if another run writes meanwhile.
func TestRememberingAnInputSpendsNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, sandbox.Knobs{})
		w.wantStatus(w.do(w.server.LiveRefreshToken()), provider.Done)
		document := w.document(w.server.Connect(sandbox.AthleteID))
		w.atFirstWrite(func() {
			w.server.SetFile(branchName, "refresh-token.txt", document)
			w.server.Set(func(k *sandbox.Knobs) { k.Rotation = sandbox.RotateAlways })
		})
		before := w.tokenRequests()
		w.wantStatus(w.do("00000000000000000000000000000000000000aa"), provider.Done)
		if got := w.tokenRequests() - before; got != 2 {
			t.Errorf("token requests: got %d, want 2: the dead input, and what was stored", got)
		}
		w.wantSomewhere()
	})
}

// TestAnotherAthletesTokenIsNotAdopted, whether or not somebody is expected.
func TestAnotherAthletesTokenIsNotAdopted(t *testing.T) {
	t.Parallel()
	for _, expected := range []int64{0, sandbox.AthleteID} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, sandbox.Knobs{Rotation: sandbox.RotateAlways})
			w.wantStatus(w.do(w.server.LiveRefreshToken()), provider.Done)
			document := w.documentOf(42, w.server.Connect(42))
			w.atFirstWrite(func() { w.server.SetFile(branchName, "refresh-token.txt", document) })
			w.run.ExpectedAthlete = expected
			o := w.do("")
			w.wantStatus(o, provider.NotKept)
			if id, err := w.run.Strava.Athlete(t.Context(), o.Token.AccessToken); err != nil || id != sandbox.AthleteID {
				t.Errorf("the access token belongs to %d (%v)", id, err)
			}
			if !w.server.Lives(w.opened()) {
				t.Error("the recovery text does not hold a living token")
			}
		})
	}
}

// TestALoginWinsARace against a run that writes the successor of the token from
// before.
func TestALoginWinsARace(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, sandbox.Knobs{Rotation: sandbox.RotateAlways})
		w.wantStatus(w.do(w.server.LiveRefreshToken()), provider.Done)
		document := w.document(w.server.Connect(sandbox.AthleteID))
		login := w.server.Connect(sandbox.AthleteID)
		w.atFirstWrite(func() { w.server.SetFile(branchName, "refresh-token.txt", document) })
		before := w.tokenRequests()
		o := w.do(login)
		w.wantStatus(o, provider.Done)
		w.wantHeld(o.Token.RefreshToken.Reveal())
		if got := w.tokenRequests() - before; got != 2 {
			t.Errorf("token requests: got %d, want 2: the login, and whether it still lives", got)
		}
		if !w.server.Lives(o.Token.AccessToken.Reveal()) {
			t.Error("the access token does not work")
		}
	})
}

// TestWaitingForOthersEnds if GitHub stalls after Strava's refusal.
func TestWaitingForOthersEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, sandbox.Knobs{})
		w.wantStatus(w.do(w.server.LiveRefreshToken()), provider.Done)
		w.server.Replace()
		w.server.Notify(func(call string) {
			if call == "token" {
				w.server.Fail(sandbox.Fault{Call: "content", Kind: sandbox.FaultStall})
			}
		})
		began := time.Now()
		w.wantStatus(w.do(""), provider.Failed)
		if took := time.Since(began); took > time.Minute { // of the fake clock
			t.Errorf("the run took %s", took)
		}
	})
}

// TestASecretBesideABranchIsMended by the next run, where it could not be written.
func TestASecretBesideABranchIsMended(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, sandbox.Knobs{Rotation: sandbox.RotateAlways})
		input := secret.New(w.server.LiveRefreshToken())
		beside := &memory{name: "beside", store: func(secret.Value) error { return context.DeadlineExceeded }, token: input}
		do := func() *provider.Outcome {
			w.begin()
			w.run.Input = beside.token
			w.run.WriteOnly = []provider.Target{beside}
			return w.run.Do(t.Context())
		}
		w.wantStatus(do(), provider.NotKept)
		w.server.Set(func(k *sandbox.Knobs) { k.Rotation = sandbox.RotateNever })
		// As long as it cannot be written nothing new is at stake.
		o := do()
		w.wantStatus(o, provider.Failed)
		wantFailure(t, o, "run-not-kept-yet")
		if w.rep.sealed != "" {
			t.Error("it was sealed")
		}
		beside.store = nil
		w.wantStatus(do(), provider.Done)
		if !w.server.Lives(beside.token.Reveal()) {
			t.Error("the secret still holds a dead token")
		}
		commits, _ := w.server.Commits(branchName)
		beside.store = func(secret.Value) error { t.Error("an unchanged token was written"); return nil }
		w.wantStatus(do(), provider.Done)
		if again, _ := w.server.Commits(branchName); again != commits {
			t.Errorf("commits: got %d, want %d", again, commits)
		}
	})
}

// TestNoTokenRequestWithoutTimeForItsAnswer if others are always faster.
func TestNoTokenRequestWithoutTimeForItsAnswer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, sandbox.Knobs{Rotation: sandbox.RotateAlways})
		w.wantStatus(w.do(w.server.LiveRefreshToken()), provider.Done)
		documents := []string{
			w.document("00000000000000000000000000000000000000d1"), w.document("00000000000000000000000000000000000000d2"),
			w.document("00000000000000000000000000000000000000d3"), w.document(w.server.LiveRefreshToken()),
		}
		w.server.SetFile(branchName, "refresh-token.txt", documents[0])
		w.server.Set(func(k *sandbox.Knobs) { k.Latency = 7 * time.Second })
		began := time.Now()
		w.server.Notify(func(call string) {
			if call != "token" {
				return
			}
			if late := time.Since(began); late > 30*time.Second { // of the fake clock; the answer may take ten
				t.Errorf("a token request after %s", late)
			}
			if len(documents) > 1 {
				documents = documents[1:]
				w.server.SetFile(branchName, "refresh-token.txt", documents[0])
			}
		})
		w.wantStatus(w.do(""), provider.Failed)
	})
}

// TestAWeakerInputDoesNotReplaceAStoredToken: the one on Strava's settings page
// may read nothing but the profile.
func TestAWeakerInputDoesNotReplaceAStoredToken(t *testing.T) {
	t.Parallel()
	for rotation, want := range map[sandbox.Rotation]provider.Status{
		sandbox.RotateNever: provider.Failed, sandbox.RotateAlways: provider.NotKept,
	} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, sandbox.Knobs{Rotation: rotation})
			w.wantStatus(w.do(w.server.LiveRefreshToken()), provider.Done)
			stored := w.server.Held(branchName)
			w.server.Set(func(k *sandbox.Knobs) { k.Scopes = []string{"read"} })
			weak := w.server.Connect(sandbox.AthleteID)
			w.run.RequireScopes = []string{"activity:read_all"}
			o := w.do(weak)
			w.wantStatus(o, want)
			w.wantHeld(stored)
			if sealed := w.rep.sealed != ""; sealed != (want == provider.NotKept) || o.Export == provider.ExportAll {
				t.Errorf("sealed %t, export %d", sealed, o.Export)
			}
			// Without the input the stored one is used.
			w.wantStatus(w.do(""), provider.Done)
		})
	}
}
