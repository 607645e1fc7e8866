package provider_test

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"strava-token/internal/check"
	"strava-token/internal/provider"
	"strava-token/internal/sandbox"
	"strava-token/internal/secret"
	"strava-token/internal/store"
	"strava-token/internal/words"
)

// byHand is the story of a login that somebody stored as the input.
func byHand(kills bool) func(*world) {
	return func(w *world) {
		stored := w.first()
		if kills {
			w.Replace()
		}
		login := w.Connect(me)
		o := w.do(login)
		w.done(o)
		check.That(w.t, o.Token.RefreshToken.Reveal() != stored, "the stored token went first")
		w.done(w.do(login)) // from now on the new one is the stored one
		w.asked(1)
	}
}

// anotherAthletes is the story of an input of another athlete than the branch's: it
// isn't written there, and neither is it lost.
func anotherAthletes(verify bool, status provider.Status, id string) func(*world) {
	return func(w *world) {
		stored := w.first()
		w.run.Verify = verify
		o := w.do(w.Connect(42))
		w.want(o, status, id)
		w.holds(stored)
		isSealed, sealed := w.rep.sealed != "", words.Sentence("")
		if isSealed {
			sealed = "log-in-recovery"
		}
		want := words.Blanks{"target": w.run.Readable.String(), "want": int64(me), "got": int64(42), "sealed": sealed}
		check.Same(w.t, o.Failures[0].(words.Speaker).Note().Blanks, want, "told")
		check.That(w.t, isSealed == (status == provider.NotKept) && o.Export == provider.ExportNone, "sealed %t, export %d", isSealed, o.Export)
	}
}

// weaker is the story of an input that may read nothing but the profile, as the one on
// Strava's settings page.
func weaker(status provider.Status) func(*world) {
	return func(w *world) {
		stored := w.first()
		w.Set(func(k *sandbox.Knobs) { k.Scopes = []string{"read"} })
		w.run.RequireScopes = []string{"activity:read_all"}
		o := w.do(w.Connect(me))
		w.want(o, status, "run-scope-of-the-input")
		w.holds(stored)
		sealed := w.rep.sealed != ""
		check.That(w.t, sealed == (status == provider.NotKept) && o.Export != provider.ExportAll, "sealed %t, export %d", sealed, o.Export)
		w.done(w.do("")) // without the input the stored one is used
	}
}

// TestWhatIsStoredAndWhatIsGiven: which of the two goes first, and which is kept.
func TestWhatIsStoredAndWhatIsGiven(t *testing.T) {
	never := sandbox.Knobs{}
	play(t,
		story{"the stored one goes first", always, func(w *world) {
			first := w.LiveRefreshToken()
			w.first()
			for _, input := range []string{first, first, ""} { // re-runs, and runs whose secret was never rotated
				w.done(w.do(input))
				w.asked(1)
			}
		}},
		story{"a login wins", always, byHand(false)},
		story{"a login wins over a dead token", always, byHand(true)},
		story{"a login wins, and Strava replaces nothing", never, byHand(false)},
		story{"a login wins over a dead token, and Strava replaces nothing", never, byHand(true)},
		story{"an old input doesn't beat a login that is on the branch alone", never, func(w *world) {
			configured := w.first()
			login := w.Connect(me)
			w.begin()
			check.Must(w.run.Readable.Check(w.t.Context()))(w.t)
			check.OK(w.t, w.run.Readable.Store(w.t.Context(), store.Record{RefreshToken: secret.New(login), AthleteID: me}))
			for _, input := range []string{configured, dead, configured} { // not even after a re-run brought another one
				w.want(w.do(input), provider.Done)
				w.holds(login)
			}
		}},
		story{"a dead input is tried once", never, func(w *world) {
			living := w.first()
			for _, requests := range []int{2, 1, 1} {
				w.done(w.do(dead))
				w.asked(requests)
				w.holds(living)
			}
			check.Equal(w.t, w.Commits(branchName), 2, "commits")
		}},
		story{"another athlete's, unchanged", never, anotherAthletes(true, provider.Failed, "run-holder-of-another")},
		story{"another athlete's, replaced", always, anotherAthletes(true, provider.NotKept, "run-holder-of-another-sealed")},
		story{"another athlete's, and nobody verifies", always, anotherAthletes(false, provider.NotKept, "run-holder-of-another-sealed")},
		story{"not the expected athlete's: nothing is spent", always, func(w *world) {
			w.first()
			w.run.ExpectedAthlete = 42
			w.want(w.do(""), provider.Failed, "run-wrong-holder")
			w.asked(0)
		}},
		story{"nothing at all", never, func(w *world) {
			w.want(w.do(""), provider.Failed, "run-no-candidate")
			w.asked(0)
		}},
		story{"a weaker one, unchanged", never, weaker(provider.Failed)},
		story{"a weaker one, replaced", always, weaker(provider.NotKept)},
		story{"a weak one, and the branch held nothing", sandbox.Knobs{Rotation: sandbox.RotateAlways, Scopes: []string{"read"}}, func(w *world) {
			w.run.Verify, w.run.RequireScopes = false, []string{"activity:read_all"}
			o := w.do(w.Connect(me))
			w.want(o, provider.Failed, "run-scope")
			check.Equal(w.t, len(o.Kept), 1, "kept in")
		}},
		story{"the recovery text names the branch's athlete, although nobody asked", always, func(w *world) {
			w.first()
			w.run.Verify = false
			w.refuse("put-content", 403, 0)
			o := w.do("")
			w.want(o, provider.NotKept)
			check.Equal(w.t, w.opened().AthleteID, me, "the recovery text's athlete")
			check.Equal(w.t, o.AthleteID, 0, "the outcome's athlete, whom nobody named")
		}},
		story{"a dead recovery text is no success, whatever the branch holds", always, func(w *world) {
			w.want(w.do(w.Connect(42)), provider.Done)
			w.beside = &memory{name: "beside"}
			w.run.Verify, w.run.Recovered = false, []secret.Value{secret.New(dead)}
			w.want(w.do(""), provider.Failed)
			check.That(w.t, w.beside.token.Empty(), "athlete 42's token was written beside the branch")
		}},
	)
}

