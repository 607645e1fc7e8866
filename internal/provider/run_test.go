package provider_test

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"strava-token/internal/provider"
	"strava-token/internal/recovery"
	"strava-token/internal/sandbox"
	"strava-token/internal/secret"
	"strava-token/internal/store"
	"strava-token/internal/strava"
	"strava-token/internal/transport"
	"strava-token/internal/words"
)

// memory is a target that keeps a token in memory.
type memory struct {
	name  string
	store func(secret.Value) error // nil: keeps it
	token secret.Value
}

func (m *memory) String() string { return m.name }

func (m *memory) Check(context.Context) (store.Facts, error) {
	return store.Facts{WriteProven: true}, nil
}

func (m *memory) Store(_ context.Context, r store.Record) error {
	v := r.RefreshToken
	if m.store != nil {
		return m.store(v)
	}
	m.token = v
	return nil
}

// reporter takes what a run prints.
type reporter struct {
	masks   []secret.Value
	sealed  string
	deaf    bool // masks cannot be printed
	mislaid bool // nobody can read the recovery text
}

func (r *reporter) Mask(v secret.Value) bool { r.masks = append(r.masks, v); return !r.deaf }

func (r *reporter) Recover(sealed string) bool {
	if !r.mislaid {
		r.sealed = sealed
	}
	return !r.mislaid
}

// says returns the message that err is, or "" if it is none.
func says(err error) (id string) {
	if e, ok := err.(words.Speaker); ok {
		id = e.Note().ID
	}
	return id
}

// wantFailure asserts what the run failed of, and that it failed of nothing else.
func wantFailure(t *testing.T, o *provider.Outcome, id string) {
	t.Helper()
	if len(o.Failures) != 1 || says(o.Failures[0]) != id {
		t.Errorf("failures: got %v, want %s", o.Failures, id)
	}
}

// newRun returns a run against a sandbox that replaces every refresh token.
func newRun(t *testing.T, knobs sandbox.Knobs) (*provider.Run, *sandbox.Server, *reporter) {
	t.Helper()
	server, pipe := sandbox.New(knobs), sandbox.NewPipe()
	service := &http.Server{Handler: server}
	go func() { _ = service.Serve(pipe) }()
	network := transport.New(pipe.Dial)
	t.Cleanup(func() {
		network.Close()
		_ = service.Close()
		time.Sleep(time.Minute) // on the fake clock: calls under way come to their end
	})
	base := &url.URL{Scheme: "http", Host: pipe.Addr().String()}
	r := &reporter{}
	return &provider.Run{
		Strava: &strava.Client{
			Network: network, URL: base, APIURL: base.JoinPath("/api/v3"),
			ClientID: server.App().ID, ClientSecret: secret.New(server.App().Secret),
		},
		Input:  secret.New(server.LiveRefreshToken()),
		Verify: true, Recovery: true, Reporter: r,
	}, server, r
}

// TestANewTokenIsSomewhereOrTheStatusSaysSo crosses everything that decides
// where a new refresh token is when no target is given.
func TestANewTokenIsSomewhereOrTheStatusSaysSo(t *testing.T) {
	t.Parallel()
	for _, recover := range []bool{true, false} {
		for _, handed := range []bool{true, false} {
			for _, spoil := range []string{"nothing", "cancelled", "not masked", "another athlete", "unreadable recovery text"} {
				synctest.Test(t, func(t *testing.T) {
					run, server, rep := newRun(t, sandbox.Knobs{Rotation: sandbox.RotateAlways})
					run.Recovery, run.HandedOver = recover, handed
					ctx, cancel := context.WithCancel(t.Context())
					defer cancel()
					switch spoil {
					case "cancelled":
						server.Set(func(k *sandbox.Knobs) { k.Latency = time.Second })
						time.AfterFunc(500*time.Millisecond, cancel)
					case "not masked":
						rep.deaf = true
					case "another athlete":
						run.ExpectedAthlete = 42
					case "unreadable recovery text":
						rep.mislaid = true
					}
					o := run.Do(ctx)
					inOutput := handed && o.Export > provider.ExportNone
					sealed := rep.sealed != ""
					if sealed {
						c, err := recovery.Open(rep.sealed, run.Strava.ClientSecret)
						if err != nil || c.RefreshToken.Reveal() != server.LiveRefreshToken() {
							t.Errorf("the recovery text holds something else: %v", err)
						}
					}
					if !sealed && !inOutput && o.Status() != provider.NotKept {
						t.Errorf("recovery %t, handed over %t, %s: the token is nowhere, and the status is %d", recover, handed, spoil, o.Status())
					}
					for _, err := range append(o.Warnings, o.Failures...) {
						var e *provider.NoTargetError
						want := map[bool]string{true: "run-no-target", false: "run-no-target-unsealed"}[sealed]
						if inOutput {
							want = map[bool]string{true: "run-handed-over-sealed", false: "run-handed-over"}[sealed]
						}
						if errors.As(err, &e) && e.ID != want {
							t.Errorf("recovery %t, handed over %t, %s: said %s, want %s", recover, handed, spoil, e.ID, want)
						}
					}
				})
			}
		}
	}
}

