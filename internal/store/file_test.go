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
	"strava-token/internal/sandbox"
	"strava-token/internal/secret"
	"strava-token/internal/store"
)

// fileApp is whose refresh tokens the files of these tests keep.
func fileApp() store.App {
	return store.App{ClientID: "48213", ClientSecret: secret.New(strings.Repeat("c", 40))}
}

func newFile(t *testing.T, app store.App, path string) *store.File {
	t.Helper()
	target := check.Must(store.Parse("file:"+path, ""))(t)
	return store.NewFile(target, app)
}

// locked returns a file that this test may use until it ends or unlocks it.
func locked(t *testing.T, app store.App, path string) (f *store.File, unlock func()) {
	t.Helper()
	f = newFile(t, app, path)
	unlock, err := f.Lock(t.Context())
	check.Need(t, err == nil, "Lock: %v", err)
	return f, unlock
}

// checked is locked and checked.
func checked(t *testing.T, app store.App, path string) (f *store.File, facts store.Facts, unlock func()) {
	t.Helper()
	f, unlock = locked(t, app, path)
	facts, err := f.Check(t.Context())
	if err != nil {
		unlock()
		t.Fatalf("Check: %v", err)
	}
	return f, facts, unlock
}

func keepInFile(t *testing.T, app store.App, path, token string) {
	t.Helper()
	f, _, unlock := checked(t, app, path)
	defer unlock()
	check.OK(t, f.Store(t.Context(), record(token)))
}

// assertFile asserts what a new process finds in a file.
func assertFile(t *testing.T, app store.App, path, token string) {
	t.Helper()
	f, _, unlock := checked(t, app, path)
	defer unlock()
	assertHolds(t, f.Held(), token)
}

// keptFile returns the document that a file keeps token in.
func keptFile(t *testing.T, app store.App, token string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "token")
	keepInFile(t, app, path, token)
	return read(t, path)
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
	entries := check.Must(os.ReadDir(folder))(t)
	var got []string
	for _, e := range entries {
		got = append(got, e.Name())
	}
	slices.Sort(want)
	check.That(t, slices.Equal(got, want), "folder: got %v, want %v", got, want)
}

func TestFileIsWrittenAndReadBack(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"token", ".an umläut", "name*with?[signs]"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := sandbox.New(sandbox.Knobs{})
			app := store.App{ClientID: server.App().ID, ClientSecret: secret.New(server.App().Secret)}
			folder := t.TempDir()
			path := filepath.Join(folder, name)
			for n := range 2 {
				f, facts, unlock := checked(t, app, path)
				want := store.Facts{Exists: n > 0, Held: n > 0, AthleteID: facts.AthleteID, Local: true, WriteProven: true, UpdatedAt: facts.UpdatedAt}
				check.That(t, facts == want && facts.UpdatedAt.IsZero() == (n == 0), "facts: got %+v", facts)
				if n > 0 {
					assertHolds(t, f.Held(), numbered(n-1))
				}
				// The same run may write twice.
				for _, token := range []string{numbered(100 + n), numbered(n)} {
					r := store.Record{RefreshToken: secret.New(token), AthleteID: 7, Input: secret.New(oldToken)}
					check.OK(t, f.Store(t.Context(), r))
					check.Equal(t, server.Opened(read(t, path)), token, "file")
				}
				held, err := f.Reread(t.Context())
				check.That(t, err == nil && held.AthleteID == 7 && held.Saw(secret.New(oldToken)), "Reread: got athlete %d, %v", held.AthleteID, err)
				unlock()
				assertFolder(t, folder, name, name+".lock")
			}
		})
	}
}

// TestFileMayBeMoved into another folder. Under another name it is refused, since
// it may be a copy: whoever uses one kills the other.
func TestFileMayBeMoved(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "token")
	write(t, path, keptFile(t, fileApp(), oldToken))
	assertFile(t, fileApp(), path, oldToken)

	copied := filepath.Join(t.TempDir(), "copied")
	write(t, copied, read(t, path))
	f, unlock := locked(t, fileApp(), copied)
	defer unlock()
	_, err := f.Check(t.Context())
	assertID(t, "Check of a copy", err, "target-other-place")
}

