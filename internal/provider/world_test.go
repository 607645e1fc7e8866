package provider_test

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"strava-token/internal/check"
	"strava-token/internal/provider"
	"strava-token/internal/recovery"
	"strava-token/internal/sandbox"
	"strava-token/internal/secret"
	"strava-token/internal/store"
	"strava-token/internal/strava"
	"strava-token/internal/transport"
	"strava-token/internal/words"
)

const (
	branchName   = "strava-token"
	documentPath = "refresh-token.txt"
	me           = sandbox.AthleteID
	dead         = "00000000000000000000000000000000000000dd" // Strava never issued it
)

var always = sandbox.Knobs{Rotation: sandbox.RotateAlways}

// story is a course of events, and what must come of it.
type story struct {
	rule  string
	knobs sandbox.Knobs
	tell  func(*world)
}

// play tells each story in a world of its own, with a clock of its own.
func play(t *testing.T, stories ...story) {
	t.Parallel()
	for _, s := range stories {
		t.Run(s.rule, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { s.tell(newWorld(t, s.knobs)) })
		})
	}
}

// world is a sandbox and the runs against it. They keep the refresh token on a branch,
// or on none.
type world struct {
	*sandbox.Server
	t        *testing.T
	ctx      context.Context // of the runs
	cancel   func()
	run      *provider.Run
	rep      *reporter
	noBranch bool
	beside   *memory // a target that can't be read back; or nil
	before   int     // token requests before the last run
}

func newWorld(t *testing.T, knobs sandbox.Knobs) *world {
	t.Helper()
	w := &world{Server: sandbox.New(knobs), t: t, rep: &reporter{}}
	w.ctx, w.cancel = context.WithCancel(t.Context())
	pipe := sandbox.NewPipe()
	service := &http.Server{Handler: w.Server}
	go func() { _ = service.Serve(pipe) }()
	network := transport.New(pipe.Dial)
	t.Cleanup(func() {
		w.cancel()
		network.Close()
		_ = service.Close()
		time.Sleep(time.Minute) // on the fake clock: calls under way come to their end
	})
	base := &url.URL{Scheme: "http", Host: pipe.Addr().String()}
	w.run = &provider.Run{
		Strava: &strava.Client{
			Network: network, URL: base, APIURL: base.JoinPath("/api/v3"),
			ClientID: w.App().ID, ClientSecret: secret.New(w.App().Secret),
		},
		Verify: true, Recovery: true, Reporter: w.rep,
	}
	return w
}

// begin makes the run a new one, which knows nothing of the last.
func (w *world) begin() {
	w.t.Helper()
	base := &url.URL{Scheme: "http", Host: w.run.Strava.URL.Host}
	gh := store.NewGitHub(w.run.Strava.Network, base, secret.New(w.BuiltInToken()))
	target := check.Must(store.Parse("branch:"+branchName, sandbox.Repository))(w.t)
	w.run.Readable, w.run.WriteOnly, w.rep.sealed = nil, nil, ""
	if !w.noBranch {
		w.run.Readable = store.NewBranch(gh, target, w.app(), sandbox.RepositoryID)
	}
	if w.beside != nil {
		w.run.WriteOnly = []provider.Target{w.beside}
	}
	w.before = w.tokenRequests()
}

func (w *world) app() store.App {
	return store.App{ClientID: w.run.Strava.ClientID, ClientSecret: w.run.Strava.ClientSecret}
}

// do runs with an input, and returns how it ended.
func (w *world) do(input string) *provider.Outcome {
	w.t.Helper()
	w.begin()
	w.run.Input = secret.New(input)
	return w.run.Do(w.ctx)
}

// first is the run that makes the branch. It returns the refresh token there.
func (w *world) first() string {
	w.t.Helper()
	w.done(w.do(w.LiveRefreshToken()))
	return w.Held(branchName)
}

// another is a run of another process.
func (w *world) another() *world {
	other, run := *w, *w.run
	other.run, other.rep = &run, &reporter{}
	run.Reporter, run.Code = other.rep, secret.Value{}
	return &other
}

func (w *world) tokenRequests() int { return w.Count("strava", "POST", "/oauth/token") }

// document is what the branch would hold with a token. The branch stays as it is.
func (w *world) document(athlete int64, token, input string) string {
	w.t.Helper()
	before := w.File(branchName, documentPath)
	w.begin()
	check.Must(w.run.Readable.Check(w.t.Context()))(w.t)
	record := store.Record{RefreshToken: secret.New(token), AthleteID: athlete, Input: secret.New(input)}
	check.OK(w.t, w.run.Readable.Store(w.t.Context(), record))
	document := w.File(branchName, documentPath)
	w.DeleteBranch(branchName)
	if before != "" {
		w.SetFile(branchName, documentPath, before)
	}
	return document
}