// TestSecretsBesideABranch are written after it, and only if they may hold a dead token.
func TestSecretsBesideABranch(t *testing.T) {
	play(t,
		story{"the branch first", sandbox.Knobs{}, func(w *world) {
			input := w.LiveRefreshToken()
			w.beside = &memory{name: "beside"}
			w.done(w.do(input))
			check.That(w.t, w.beside.token.Empty(), "an unchanged token was written to a secret")
			w.rotate()
			held := ""
			w.beside.store = func(v secret.Value) error {
				held, w.beside.token = w.Held(branchName), v
				return nil
			}
			w.done(w.do(input))
			living := w.LiveRefreshToken()
			check.That(w.t, held == living && w.beside.token.Reveal() == living, "the branch was not written first")
			w.refuse("put-content", 403, 0) // the secret is still written
			o := w.do(input)
			w.want(o, provider.NotKept)
			check.That(w.t, w.beside.token.Reveal() == w.LiveRefreshToken() && w.rep.sealed != "" && len(o.Kept) == 1,
				"kept in %v, sealed %t", o.Kept, w.rep.sealed != "")
		}},
		story{"mended by the next run", always, func(w *world) {
			w.beside = &memory{name: "beside", store: func(secret.Value) error { return context.DeadlineExceeded }}
			w.beside.token = secret.New(w.LiveRefreshToken())
			do := func() *provider.Outcome { return w.do(w.beside.token.Reveal()) }
			w.want(do(), provider.NotKept)
			w.Set(func(k *sandbox.Knobs) { k.Rotation = sandbox.RotateNever })
			w.want(do(), provider.Failed, "run-not-kept-yet") // nothing new is at stake
			check.That(w.t, w.rep.sealed == "", "it was sealed")
			w.beside.store = nil
			w.done(do())
			check.That(w.t, w.Lives(w.beside.token.Reveal()), "the secret still holds a dead token")
			commits := w.Commits(branchName)
			w.beside.store = func(secret.Value) error { w.t.Error("an unchanged token was written"); return nil }
			w.done(do())
			check.Equal(w.t, w.Commits(branchName), commits, "commits")
		}},
	)
}

// notDead is the story of a run that is cancelled while it waits for a newer token, or
// for a code to be old enough: it doesn't say that its token is dead.
func notDead(code bool, n int, call string, after time.Duration) func(*world) {
	return func(w *world) {
		if code {
			w.run.Code = secret.New(w.NewCode())
		} else {
			w.first()
			w.Replace() // by a run that is about to write
		}
		w.at(n, call, func() { time.AfterFunc(after, w.cancel) })
		w.want(w.do(""), provider.Failed, "run-cancelled-refused")
	}
}