func TestEmptyFileHoldsNothing(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "\n", " \r\n\t"} {
		path := filepath.Join(t.TempDir(), "token")
		write(t, path, text)
		f, facts, unlock := checked(t, fileApp(), path)
		check.That(t, !facts.Exists && !facts.Held, "facts of %q: got %+v, want nothing held", text, facts)
		assertHolds(t, f.Held(), "")
		unlock()
		keepInFile(t, fileApp(), path, newToken)
		assertFile(t, fileApp(), path, newToken)
	}
}

func TestFileCheckChangesNothing(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	path := filepath.Join(folder, "token")
	_, _, unlock := checked(t, fileApp(), path)
	unlock()
	assertFolder(t, folder, "token.lock") // TestFileHoldsSomethingElse has what was there before
}

func TestFileHoldsSomethingElse(t *testing.T) {
	t.Parallel()
	ours := keptFile(t, fileApp(), oldToken)
	sealed := ours[strings.LastIndex(ours, "-----BEGIN AGE"):]
	for _, tt := range []struct {
		name, text  string
		want        string
		replaceable bool
	}{
		{"ours", ours, "", true},
		{"of a later version", strings.Replace(ours, "version 1\n", "version 2\n", 1), "target-newer-version", false},
		{"another text", "hello", "target-not-ours", false},
		{"the sealed part alone", sealed, "target-not-ours", false},
		{"a refresh token as it is", oldToken, "target-not-ours", false},
		{"without the sealed part", strings.TrimSuffix(ours, sealed), "target-damaged", true},
		{"cut in the middle", ours[:len(ours)-80], "target-damaged", true},
		{"under another client secret", keptFile(t, store.App{ClientID: "48213", ClientSecret: secret.New(strings.Repeat("d", 40))}, oldToken), "target-other-secret", true},
		{"of another app", keptFile(t, store.App{ClientID: "1", ClientSecret: fileApp().ClientSecret}, oldToken), "target-other-app", true},
		{"of a branch", keptBranch(t, fileApp()), "target-other-place", true},
		{"too large", ours + strings.Repeat("\n", 64<<10), "target-too-large", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			folder := t.TempDir()
			path := filepath.Join(folder, "token")
			write(t, path, tt.text)
			f, unlock := locked(t, fileApp(), path)
			_, err := f.Check(t.Context())
			assertID(t, "Check", err, tt.want)
			unlock()
			check.Equal(t, read(t, path), tt.text, "the check changed the file")
			assertFolder(t, folder, "token", "token.lock")

			// Whoever just logged in.
			f, unlock = locked(t, fileApp(), path)
			f.MayReplace = true
			_, err = f.Check(t.Context())
			if !tt.replaceable {
				assertID(t, "Check with MayReplace", err, tt.want)
				unlock()
				return
			}
			check.Need(t, err == nil, "Check with MayReplace: %v", err)
			check.OK(t, f.Store(t.Context(), record(newToken)))
			unlock()
			assertFile(t, fileApp(), path, newToken)
		})
	}
}

// keptBranch returns the document that a branch keeps a token in.
func keptBranch(t *testing.T, app store.App) (text string) {
	synctest.Test(t, func(t *testing.T) { text = newGitHub(t).kept(branchSpec, opening{app: app}) })
	return text
}

func TestFileWantsAPlace(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	write(t, filepath.Join(folder, "plain"), "")
	for _, path := range []string{"nowhere/token", "plain/token"} {
		_, err := newFile(t, fileApp(), filepath.Join(folder, path)).Lock(t.Context())
		assertID(t, "Lock of "+path, err, "target-no-folder")
	}
	assertFolder(t, folder, "plain")

	check.OK(t, os.Mkdir(filepath.Join(folder, "folder"), 0o700))
	f := newFile(t, fileApp(), filepath.Join(folder, "folder"))
	f.MayReplace = true
	_, err := f.Lock(t.Context())
	assertID(t, "Lock of a folder", err, "target-not-a-file")
	assertFolder(t, folder, "folder", "plain") // no lock was left behind
}