// TestAMistakeInOneTargetDoesNotStopTheOthers has a target that panics.
func TestAMistakeInOneTargetDoesNotStopTheOthers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		run, server, rep := newRun(t, sandbox.Knobs{Rotation: sandbox.RotateAlways})
		good := &memory{name: "good"}
		bad := &memory{name: "bad", store: func(v secret.Value) error { panic(v.Reveal()) }}
		run.WriteOnly = []provider.Target{bad, good}
		o := run.Do(t.Context())
		if o.Status() != provider.NotKept || good.token.Reveal() != server.LiveRefreshToken() || rep.sealed == "" {
			t.Errorf("status %d, kept %v, sealed %t", o.Status(), o.Kept, rep.sealed != "")
		}
		for _, err := range o.Failures {
			if strings.Contains(err.Error(), server.LiveRefreshToken()) {
				t.Error("the error quotes the panic")
			}
		}
	})
}

// TestSeveralRecoveryTexts holds which of their refresh tokens is tried when.
func TestSeveralRecoveryTexts(t *testing.T) {
	t.Parallel()
	dead := secret.New("0000000000000000000000000000000000000001")
	synctest.Test(t, func(t *testing.T) {
		run, server, _ := newRun(t, sandbox.Knobs{})
		target := &memory{name: "target"}
		living := run.Input
		run.Input, run.WriteOnly = secret.Value{}, []provider.Target{target}
		run.Recovered = []secret.Value{dead, living, dead}
		o := run.Do(t.Context())
		if o.Status() != provider.Done || !target.token.Equal(living) {
			t.Errorf("status %d, failures %v", o.Status(), o.Failures)
		}
		if got := server.Count("strava", "POST", "/oauth/token"); got != 2 {
			t.Errorf("token requests: got %d, want 2", got)
		}
	})
	// Only "invalid" leads to the next one.
	synctest.Test(t, func(t *testing.T) {
		run, server, _ := newRun(t, sandbox.Knobs{})
		run.Input, run.Recovered = secret.Value{}, []secret.Value{dead, run.Input}
		server.Fail(sandbox.Fault{Call: "token", Kind: sandbox.FaultStatus, Status: 429})
		if o := run.Do(t.Context()); o.Status() != provider.Failed {
			t.Errorf("status: got %d, want %d", o.Status(), provider.Failed)
		}
		if got := server.Count("strava", "POST", "/oauth/token"); got != 1 {
			t.Errorf("token requests: got %d, want 1", got)
		}
	})
	// That an answer was lost is said even if older ones are refused after it.
	synctest.Test(t, func(t *testing.T) {
		run, server, _ := newRun(t, sandbox.Knobs{Rotation: sandbox.RotateAlways})
		run.Input, run.Recovered = secret.Value{}, []secret.Value{run.Input, dead}
		server.Fail(sandbox.Fault{Call: "token", Kind: sandbox.FaultCutAfter, Times: 1})
		o := run.Do(t.Context())
		var e *strava.Error
		if len(o.Failures) != 1 || !errors.As(o.Failures[0], &e) || e.Kind != strava.AnswerLost {
			t.Errorf("failures: %v, want that the answer was lost", o.Failures)
		}
	})
}

// TestACancelledRunSendsNoFurtherTokenRequest: there might be no time for its
// answer.
func TestACancelledRunSendsNoFurtherTokenRequest(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		run, server, _ := newRun(t, sandbox.Knobs{Rotation: sandbox.RotateAlways, Latency: 2 * time.Second})
		server.Fail(sandbox.Fault{Call: "token", Kind: sandbox.FaultStatus, Status: 503})
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		o := run.Do(ctx)
		if got := server.Count("strava", "POST", "/oauth/token"); got != 1 || o.Status() != provider.Failed {
			t.Errorf("token requests: got %d, want 1; status %d", got, o.Status())
		}
	})
}

// clumsy is a reporter with a mistake in it.
type clumsy struct{ *reporter }

func (c clumsy) Mask(secret.Value) bool { panic("a mistake") }

// TestAPanicSealsWhatWasIssued, and ends the run as one whose token is not kept.
func TestAPanicSealsWhatWasIssued(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		run, server, rep := newRun(t, sandbox.Knobs{Rotation: sandbox.RotateAlways})
		run.Reporter = clumsy{rep}
		o := run.Do(t.Context())
		if o.Status() != provider.NotKept || len(o.Failures) != 1 || o.Export != provider.ExportNone {
			t.Errorf("status %d, failures %v, export %d", o.Status(), o.Failures, o.Export)
		}
		c, err := recovery.Open(rep.sealed, run.Strava.ClientSecret)
		if err != nil || c.RefreshToken.Reveal() != server.LiveRefreshToken() {
			t.Errorf("the recovery text does not hold the living refresh token: %v", err)
		}
	})
}
