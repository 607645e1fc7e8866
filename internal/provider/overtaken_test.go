package provider_test

import (
	"fmt"
	"testing"
	"time"

	"strava-token/internal/check"
	"strava-token/internal/provider"
	"strava-token/internal/sandbox"
	"strava-token/internal/secret"
)

// unclear is the story of a run whose question which token lives gets no answer:
// nothing is overwritten, and its own token is sealed with what was answered.
func unclear(login bool, kind sandbox.FaultKind, unread int) func(*world) {
	return func(w *world) {
		w.first()
		input, theirs := "", w.Connect(me)
		if login {
			input = w.Connect(me)
		}
		w.overtake(me, theirs)
		w.Fail(sandbox.Fault{Call: "token", Kind: kind, Status: 429, Skip: 1})
		o := w.do(input)
		w.want(o, provider.NotKept)
		check.Equal(w.t, w.Held(branchName), theirs, "what the branch holds")
		sealed := w.opened()
		check.That(w.t, sealed.RefreshToken.Equal(o.Token.RefreshToken) && len(sealed.Unread) == unread,
			"sealed %v and %d answers", sealed.RefreshToken, len(sealed.Unread))
	}
}

// othersAthlete is the story of a run that finds another athlete's token on the branch.
func othersAthlete(expected int64) func(*world) {
	return func(w *world) {
		w.first()
		w.overtake(42, w.Connect(42))
		w.run.ExpectedAthlete = expected
		o := w.do("")
		w.want(o, provider.NotKept)
		id, err := w.run.Strava.Athlete(w.t.Context(), o.Token.AccessToken)
		check.That(w.t, err == nil && id == me, "the access token belongs to %d (%v)", id, err)
		check.That(w.t, w.Lives(w.opened().RefreshToken.Reveal()), "no living token is sealed")
	}
}

// cancelledThere is the story of a run that is cancelled when it's overtaken: there
// might be no time to keep what refreshing the winner's token would bring.
func cancelledThere(lingers time.Duration) func(*world) {
	return func(w *world) {
		w.first()
		w.overtake(me, w.Connect(me), w.cancel, func() { time.Sleep(lingers) })
		w.refuse("put-content", 503, 1)
		w.want(w.do(""), provider.NotKept)
		w.asked(1)
		w.somewhere()
	}
}

// newerBeside is the story of a run with a dead input, beside another one that writes
// the branch and the secret when this one calls.
func newerBeside(call string, seen bool) func(*world) {
	return func(w *world) {
		old := w.first()
		if seen {
			w.done(w.do(dead))
		}
		newer := w.Connect(me)
		d := w.document(me, newer, "")
		w.at(1, call, func() { w.SetFile(branchName, documentPath, d) })
		w.beside = &memory{name: "beside", token: secret.New(newer)}
		o := w.do(dead)
		check.That(w.t, w.beside.token.Reveal() != old, "the secret holds the older token, the branch the newer; status %d", o.Status())
	}
}

// TestOvertaken: another run writes the branch before this one does.
func TestOvertaken(t *testing.T) {
	play(t,
		story{"a dead token is overwritten", always, func(w *world) {
			w.first()
			w.overtake(me, dead)
			w.done(w.do(""))
		}},
		story{"a living one is adopted", always, func(w *world) {
			w.first()
			w.overtake(me, w.Connect(me))
			w.done(w.do(""))
			w.asked(2)
		}},
		story{"Strava refuses to say which lives", always, unclear(false, sandbox.FaultStatus, 0)},
		story{"and of a login", always, unclear(true, sandbox.FaultStatus, 0)},
		story{"Strava's answer can't be read", always, unclear(false, sandbox.FaultTruncate, 1)},
		story{"and of a login's token", always, unclear(true, sandbox.FaultTruncate, 1)},
		story{"an adopted token is sealed in place of the own", always, func(w *world) {
			w.first()
			w.overtake(me, w.Connect(me))
			w.refuse("put-content", 503, 1)
			o := w.do("")
			w.want(o, provider.NotKept)
			check.That(w.t, w.opened().RefreshToken.Equal(o.Token.RefreshToken), "the adopted token isn't sealed")
			w.somewhere()
		}},
		story{"an adopted token is judged by its own scopes", always, func(w *world) {
			w.first()
			w.Set(func(k *sandbox.Knobs) { k.Scopes = []string{"read"} })
			w.overtake(me, w.Connect(me))
			w.run.ExpectedAthlete, w.run.RequireScopes = me, []string{"activity:read_all"}
			o := w.do("")
			check.That(w.t, o.Export != provider.ExportAll, "exported a token with the scopes %v", o.Token.Scope)
		}},
		story{"an adopted token is sealed, although the input came back unchanged", sandbox.Knobs{Scopes: []string{"read"}}, func(w *world) {
			input := w.Connect(me)
			d := w.document(me, w.Connect(me), input)
			w.at(1, "ref", func() {
				w.SetFile(branchName, documentPath, d)
				w.rotate()
			})
			w.refuse("put-content", 503, 0)
			w.run.Verify, w.run.RequireScopes = false, []string{"activity:read_all"}
			w.want(w.do(input), provider.NotKept)
			check.That(w.t, w.rep.sealed != "", "nothing is sealed")
		}},
		story{"remembering an input spends nothing", sandbox.Knobs{}, func(w *world) {
			w.first()
			w.overtake(me, w.Connect(me), w.rotate)
			w.want(w.do(dead), provider.Done)
			w.asked(2) // the dead input, and what was stored
			w.somewhere()
		}},
		story{"another athlete's token isn't adopted", always, othersAthlete(0)},
		story{"nor if one is expected", always, othersAthlete(me)},
		story{"of two athletes that begin at once the second is refused", always, func(w *world) {
			other := w.Connect(42)
			d := w.document(42, other, dead)
			w.at(1, "ref", func() { w.SetFile(branchName, documentPath, d) })
			w.do(w.Connect(me))
			w.holds(other)
		}},
		story{"cancelled just then", always, cancelledThere(10 * time.Millisecond)},
		story{"cancelled before it", always, cancelledThere(6 * time.Second)},
		story{"a secret isn't older than the branch, when the input is remembered", sandbox.Knobs{}, newerBeside("put-content", false)},
		story{"a secret isn't older than the branch, which saw the input", sandbox.Knobs{}, newerBeside("token", true)},
		story{"a branch appears during the check", always, func(w *world) {
			d := w.document(me, dead, "")
			w.at(1, "content", func() {
				time.Sleep(time.Second)
				w.SetFile(branchName, documentPath, d)
			})
			w.done(w.do(w.LiveRefreshToken()))
		}},
	)
}

