//go:build unix

package store_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"strava-token/internal/check"
	"strava-token/internal/store"
)

func assertMode(t *testing.T, path string, want fs.FileMode) {
	t.Helper()
	info := check.Must(os.Lstat(path))(t)
	check.Equal(t, info.Mode(), want, "mode of %s", filepath.Base(path))
}

func TestFileIsForItsOwnerAlone(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "token")
	for range 2 { // new, and replaced
		run(t, "write", path) // under umask 0
		assertMode(t, path, 0o600)
		assertMode(t, path+".lock", 0o600)
	}
}

func TestFileThatOthersMayUseIsRefused(t *testing.T) {
	t.Parallel()
	ours := keptFile(t, fileApp(), oldToken)
	for _, text := range []string{ours, ""} {
		for _, mode := range []fs.FileMode{0o640, 0o604, 0o660, 0o620, 0o602, 0o644, 0o610, 0o601, 0o777} {
			for _, mayReplace := range []bool{false, true} {
				path := filepath.Join(t.TempDir(), "token")
				write(t, path, text)
				check.OK(t, os.Chmod(path, mode))
				f, unlock := locked(t, fileApp(), path)
				f.MayReplace = mayReplace
				_, err := f.Check(t.Context())
				assertID(t, fmt.Sprintf("Check under %v", mode), err, "target-exposed")
				unlock()
				assertMode(t, path, mode)
			}
		}
	}
	for _, mode := range []fs.FileMode{0o600, 0o400, 0o700} {
		path := filepath.Join(t.TempDir(), "token")
		write(t, path, ours)
		check.OK(t, os.Chmod(path, mode))
		keepInFile(t, fileApp(), path, newToken)
		assertMode(t, path, 0o600)
		assertFile(t, fileApp(), path, newToken)
	}
}

func TestPipeIsRefused(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "token")
	check.OK(t, syscall.Mkfifo(path, 0o600))
	_, err := newFile(t, fileApp(), path).Lock(t.Context())
	assertID(t, "Lock", err, "target-not-a-file")
	assertFolder(t, filepath.Dir(path), "token")
}

// TestLinksAreFollowed holds that a link stays one, also if the file that it
// leads to is not there yet, and that all ways to a file share one lock.
func TestLinksAreFollowed(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		link [][2]string // from, to; the first is the target
	}{
		{"a link", [][2]string{{"token", "real/token"}}},
		{"a link to a link", [][2]string{{"token", "real/link"}, {"real/link", "token"}}},
		{"a link with dots", [][2]string{{"token", "real/../real/./token"}}},
		{"a linked folder", [][2]string{{"folder", "real"}}},
		{"a link out of a linked folder", [][2]string{{"folder", "other"}, {"other/token", "../real/token"}}},
	} {
		for _, exists := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s, file exists %v", tt.name, exists), func(t *testing.T) {
				t.Parallel()
				root := t.TempDir()
				for _, folder := range []string{"real", "other"} {
					check.OK(t, os.Mkdir(filepath.Join(root, folder), 0o700))
				}
				for _, l := range tt.link {
					check.OK(t, os.Symlink(l[1], filepath.Join(root, l[0])))
				}
				way, real := filepath.Join(root, tt.link[0][0]), filepath.Join(root, "real", "token")
				if tt.link[0][0] == "folder" {
					way = filepath.Join(way, "token")
				}
				if exists {
					keepInFile(t, fileApp(), real, oldToken)
				}
				keepInFile(t, fileApp(), way, newToken)
				for _, l := range tt.link {
					assertMode(t, filepath.Join(root, l[0]), fs.ModeSymlink|0o777)
				}
				assertMode(t, real, 0o600)
				assertFile(t, fileApp(), real, newToken)
				assertFile(t, fileApp(), way, newToken)
				if _, err := os.Stat(real + ".lock"); err != nil {
					t.Errorf("the lock is elsewhere: %v", err)
				}
			})
		}
	}
}

func TestLinkInACircleIsRefused(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	path := filepath.Join(folder, "token")
	check.OK(t, errors.Join(os.Symlink("other", path), os.Symlink("token", filepath.Join(folder, "other"))))
	f := newFile(t, fileApp(), path)
	unlock, err := f.Lock(t.Context())
	if err == nil {
		defer unlock()
		_, err = f.Check(t.Context())
	}
	assertID(t, "Check", err, "target-unwritable")
}

// TestLockFileIsNothingElse: a pipe would be waited for, and a link followed.
func TestLockFileIsNothingElse(t *testing.T) {
	t.Parallel()
	for name, put := range map[string]func(lock string) error{
		"a pipe":   func(lock string) error { return syscall.Mkfifo(lock, 0o600) },
		"a link":   func(lock string) error { return os.Symlink(filepath.Join(filepath.Dir(lock), "victim"), lock) },
		"a folder": func(lock string) error { return os.Mkdir(lock, 0o700) },
	} {
		path := filepath.Join(t.TempDir(), "token")
		check.OK(t, put(path+".lock"))
		_, err := store.NewFile(store.Target{Path: path}, fileApp()).Lock(t.Context())
		var e *store.Error
		if !errors.As(err, &e) || e.ID != "target-bad-lock" {
			t.Errorf("%s: got %v, want kind %s", name, err, "target-bad-lock")
		}
		if _, err := os.Stat(filepath.Join(filepath.Dir(path), "victim")); err == nil {
			t.Errorf("%s was followed", name)
		}
	}
}

// TestAFileKeepsItsOwner: root may run this for somebody else, who prepared a
// file, or a folder, and must be able to lock and read it afterwards.
func TestAFileKeepsItsOwner(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root can give a file away")
	}
	t.Parallel()
	for _, before := range []string{"a document", "an empty file", "a folder"} {
		for what, do := range map[string]func(*store.File) error{
			"a check": func(*store.File) error { return nil },
			"a write": func(f *store.File) error { return f.Store(t.Context(), record(newToken)) },
		} {
			path := filepath.Join(t.TempDir(), "token")
			owned := path
			switch before {
			case "a document":
				keepInFile(t, fileApp(), path, oldToken)
				check.OK(t, os.Remove(path+".lock"))
			case "an empty file":
				write(t, path, "")
			default:
				owned = filepath.Dir(path)
			}
			check.OK(t, os.Chown(owned, 1000, 1000))
			check.OK(t, use(path, do))
			files := []string{owned, path + ".lock"}
			if what == "a write" {
				files = append(files, path)
			}
			for _, file := range files {
				info := check.Must(os.Stat(file))(t)
				// The group is that of a file that was there before.
				if is := info.Sys().(*syscall.Stat_t); is.Uid != 1000 || file == owned && is.Gid != 1000 {
					t.Errorf("%s, with %s before: %s belongs to %d:%d", what, before, filepath.Base(file), is.Uid, is.Gid)
				}
			}
		}
	}
}

// TestAnEmptyFileIsRehearsed: when it is mounted by itself nothing can take its
// place, which the check finds out by doing it.
func TestAnEmptyFileIsRehearsed(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "token")
	write(t, path, "")
	before := check.Must(os.Stat(path))(t)
	_, _, unlock := checked(t, fileApp(), path)
	defer unlock()
	after, err := os.Stat(path)
	check.That(t, err == nil && !os.SameFile(before, after) && after.Size() == 0, "the file was not replaced by one like it: %v", err)
}