func TestFileWantsAStrongSecret(t *testing.T) {
	t.Parallel()
	weak := store.App{ClientID: "48213", ClientSecret: secret.New(strings.Repeat("c", 31))}
	f, unlock := locked(t, weak, filepath.Join(t.TempDir(), "token"))
	defer unlock()
	_, err := f.Check(t.Context())
	assertID(t, "Check", err, "target-weak-secret")
	assertID(t, "Store", f.Store(t.Context(), record(newToken)), "target-weak-secret")
}

// TestLeftoversAreRemoved holds what is done with the files of processes that
// were killed, and that those of other targets stay.
func TestLeftoversAreRemoved(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	path := filepath.Join(folder, "token")
	others := []string{".tokens.123.new", "token.123.new", ".token.new", ".token.x.123.new", ".token.5.123.new", ".token..new"}
	for _, name := range append([]string{".token.123.new", ".token.4000000000.new"}, others...) {
		write(t, filepath.Join(folder, name), "left")
	}
	keepInFile(t, fileApp(), path, newToken)
	assertFolder(t, folder, append([]string{"token", "token.lock"}, others...)...)
}

func TestFilesSideBySideDoNotDisturbEachOther(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	names := []string{"tokens", "token.new", "token.5", "token.x", "token"}
	var files []*store.File
	for _, name := range names {
		f, _, unlock := checked(t, fileApp(), filepath.Join(folder, name))
		defer unlock()
		files = append(files, f)
	}
	for n, f := range files {
		check.Equal(t, f.Store(t.Context(), record(numbered(n))), nil, "Store of %s", f)
	}
}

// TestFailedStoreLeavesTheOldFile takes the folder away meanwhile, as an unmounted
// disk does.
func TestFailedStoreLeavesTheOldFile(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(t.TempDir(), "folder")
	check.OK(t, os.Mkdir(folder, 0o700))
	path := filepath.Join(folder, "token")
	keepInFile(t, fileApp(), path, oldToken)
	f, _, unlock := checked(t, fileApp(), path)
	check.OK(t, os.Rename(folder, folder+".away"))
	assertID(t, "Store", f.Store(t.Context(), record(newToken)), "target-unwritable")
	assertHolds(t, f.Held(), oldToken)
	check.OK(t, os.Rename(folder+".away", folder))
	unlock()
	assertFile(t, fileApp(), path, oldToken)
}

// TestARemovedLockLocksNothing: who waited for a lock file that somebody removed waits
// for the one that is there now.
func TestARemovedLockLocksNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "token")
		_, unlockFirst := locked(t, fileApp(), path)
		var has atomic.Bool
		done := make(chan struct{})
		go func() {
			defer close(done)
			_, unlock := locked(t, fileApp(), path)
			has.Store(true)
			unlock()
		}()
		// On the fake clock: the second one waits, and asks again a moment later.
		time.Sleep(time.Second + 5*time.Millisecond)
		check.OK(t, os.Remove(path+".lock"))
		_, unlockThird := locked(t, fileApp(), path)
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
	first, unlockFirst := locked(t, fileApp(), path)
	defer unlockFirst()
	check.Must(first.Check(t.Context()))(t)
	check.OK(t, keep(first, oldToken))
	check.OK(t, os.Remove(path+".lock"))
	second, unlockSecond := locked(t, fileApp(), path)
	defer unlockSecond()
	check.Must(second.Check(t.Context()))(t)
	check.OK(t, keep(first, newToken)) // the rehearsal of the second one isn't in the way
	assertID(t, "Store over what was not read", keep(second, "00000000000000000000000000000000000000ff"), "target-overtaken")
	assertHolds(t, second.Held(), newToken)
	assertID(t, "Store over what was read", keep(second, oldToken), "")
}
