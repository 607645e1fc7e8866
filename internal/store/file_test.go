package store_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"strava-token/internal/check"
	"strava-token/internal/secret"
	"strava-token/internal/store"
)

// fileApp is whose refresh tokens the files of these tests keep.
var fileApp = store.App{ClientID: "48213", ClientSecret: secret.New(strings.Repeat("c", 40))}

// locked returns a file that this test may use until it unlocks it.
func locked(t *testing.T, path string) (f *store.File, unlock func()) {
	t.Helper()
	f = store.NewFile(store.Target{Path: path}, fileApp)
	return f, check.Must(f.Lock(t.Context()))(t)
}

// using locks and checks a file, and stores the tokens one after the other.
func using(t *testing.T, path string, tokens ...string) (held string, facts store.Facts) {
	t.Helper()
	f, unlock := locked(t, path)
	defer unlock()
	facts = check.Must(f.Check(t.Context()))(t)
	held = f.Held().RefreshToken.Reveal()
	for _, token := range tokens {
		check.OK(t, f.Store(t.Context(), record(token)))
	}
	return held, facts
}

// assertFile asserts what a new process finds in a file.
func assertFile(t *testing.T, path, token string) {
	t.Helper()
	held, _ := using(t, path)
	check.Equal(t, held, token, "held")
}

func read(t *testing.T, path string) string {
	t.Helper()
	return string(check.Must(os.ReadFile(path))(t))
}

func write(t *testing.T, path, text string) {
	t.Helper()
	check.OK(t, os.WriteFile(path, []byte(text), 0o600))
}

// assertFolder asserts which files are in a folder.
func assertFolder(t *testing.T, folder string, want ...string) {
	t.Helper()
	var got []string
	for _, e := range check.Must(os.ReadDir(folder))(t) {
		got = append(got, e.Name())
	}
	slices.Sort(want)
	check.Same(t, got, want, "folder")
}

func TestFileIsWrittenAndReadBack(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"token", ".an umläut", "name*with?[signs]"} {
		folder := t.TempDir()
		path := filepath.Join(folder, name)
		using(t, path)
		assertFolder(t, folder, name+".lock") // the check leaves no file
		for n := range 2 {
			f, unlock := locked(t, path)
			facts := check.Must(f.Check(t.Context()))(t)
			want := store.Facts{Exists: n > 0, Held: n > 0, AthleteID: int64(7 * n), Local: true, WriteProven: true, UpdatedAt: facts.UpdatedAt}
			check.That(t, facts == want && facts.UpdatedAt.IsZero() == (n == 0), "facts: got %+v", facts)
			for _, token := range []string{numbered(100 + n), numbered(n)} { // the same run may write twice
				r := store.Record{RefreshToken: secret.New(token), AthleteID: 7, Input: secret.New(oldToken)}
				check.OK(t, f.Store(t.Context(), r))
			}
			held := check.Must(f.Reread(t.Context()))(t)
			check.That(t, held.AthleteID == 7 && held.Saw(secret.New(oldToken)), "Reread: got athlete %d", held.AthleteID)
			unlock()
			assertFile(t, path, numbered(n))
			assertFolder(t, folder, name, name+".lock")
		}
	}
}

// TestFileMayBeMoved into another folder. Under another name it is refused, since
// it may be a copy: whoever uses one kills the other.
func TestFileMayBeMoved(t *testing.T) {
	t.Parallel()
	path, moved, copied := filepath.Join(t.TempDir(), "token"), filepath.Join(t.TempDir(), "token"), filepath.Join(t.TempDir(), "copied")
	using(t, path, oldToken)
	write(t, moved, read(t, path))
	assertFile(t, moved, oldToken)
	write(t, copied, read(t, path))
	f, unlock := locked(t, copied)
	defer unlock()
	_, err := f.Check(t.Context())
	assertID(t, "Check of a copy", err, "target-other-place")
}

