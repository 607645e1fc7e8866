package provider_test

import (
	"errors"
	"net/url"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"strava-token/internal/provider"
	"strava-token/internal/sandbox"
	"strava-token/internal/secret"
	"strava-token/internal/store"
	"strava-token/internal/strava"
	"strava-token/internal/words"
)

const branchName = "strava-token"

// world is a sandbox and the runs against it.
type world struct {
	t      *testing.T
	run    *provider.Run
	server *sandbox.Server
	rep    *reporter
}

// newWorld returns a run that keeps its refresh token on a branch.
func newWorld(t *testing.T, knobs sandbox.Knobs) *world {
	t.Helper()
	run, server, rep := newRun(t, knobs)
	w := &world{t: t, run: run, server: server, rep: rep}
	w.begin()
	return w
}

// begin makes the run a new one, which knows nothing of the last.
func (w *world) begin() {
	base := &url.URL{Scheme: "http", Host: w.run.Strava.URL.Host}
	gh := store.NewGitHub(w.run.Strava.Network, base, secret.New(w.server.BuiltInToken()))
	target, err := store.Parse("branch:"+branchName, sandbox.Repository)
	if err != nil {
		w.t.Fatal(err)
	}
	app := store.App{ClientID: w.run.Strava.ClientID, ClientSecret: w.run.Strava.ClientSecret}
	w.run.Readable, w.run.WriteOnly = store.NewBranch(gh, target, app, sandbox.RepositoryID), nil
	w.rep.sealed = ""
}

// do runs with an input, and returns how it ended.
func (w *world) do(input string) *provider.Outcome {
	w.t.Helper()
	w.begin()
	w.run.Input = secret.New(input)
	return w.run.Do(w.t.Context())
}

func (w *world) wantStatus(o *provider.Outcome, want provider.Status) {
	w.t.Helper()
	if got := o.Status(); got != want {
		w.t.Errorf("status: got %d, want %d: %v", got, want, o.Failures)
	}
}

// wantHeld asserts what the branch keeps.
func (w *world) wantHeld(want string) {
	w.t.Helper()
	if got := w.server.Held(branchName); got != want || !w.server.Lives(got) {
		w.t.Errorf("the branch holds %.8s (lives: %t), want %.8s\n%s", got, w.server.Lives(got), want, w.server.Journal())
	}
}

func (w *world) tokenRequests() int { return w.server.Count("strava", "POST", "/oauth/token") }

func TestTheStoredTokenGoesFirst(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, sandbox.Knobs{Rotation: sandbox.RotateAlways})
		first := w.server.LiveRefreshToken()
		w.wantStatus(w.do(first), provider.Done)
		for range 3 { // re-runs, and runs whose secret was never rotated
			before := w.tokenRequests()
			w.wantStatus(w.do(first), provider.Done)
			if got := w.tokenRequests() - before; got != 1 {
				t.Errorf("token requests: got %d, want 1", got)
			}
			w.wantHeld(w.server.LiveRefreshToken())
		}
		w.wantStatus(w.do(""), provider.Done) // the input may be left out
		w.wantHeld(w.server.LiveRefreshToken())
	})
}

// TestALoginByHandWins, whether or not the token that is stored still lives.
func TestALoginByHandWins(t *testing.T) {
	t.Parallel()
	for _, rotation := range []sandbox.Rotation{sandbox.RotateNever, sandbox.RotateAlways} {
		for _, kills := range []bool{true, false} {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, sandbox.Knobs{Rotation: rotation})
				w.wantStatus(w.do(w.server.LiveRefreshToken()), provider.Done)
				stored := w.server.Held(branchName)
				if kills {
					w.server.Replace()
				}
				login := w.server.Connect(sandbox.AthleteID)
				o := w.do(login)
				w.wantStatus(o, provider.Done)
				if o.Token.RefreshToken.Equal(secret.New(stored)) {
					t.Error("the stored token went first")
				}
				w.wantHeld(o.Token.RefreshToken.Reveal())
				// From now on the new one is the stored one.
				before := w.tokenRequests()
				o = w.do(login)
				w.wantStatus(o, provider.Done)
				w.wantHeld(o.Token.RefreshToken.Reveal())
				if got := w.tokenRequests() - before; got != 1 {
					t.Errorf("token requests: got %d, want 1", got)
				}
			})
		}
	}
}

// TestAnOldInputDoesNotBeatALogin that was stored on the branch alone, not even
// after a re-run of an older run brought yet another one.
func TestAnOldInputDoesNotBeatALogin(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, sandbox.Knobs{})
		configured := w.server.LiveRefreshToken()
		w.wantStatus(w.do(configured), provider.Done)
		login := w.server.Connect(sandbox.AthleteID)
		w.begin()
		if _, err := w.run.Readable.Check(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := w.run.Readable.Store(t.Context(), store.Record{RefreshToken: secret.New(login), AthleteID: sandbox.AthleteID}); err != nil {
			t.Fatal(err)
		}
		for _, input := range []string{configured, "00000000000000000000000000000000000000e5", configured} {
			w.wantStatus(w.do(input), provider.Done)
			w.wantHeld(login)
		}
	})
}