// write makes the branch hold a token of an athlete's.
func (w *world) write(athlete int64, token string) {
	w.t.Helper()
	w.SetFile(branchName, documentPath, w.document(athlete, token, ""))
}

// at calls f at the nth call of a name.
func (w *world) at(n int, call string, f func()) {
	w.Notify(func(c string) {
		if c == call {
			if n--; n == 0 {
				f()
			}
		}
	})
}

// overtake lets another run write a token when this one writes to the branch.
func (w *world) overtake(athlete int64, token string, also ...func()) {
	w.t.Helper()
	document := w.document(athlete, token, "")
	w.at(1, "put-content", func() {
		w.SetFile(branchName, documentPath, document)
		for _, f := range also {
			f()
		}
	})
}

func (w *world) rotate() { w.Set(func(k *sandbox.Knobs) { k.Rotation = sandbox.RotateAlways }) }

// refuse lets calls fail with a status, after some that go through.
func (w *world) refuse(call string, status, skip int) {
	w.Fail(sandbox.Fault{Call: call, Kind: sandbox.FaultStatus, Status: status, Skip: skip})
}

// want asserts how a run ended, and of what it failed, if that is named.
func (w *world) want(o *provider.Outcome, status provider.Status, failures ...string) {
	w.t.Helper()
	var said []string
	for _, err := range o.Failures {
		said = append(said, says(err))
	}
	if o.Status() != status || failures != nil && !slices.Equal(said, failures) {
		w.t.Errorf("got %d %v (%v), want %d %v\n%s", o.Status(), said, o.Failures, status, failures, w.Journal())
	}
}

// says is the id of an error's message, or "" if it has none.
func says(err error) (id string) {
	if e, ok := err.(words.Speaker); ok {
		id = e.Note().ID
	}
	return id
}

// done asserts that a run ended well: its refresh token is on the branch, both tokens
// live, and both were masked.
func (w *world) done(o *provider.Outcome) {
	w.t.Helper()
	w.want(o, provider.Done)
	w.holds(o.Token.RefreshToken.Reveal())
	check.That(w.t, w.Lives(o.Token.AccessToken.Reveal()), "the access token doesn't work")
	for _, v := range []secret.Value{o.Token.AccessToken, o.Token.RefreshToken} {
		check.That(w.t, slices.ContainsFunc(w.rep.masks, v.Equal), "a token wasn't masked")
	}
}

// holds asserts what the branch holds, and that it lives.
func (w *world) holds(token string) {
	w.t.Helper()
	held := w.Held(branchName)
	check.That(w.t, held == token && w.Lives(held), "the branch holds %.8s (lives: %t), want %.8s\n%s", held, w.Lives(held), token, w.Journal())
}

// asked asserts how many token requests the last run sent.
func (w *world) asked(want int) {
	w.t.Helper()
	check.Equal(w.t, w.tokenRequests()-w.before, want, "token requests\n%s", w.Journal())
}

// opened is what the recovery text holds, if there is one.
func (w *world) opened() recovery.Content {
	w.t.Helper()
	if w.rep.sealed == "" {
		return recovery.Content{}
	}
	return check.Must(recovery.Open(w.rep.sealed, w.run.Strava.ClientSecret))(w.t)
}

// somewhere asserts that a refresh token that lives is on the branch or sealed.
func (w *world) somewhere() {
	w.t.Helper()
	living := w.Lives(w.Held(branchName)) || w.Lives(w.opened().RefreshToken.Reveal())
	check.That(w.t, living, "no living refresh token is on the branch or in the recovery text\n%s", w.Journal())
}

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
	if m.store != nil {
		return m.store(r.RefreshToken)
	}
	m.token = r.RefreshToken
	return nil
}

// reporter takes what a run prints.
type reporter struct {
	masks   []secret.Value
	sealed  string
	deaf    bool // masks cannot be printed
	mislaid bool // nobody can read the recovery text
	clumsy  bool // has a mistake in it
}

func (r *reporter) Mask(v secret.Value) bool {
	if r.clumsy {
		panic("a mistake")
	}
	r.masks = append(r.masks, v)
	return !r.deaf
}

func (r *reporter) Recover(sealed string) bool {
	if !r.mislaid {
		r.sealed = sealed
	}
	return !r.mislaid
}