// TestFileHoldsSomethingElse; TestDocumentIsRefused has what else that may be. An empty
// file is rehearsed as well: if it's mounted by itself nothing can take its place.
func TestFileHoldsSomethingElse(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"": "", " \r\n\t": "", "hello": "target-not-ours", strings.Repeat("\n", 64<<10+1): "target-too-large",
		"strava-token refresh token, version 1\n": "target-damaged",
	} {
		folder := t.TempDir()
		path := filepath.Join(folder, "token")
		write(t, path, text)
		date := time.Unix(1e9, 0)
		check.OK(t, os.Chtimes(path, date, date))
		for _, mayReplace := range []bool{false, true} { // if somebody just logged in
			f, unlock := locked(t, path)
			f.MayReplace = mayReplace
			before := check.Must(os.Stat(path))(t)
			facts, err := f.Check(t.Context())
			after := check.Must(os.Stat(path))(t)
			if mayReplace && want == "target-damaged" {
				want = ""
			}
			assertID(t, "Check", err, want)
			check.That(t, !facts.Held && f.Held().RefreshToken.Empty(), "facts: got %+v, want nothing held", facts)
			check.That(t, read(t, path) == text && after.ModTime().Equal(date), "the check changed the file")
			check.Equal(t, os.SameFile(before, after), err != nil, "%.10q: not replaced by one like it", text)
			unlock()
			assertFolder(t, folder, "token", "token.lock")
			if mayReplace && want == "" {
				check.OK(t, f.Store(t.Context(), record(newToken)))
				assertFile(t, path, newToken)
			}
		}
	}
}

func TestFileWantsAStrongSecret(t *testing.T) {
	t.Parallel()
	f := store.NewFile(store.Target{Path: filepath.Join(t.TempDir(), "token")}, store.App{ClientSecret: secret.New(strings.Repeat("c", 31))})
	defer check.Must(f.Lock(t.Context()))(t)()
	_, err := f.Check(t.Context())
	assertID(t, "Check", err, "target-weak-secret")
	assertID(t, "Store", f.Store(t.Context(), record(newToken)), "target-weak-secret")
}

// TestLeftoversAreRemoved holds what is done with the files of processes that
// were killed, and that those of other targets stay.
func TestLeftoversAreRemoved(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	others := []string{".tokens.123.new", "token.123.new", ".token.new", ".token.x.123.new", ".token.5.123.new", ".token..new"}
	for _, name := range append([]string{".token.123.new", ".token.4000000000.new"}, others...) {
		write(t, filepath.Join(folder, name), "left")
	}
	using(t, filepath.Join(folder, "token"), newToken)
	assertFolder(t, folder, append([]string{"token", "token.lock"}, others...)...)
}

// TestARemovedLockLocksNothing: who waited for a lock file that somebody removed waits
// for the one that is there now.
func TestARemovedLockLocksNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "token")
		_, unlockFirst := locked(t, path)
		var has atomic.Bool
		done := make(chan struct{})
		go func() {
			defer close(done)
			_, unlock := locked(t, path)
			has.Store(true)
			unlock()
		}()
		// On the fake clock: the second one waits, and asks again a moment later.
		time.Sleep(time.Second + 5*time.Millisecond)
		check.OK(t, os.Remove(path+".lock"))
		_, unlockThird := locked(t, path)
		unlockFirst()
		time.Sleep(time.Second)
		check.That(t, !has.Load(), "two hold the lock")
		unlockThird()
		<-done
	})
}

// TestAnOlderStateIsNeverPutBack, even if the lock was removed while it was held.
func TestAnOlderStateIsNeverPutBack(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "token")
	keep := func(f *store.File, token string) error { return f.Store(t.Context(), record(token)) }
	first, unlockFirst := locked(t, path)
	defer unlockFirst()
	check.Must(first.Check(t.Context()))(t)
	check.OK(t, keep(first, oldToken))
	check.OK(t, os.Remove(path+".lock"))
	second, unlockSecond := locked(t, path)
	defer unlockSecond()
	check.Must(second.Check(t.Context()))(t)
	check.OK(t, keep(first, newToken)) // the rehearsal of the second one isn't in the way
	assertID(t, "Store over what was not read", keep(second, numbered(255)), store.Overtaken)
	assertHolds(t, second.Held(), newToken)
	assertID(t, "Store over what was read", keep(second, oldToken), "")
}