// arrived is the story of a login whose write arrives and whose answer doesn't, and of
// another run that spends what was written before this one looks.
func arrived(call string, run func(*world) *provider.Outcome) func(*world) {
	return func(w *world) {
		if call == "put-content" {
			w.first()
		}
		w.Fail(sandbox.Fault{Call: call, Kind: sandbox.FaultCutAfter, Times: 1})
		other, written, ran := w.another(), false, false
		w.Notify(func(c string) {
			written = written || c == call
			if c == "content" && written && !ran { // this run looks what became of its write
				ran = true
				other.want(other.do(dead), provider.Done)
			}
		})
		w.want(run(w), provider.Done)
		check.That(w.t, ran, "the other run never began")
		w.holds(w.Held(branchName))
	}
}

func withCode(w *world) *provider.Outcome {
	w.run.Code = secret.New(w.NewCode())
	return w.do("")
}

func withLogin(w *world) *provider.Outcome { return w.do(w.Connect(me)) }

// TestALoginIsOvertaken: a login wins over what another run writes meanwhile.
func TestALoginIsOvertaken(t *testing.T) {
	play(t,
		story{"by the successor of the token from before", always, func(w *world) {
			w.first()
			w.overtake(me, w.Connect(me))
			w.done(withLogin(w))
			w.asked(2) // the login, and whether it still lives
		}},
		story{"by a run that was refused the same login", sandbox.Knobs{Rotation: sandbox.RotateAlways, Scopes: []string{"read"}}, func(w *world) {
			w.first()
			w.Set(func(k *sandbox.Knobs) { k.Scopes = []string{"read", "activity:read_all"} })
			login, other := w.Connect(me), w.another()
			w.at(1, "put-content", func() { other.want(other.do(login), provider.Done) })
			w.want(w.do(login), provider.Done)
			w.Notify(nil)
			o := w.do(login)
			check.Equal(w.t, len(o.Token.Scope), 2, "scopes of the next run: the login was lost\n%s", w.Journal())
		}},
		story{"when Strava begins to replace tokens: the secret beside is written", sandbox.Knobs{}, func(w *world) {
			w.first()
			login := w.Connect(me)
			w.beside = &memory{name: "beside", token: secret.New(login)}
			theirs := w.Connect(me)
			w.overtake(me, theirs, w.rotate)
			o := w.do(login)
			w.done(o)
			check.That(w.t, w.beside.token.Equal(o.Token.RefreshToken) && len(o.Kept) == 2, "the secret holds a dead token; kept in %v", o.Kept)
		}},
		// The access token of this made-up answer is somebody else's.
		story{"with the token that the branch holds", sandbox.Knobs{}, func(w *world) {
			w.run.Verify = false
			held := w.Connect(42)
			w.write(42, held)
			w.refuse("athlete", 503, 0)
			w.Fail(sandbox.Fault{Call: "token", Kind: sandbox.FaultBody, Times: 1, Body: fmt.Sprintf(
				`{"token_type":"Bearer","access_token":"{access_token}","expires_at":4102444800,"expires_in":20000,"refresh_token":%q,"athlete":{"id":42}}`,
				held)})
			other := w.another()
			w.at(1, "put-content", func() {
				w.rotate()
				other.want(other.do(""), provider.Done)
			})
			w.want(withCode(w), provider.Done)
			w.holds(w.Held(branchName))
		}},
		story{"its code's write arrived on the branch", always, arrived("put-content", withCode)},
		story{"its code's write made the branch", always, arrived("ref", withCode)},
		story{"its write arrived on the branch", always, arrived("put-content", withLogin)},
	)
}
