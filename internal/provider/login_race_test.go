package provider_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"strava-token/internal/provider"
	"strava-token/internal/recovery"
	"strava-token/internal/sandbox"
	"strava-token/internal/secret"
)

// beside is another run, which knows nothing of this one.
func (w *world) beside() *world {
	run := *w.run
	rep := &reporter{}
	run.Reporter, run.Code = rep, secret.Value{}
	return &world{t: w.t, run: &run, server: w.server, rep: rep}
}

// login makes the next run one with a code.
func (w *world) login() *provider.Outcome {
	w.t.Helper()
	w.begin()
	w.run.Input, w.run.Code = secret.Value{}, secret.New(w.server.NewCode())
	return w.run.Do(w.t.Context())
}

// wantLiving asserts that the branch holds a token that lives.
func (w *world) wantLiving(name string) {
	w.t.Helper()
	if !w.server.Lives(w.server.Held(branchName)) {
		w.t.Errorf("%s: the branch holds a dead token\n%s", name, w.server.Journal())
	}
}

// TestALoginThatArrivedIsNotWrittenAgain: the write arrives and its answer does
// not, and another run spends what was written before this one looks.
func TestALoginThatArrivedIsNotWrittenAgain(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		call string // whose answer is lost
		run  func(*world) *provider.Outcome
	}{
		{"a code, onto the branch", "put-content", (*world).login},
		{"a code, making the branch", "ref", (*world).login},
		{"a secret, onto the branch", "put-content", func(w *world) *provider.Outcome {
			return w.do(w.server.Connect(sandbox.AthleteID))
		}},
	} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, sandbox.Knobs{Rotation: sandbox.RotateAlways})
			if tt.call == "put-content" {
				w.wantStatus(w.do(w.server.LiveRefreshToken()), provider.Done)
			}
			w.server.Fail(sandbox.Fault{Call: tt.call, Kind: sandbox.FaultCutAfter, Times: 1})
			other, written, ran := w.beside(), false, false
			w.server.Notify(func(call string) {
				written = written || call == tt.call
				if call == "content" && written && !ran { // this run looks what became of its write
					ran = true
					w.wantStatus(other.do("00000000000000000000000000000000000000e5"), provider.Done)
				}
			})
			w.wantStatus(tt.run(w), provider.Done)
			if !ran {
				t.Errorf("%s: the other run never began", tt.name)
			}
			w.wantLiving(tt.name)
		})
	}
}

// TestALoginThatBroughtNothingNew: Strava hands back the refresh token that the
// branch holds, and another run replaces it before this one writes.
func TestALoginThatBroughtNothingNew(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, sandbox.Knobs{})
		w.run.Verify = false // the access token of this made-up answer is somebody else's
		held := w.server.Connect(42)
		w.server.SetFile(branchName, documentPath, w.documentOf(42, held))
		w.server.Fail(sandbox.Fault{Call: "athlete", Kind: sandbox.FaultStatus, Status: 503})
		w.server.Fail(sandbox.Fault{Call: "token", Kind: sandbox.FaultBody, Times: 1, Body: fmt.Sprintf(
			`{"token_type":"Bearer","access_token":"{access_token}","expires_at":4102444800,"expires_in":20000,"refresh_token":%q,"athlete":{"id":42}}`,
			held)})
		other := w.beside()
		w.atFirstWrite(func() {
			w.server.Set(func(k *sandbox.Knobs) { k.Rotation = sandbox.RotateAlways })
			w.wantStatus(other.do(""), provider.Done)
		})
		w.wantStatus(w.login(), provider.Done)
		w.wantLiving("an unchanged login")
	})
}

// TestALoginWinsOverARunThatCouldNotUseIt: two runs begin with the token of a
// login. One gets the successor; the other is refused and goes on with what was
// stored, and lives, and is faster to write.
func TestALoginWinsOverARunThatCouldNotUseIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, sandbox.Knobs{Rotation: sandbox.RotateAlways, Scopes: []string{"read"}})
		w.wantStatus(w.do(w.server.LiveRefreshToken()), provider.Done)
		w.server.Set(func(k *sandbox.Knobs) { k.Scopes = []string{"read", "activity:read_all"} })
		login := w.server.Connect(sandbox.AthleteID)
		other := w.beside()
		w.atFirstWrite(func() { w.wantStatus(other.do(login), provider.Done) })
		w.wantStatus(w.do(login), provider.Done)
		w.server.Notify(nil)
		if o := w.do(login); len(o.Token.Scope) != 2 {
			t.Errorf("the next run has the scopes %v: the login was lost\n%s", o.Token.Scope, w.server.Journal())
		}
	})
}

// TestALoginWhoseTokenCannotBeTried is sealed, and overwrites nothing.
func TestALoginWhoseTokenCannotBeTried(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, sandbox.Knobs{Rotation: sandbox.RotateAlways})
		w.wantStatus(w.do(w.server.LiveRefreshToken()), provider.Done)
		theirs := w.server.Connect(sandbox.AthleteID)
		document := w.document(theirs)
		w.atFirstWrite(func() { w.server.SetFile(branchName, documentPath, document) })
		w.server.Fail(sandbox.Fault{Call: "token", Kind: sandbox.FaultStatus, Status: 429, Skip: 1})
		o := w.do(w.server.Connect(sandbox.AthleteID))
		w.wantStatus(o, provider.NotKept)
		w.wantHeld(theirs)
		if w.opened() != o.Token.RefreshToken.Reveal() {
			t.Error("the recovery text does not hold the token of the login")
		}
	})
}