// TestADeadInputIsTriedOnce: the branch remembers it, although its token is
// unchanged.
func TestADeadInputIsTriedOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, sandbox.Knobs{})
		living := w.server.LiveRefreshToken()
		w.wantStatus(w.do(living), provider.Done)
		const dead = "0000000000000000000000000000000000000001"
		for _, want := range []int{2, 1, 1} {
			before := w.tokenRequests()
			w.wantStatus(w.do(dead), provider.Done)
			if got := w.tokenRequests() - before; got != want {
				t.Errorf("token requests: got %d, want %d", got, want)
			}
			w.wantHeld(living)
		}
		if n, _ := w.server.Commits(branchName); n != 2 {
			t.Errorf("commits: got %d, want 2", n)
		}
	})
}

// TestAnotherAthletesTokenIsNotOverwritten, and neither is the new one lost.
func TestAnotherAthletesTokenIsNotOverwritten(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		rotation sandbox.Rotation
		verify   bool
		status   provider.Status
		says     string
	}{
		{sandbox.RotateNever, true, provider.Failed, "run-holder-of-another"},
		{sandbox.RotateAlways, true, provider.NotKept, "run-holder-of-another-sealed"},
		{sandbox.RotateAlways, false, provider.NotKept, "run-holder-of-another-sealed"},
	} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, sandbox.Knobs{Rotation: tt.rotation})
			w.wantStatus(w.do(w.server.LiveRefreshToken()), provider.Done)
			stored := w.server.Held(branchName)
			w.run.Verify = tt.verify
			o := w.do(w.server.Connect(42))
			w.wantStatus(o, tt.status)
			w.wantHeld(stored)
			wantFailure(t, o, tt.says)
			said := o.Failures[0].(words.Speaker).Note().Blanks
			want := words.Blanks{"target": w.run.Readable.String(), "want": int64(sandbox.AthleteID), "got": int64(42), "sealed": said["sealed"]}
			if diff := cmp.Diff(want, said); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			sealed := w.rep.sealed != ""
			if sealed != (tt.status == provider.NotKept) || sealed != (said["sealed"] != words.Sentence("")) || o.Export != provider.ExportNone {
				t.Errorf("sealed %t, told %v, export %d", sealed, said["sealed"], o.Export)
			}
		})
	}
	// With an expected athlete it is found before anything is spent.
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, sandbox.Knobs{Rotation: sandbox.RotateAlways})
		w.wantStatus(w.do(w.server.LiveRefreshToken()), provider.Done)
		before := w.tokenRequests()
		w.run.ExpectedAthlete = 42
		o := w.do("")
		w.wantStatus(o, provider.Failed)
		wantFailure(t, o, "run-wrong-holder")
		if got := w.tokenRequests() - before; got != 0 {
			t.Errorf("token requests: got %d, want 0", got)
		}
	})
}

func TestNothingToBeginWith(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, sandbox.Knobs{})
		o := w.do("")
		wantFailure(t, o, "run-no-candidate")
		if got := w.tokenRequests(); got != 0 {
			t.Errorf("token requests: got %d, want 0", got)
		}
	})
}

// TestALostSwapIsResolved puts something onto the branch in the moment in which
// a run writes.
func TestALostSwapIsResolved(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		theirs func(*world) string // what stands there then; "" is the old document
		fails  sandbox.Fault
		status provider.Status
	}{
		{name: "theirs is dead", theirs: func(*world) string { return "0000000000000000000000000000000000000001" }},
		{name: "theirs lives", theirs: func(w *world) string { return w.server.Connect(sandbox.AthleteID) }},
		{
			name: "theirs cannot be tried", theirs: func(w *world) string { return w.server.Connect(sandbox.AthleteID) },
			fails: sandbox.Fault{Call: "token", Kind: sandbox.FaultStatus, Status: 429, Skip: 1}, status: provider.NotKept,
		},
	} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, sandbox.Knobs{Rotation: sandbox.RotateAlways})
			w.wantStatus(w.do(w.server.LiveRefreshToken()), provider.Done)
			theirs := tt.theirs(w)
			document := w.document(theirs)
			once := false
			w.server.Notify(func(call string) {
				if call == "put-content" && !once {
					once = true
					w.server.SetFile(branchName, "refresh-token.txt", document)
				}
			})
			if tt.fails.Call != "" {
				w.server.Fail(tt.fails)
			}
			o := w.do("")
			w.wantStatus(o, tt.status)
			if tt.status == provider.NotKept {
				if w.rep.sealed == "" || w.server.Held(branchName) != theirs {
					t.Errorf("%s: sealed %t", tt.name, w.rep.sealed != "")
				}
				return
			}
			w.wantHeld(o.Token.RefreshToken.Reveal())
			if !w.server.Lives(o.Token.AccessToken.Reveal()) {
				t.Errorf("%s: the access token does not work", tt.name)
			}
			for _, v := range []secret.Value{o.Token.AccessToken, o.Token.RefreshToken} {
				if !w.masked(v) {
					t.Errorf("%s: a token of the other run was not masked", tt.name)
				}
			}
		})
	}
}