// TestARefusal: what a run says that got nothing from Strava, and how long it waits for
// the one that may be about to write a newer token.
func TestARefusal(t *testing.T) {
	play(t,
		story{"cancelled between two looks", sandbox.Knobs{}, notDead(false, 2, "content", 100*time.Millisecond)},
		story{"cancelled while it looks", sandbox.Knobs{Latency: 100 * time.Millisecond}, notDead(false, 2, "content", 0)},
		story{"cancelled between two tries of a code", sandbox.Knobs{EarlyCodes: 1}, notDead(true, 1, "token", 500*time.Millisecond)},
		story{"cancelled after an answer was lost", always, func(w *world) {
			w.first()
			w.Fail(sandbox.Fault{Call: "token", Kind: sandbox.FaultCutAfter, Times: 1})
			w.at(2, "token", w.cancel)
			w.want(w.do(w.Connect(me)), provider.Failed, "strava-answer-lost")
		}},
		story{"a stored token is dead", sandbox.Knobs{}, func(w *world) {
			first := w.first()
			w.Replace()
			began := time.Now()
			w.want(w.do(first), provider.Failed, "stale-stored")
			check.That(w.t, time.Since(began) < 30*time.Second, "it waited for %s", time.Since(began)) // of the fake clock
		}},
		story{"an answer was lost", always, func(w *world) {
			first := w.LiveRefreshToken()
			w.first()
			w.Fail(sandbox.Fault{Call: "token", Kind: sandbox.FaultCutAfter, Times: 1})
			w.want(w.do(first), provider.Failed, "strava-answer-lost")
		}},
		story{"an answer was lost in a race", always, func(w *world) {
			w.first()
			newer := w.document(me, w.Connect(me), "")
			w.write(me, dead)
			w.at(1, "token", func() { w.SetFile(branchName, documentPath, newer) })
			w.Fail(sandbox.Fault{Call: "token", Kind: sandbox.FaultCutAfter, Skip: 1, Times: 1})
			w.want(w.do(""), provider.Failed, "strava-answer-lost")
		}},
		story{"another athlete's newer token isn't tried", always, func(w *world) {
			w.first()
			other := w.Connect(42)
			d := w.document(42, other, "")
			w.write(me, dead)
			w.at(1, "token", func() { w.SetFile(branchName, documentPath, d) })
			w.run.ExpectedAthlete = me
			w.do("")
			w.holds(other)
		}},
		story{"GitHub stalls after it", sandbox.Knobs{}, func(w *world) {
			w.first()
			w.Replace()
			w.at(1, "token", func() { w.Fail(sandbox.Fault{Call: "content", Kind: sandbox.FaultStall}) })
			began := time.Now()
			w.want(w.do(""), provider.Failed)
			check.That(w.t, time.Since(began) < time.Minute, "the run took %s", time.Since(began)) // of the fake clock
		}},
		story{"no request without time for its answer", always, func(w *world) {
			w.first()
			var documents []string // others are always faster
			for n := range 3 {
				documents = append(documents, w.document(me, dead[1:]+string(rune('0'+n)), ""))
			}
			documents = append(documents, w.document(me, w.LiveRefreshToken(), ""))
			w.SetFile(branchName, documentPath, documents[0])
			w.Set(func(k *sandbox.Knobs) { k.Latency = 7 * time.Second })
			began := time.Now()
			w.Notify(func(call string) {
				if call != "token" {
					return
				}
				late := time.Since(began)
				check.That(w.t, late <= 30*time.Second, "a token request after %s", late) // of the fake clock; the answer may take ten
				if len(documents) > 1 {
					documents = documents[1:]
					w.SetFile(branchName, documentPath, documents[0])
				}
			})
			w.want(w.do(""), provider.Failed)
		}},
	)
}

// TestAFileIsLockedFromReadToWrite: a second run waits for the first, and starts
// from what that stored.
func TestAFileIsLockedFromReadToWrite(t *testing.T) {
	play(t, story{"three at once", sandbox.Knobs{Rotation: sandbox.RotateAlways, Latency: time.Second}, func(w *world) {
		path := filepath.Join(w.t.TempDir(), "token")
		ended := make(chan *provider.Outcome)
		w.run.Input = secret.New(w.LiveRefreshToken())
		for range 3 {
			run := *w.run
			run.Readable = store.NewFile(store.Target{Path: path}, w.app())
			go func() { ended <- run.Do(w.ctx) }()
		}
		for range 3 {
			w.want(<-ended, provider.Done)
		}
		w.asked(3) // one after the other
	}})
}