// TestACancelledRunDoesNotSayDead where it was waiting for a newer token, or for
// a code to be old enough.
func TestACancelledRunDoesNotSayDead(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		knobs sandbox.Knobs
		code  bool
		call  string
		at    int // which of these calls cancels
		after time.Duration
	}{
		{"between two looks", sandbox.Knobs{}, false, "content", 2, 100 * time.Millisecond},
		{"while it looks", sandbox.Knobs{Latency: 100 * time.Millisecond}, false, "content", 2, 0},
		{"between two tries of a code", sandbox.Knobs{EarlyCodes: 1}, true, "token", 1, 500 * time.Millisecond},
	} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, tt.knobs)
			if !tt.code {
				w.wantStatus(w.do(w.server.LiveRefreshToken()), provider.Done)
				w.server.Replace() // by a run that is about to write
			}
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			calls := 0
			w.server.Notify(func(call string) {
				if call != tt.call {
					return
				}
				if calls++; calls == tt.at {
					time.AfterFunc(tt.after, cancel)
				}
			})
			w.begin()
			w.run.Input = secret.Value{}
			if tt.code {
				w.run.Code = secret.New(w.server.NewCode())
			}
			o := w.run.Do(ctx)
			if len(o.Failures) != 1 || says(o.Failures[0]) != "run-cancelled-refused" {
				t.Errorf("%s: failures: %v", tt.name, o.Failures)
			}
		})
	}
}

// TestAnAnswerThatWasLostInARace is told as such: the token may be gone.
func TestAnAnswerThatWasLostInARace(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, sandbox.Knobs{Rotation: sandbox.RotateAlways})
		w.wantStatus(w.do(w.server.LiveRefreshToken()), provider.Done)
		newer := w.document(w.server.Connect(sandbox.AthleteID))
		w.server.SetFile(branchName, documentPath, w.document("00000000000000000000000000000000000000d1"))
		w.at("token", func() { w.server.SetFile(branchName, documentPath, newer) })
		w.server.Fail(sandbox.Fault{Call: "token", Kind: sandbox.FaultCutAfter, Skip: 1, Times: 1})
		o := w.do("")
		if len(o.Failures) != 1 || says(o.Failures[0]) == "stale-raced" {
			t.Errorf("failures: %v", o.Failures)
		}
	})
}

// TestASecretBesideIsWrittenWhereALoginWonLate: Strava replaced nothing until this
// run asked whether its token still lives.
func TestASecretBesideIsWrittenWhereALoginWonLate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, sandbox.Knobs{})
		w.wantStatus(w.do(w.server.LiveRefreshToken()), provider.Done)
		document, login := w.document(w.server.Connect(sandbox.AthleteID)), w.server.Connect(sandbox.AthleteID)
		beside := &memory{name: "beside", token: secret.New(login)}
		w.begin()
		w.run.Input = secret.New(login)
		w.run.WriteOnly = []provider.Target{beside}
		w.atFirstWrite(func() {
			w.server.SetFile(branchName, documentPath, document)
			w.server.Set(func(k *sandbox.Knobs) { k.Rotation = sandbox.RotateAlways })
		})
		o := w.run.Do(t.Context())
		w.wantStatus(o, provider.Done)
		w.wantHeld(o.Token.RefreshToken.Reveal())
		if !beside.token.Equal(o.Token.RefreshToken) || len(o.Kept) != 2 {
			t.Errorf("the secret beside holds a dead token; kept in %v", o.Kept)
		}
	})
}

// TestTheRecoveryTextNamesTheAthlete of the target that held the token, also if
// nobody asked the API.
func TestTheRecoveryTextNamesTheAthlete(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, sandbox.Knobs{Rotation: sandbox.RotateAlways})
		w.wantStatus(w.do(w.server.LiveRefreshToken()), provider.Done)
		w.run.Verify = false
		w.server.Fail(sandbox.Fault{Call: "put-content", Kind: sandbox.FaultStatus, Status: 403})
		o := w.do("")
		w.wantStatus(o, provider.NotKept)
		c, err := recovery.Open(w.rep.sealed, w.run.Strava.ClientSecret)
		if err != nil || c.AthleteID != sandbox.AthleteID {
			t.Errorf("the recovery text names athlete %d, %v", c.AthleteID, err)
		}
		if o.AthleteID != 0 {
			t.Errorf("the outcome claims athlete %d, which nobody said", o.AthleteID)
		}
	})
}

// TestAnAnswerInASwapThatCannotBeRead is sealed beside this run's own token.
func TestAnAnswerInASwapThatCannotBeRead(t *testing.T) {
	t.Parallel()
	for _, isLogin := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, sandbox.Knobs{Rotation: sandbox.RotateAlways})
			w.wantStatus(w.do(w.server.LiveRefreshToken()), provider.Done)
			input := ""
			if isLogin {
				input = w.server.Connect(sandbox.AthleteID)
			}
			document := w.document(w.server.Connect(sandbox.AthleteID))
			w.atFirstWrite(func() { w.server.SetFile(branchName, documentPath, document) })
			w.server.Fail(sandbox.Fault{Call: "token", Kind: sandbox.FaultTruncate, Skip: 1})
			o := w.do(input)
			w.wantStatus(o, provider.NotKept)
			c, err := recovery.Open(w.rep.sealed, w.run.Strava.ClientSecret)
			if err != nil || len(c.Unread) != 1 || c.RefreshToken.Empty() {
				t.Errorf("login %t: sealed %d answers, %v", isLogin, len(c.Unread), err)
			}
		})
	}
}