func (w *world) masked(v secret.Value) bool {
	for _, m := range w.rep.masks {
		if m.Equal(v) {
			return true
		}
	}
	return false
}

// document is what the branch would hold for another refresh token.
func (w *world) document(refresh string) string {
	w.t.Helper()
	return w.documentOf(sandbox.AthleteID, refresh)
}

// TestADeadStoredTokenIsSaidToBeDead after the time in which another run could
// have written a newer one.
func TestADeadStoredTokenIsSaidToBeDead(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, sandbox.Knobs{})
		first := w.server.LiveRefreshToken()
		w.wantStatus(w.do(first), provider.Done)
		w.server.Replace()
		began := time.Now()
		o := w.do(first)
		wantFailure(t, o, "stale-stored")
		if waited := time.Since(began); waited > 30*time.Second { // of the fake clock
			t.Errorf("it waited for %s", waited)
		}
	})
}

// TestSecretsBesideABranch are written after it, and only if Strava replaced
// the refresh token.
func TestSecretsBesideABranch(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, sandbox.Knobs{})
		first := w.server.LiveRefreshToken()
		beside := &memory{name: "beside"}
		do := func() *provider.Outcome {
			w.begin()
			w.run.Input = secret.New(first)
			w.run.WriteOnly = []provider.Target{beside}
			return w.run.Do(t.Context())
		}
		w.wantStatus(do(), provider.Done)
		if !beside.token.Empty() {
			t.Error("an unchanged token was written to a secret")
		}
		w.server.Set(func(k *sandbox.Knobs) { k.Rotation = sandbox.RotateAlways })
		held := ""
		beside.store = func(v secret.Value) error {
			held = w.server.Held(branchName)
			beside.token = v
			return nil
		}
		w.wantStatus(do(), provider.Done)
		if living := w.server.LiveRefreshToken(); held != living || beside.token.Reveal() != living {
			t.Error("the branch was not written first")
		}
		// Where the branch cannot be written the secret still is.
		w.server.Fail(sandbox.Fault{Call: "put-content", Kind: sandbox.FaultStatus, Status: 403})
		o := do()
		w.wantStatus(o, provider.NotKept)
		if beside.token.Reveal() != w.server.LiveRefreshToken() || w.rep.sealed == "" || len(o.Kept) != 1 {
			t.Errorf("kept in %v, sealed %t", o.Kept, w.rep.sealed != "")
		}
	})
}

// TestAFileIsLockedFromReadToWrite: a second run waits for the first, and starts
// from what that stored.
func TestAFileIsLockedFromReadToWrite(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, sandbox.Knobs{Rotation: sandbox.RotateAlways, Latency: time.Second})
		app := store.App{ClientID: w.run.Strava.ClientID, ClientSecret: w.run.Strava.ClientSecret}
		path := filepath.Join(t.TempDir(), "token")
		first := w.server.LiveRefreshToken()
		ended := make(chan *provider.Outcome)
		for range 3 {
			run := *w.run
			run.Input = secret.New(first)
			run.Readable = store.NewFile(store.Target{Path: path}, app)
			go func() { ended <- run.Do(t.Context()) }()
		}
		for range 3 {
			w.wantStatus(<-ended, provider.Done)
		}
		if got := w.tokenRequests(); got != 3 {
			t.Errorf("token requests: got %d, want 3, one after the other", got)
		}
	})
}

// TestAnAnswerThatWasLost is told as such, with a branch as without.
func TestAnAnswerThatWasLost(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, sandbox.Knobs{Rotation: sandbox.RotateAlways})
		first := w.server.LiveRefreshToken()
		w.wantStatus(w.do(first), provider.Done)
		w.server.Fail(sandbox.Fault{Call: "token", Kind: sandbox.FaultCutAfter, Times: 1})
		o := w.do(first)
		var e *strava.Error
		if len(o.Failures) != 1 || !errors.As(o.Failures[0], &e) || e.Kind != strava.AnswerLost {
			t.Errorf("failures: %v", o.Failures)
		}
	})
}
