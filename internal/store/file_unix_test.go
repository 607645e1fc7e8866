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
	check.Equal(t, check.Must(os.Lstat(path))(t).Mode(), want, "mode of %s", filepath.Base(path))
}

func TestFileIsForItsOwnerAlone(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "token")
	for range 2 { // new, and replaced, under TestMain's umask
		using(t, path, newToken)
		assertMode(t, path, 0o600)
		assertMode(t, path+".lock", 0o600)
	}
	for mode := range fs.FileMode(0o1000) {
		others := mode&0o077 != 0
		if mode>>6 != 6 && others || mode&0o400 == 0 {
			continue // like the others, or unreadable
		}
		for _, mayReplace := range []bool{false, true} {
			check.OK(t, os.Chmod(path, mode))
			f, unlock := locked(t, path)
			f.MayReplace = mayReplace
			_, err := f.Check(t.Context())
			unlock()
			if others {
				assertID(t, fmt.Sprintf("Check under %v", mode), err, "target-exposed")
				assertMode(t, path, mode)
			} else {
				assertID(t, fmt.Sprintf("Check under %v", mode), err, "")
				assertMode(t, path, 0o600)
			}
		}
	}
}

// TestLockRefuses what can't be a file, before a lock is left behind for it, and what
// can't be a lock: a pipe would be waited for, and a link followed.
func TestLockRefuses(t *testing.T) {
	t.Parallel()
	pipe := func(path string) error { return syscall.Mkfifo(path, 0o600) }
	folder := func(path string) error { return os.Mkdir(path, 0o700) }
	link := func(to string) func(string) error {
		return func(path string) error { return os.Symlink(to, path) }
	}
	for _, tt := range []struct {
		made string
		put  func(string) error
		path string
		want string
	}{
		{"elsewhere", folder, "nowhere/token", "target-no-folder"},
		{"plain", pipe, "plain/token", "target-no-folder"},
		{"token", folder, "token", "target-not-a-file"},
		{"token", pipe, "token", "target-not-a-file"},
		{"token", link("victim"), "token", "target-not-a-file"},
		{"token", link("token"), "token", "target-not-a-file"},
		{"token.lock", pipe, "token", "target-bad-lock"},
		{"token.lock", folder, "token", "target-bad-lock"},
		{"token.lock", link("victim"), "token", "target-bad-lock"},
	} {
		in := t.TempDir()
		check.OK(t, tt.put(filepath.Join(in, tt.made)))
		_, err := store.NewFile(store.Target{Path: filepath.Join(in, tt.path)}, fileApp).Lock(t.Context())
		assertID(t, "Lock of "+tt.path, err, tt.want)
		assertFolder(t, in, tt.made)
	}
}

// TestLinksAreFollowed holds that a link stays one, and that all ways to a file share one
// lock.
func TestLinksAreFollowed(t *testing.T) {
	t.Parallel()
	for way, links := range map[string][][2]string{ // from, to
		"token":        {{"token", "real/link"}, {"real/link", "../real/./token"}},
		"folder/token": {{"folder", "other"}, {"other/token", "../real/token"}},
	} {
		root := t.TempDir()
		file, way := filepath.Join(root, "real", "token"), filepath.Join(root, way)
		check.OK(t, errors.Join(os.Mkdir(filepath.Dir(file), 0o700), os.Mkdir(filepath.Join(root, "other"), 0o700)))
		for _, l := range links {
			check.OK(t, os.Symlink(l[1], filepath.Join(root, l[0])))
		}
		using(t, file, oldToken)
		using(t, way, newToken)
		for _, l := range links {
			assertMode(t, filepath.Join(root, l[0]), fs.ModeSymlink|0o777)
		}
		assertMode(t, file, 0o600)
		assertMode(t, file+".lock", 0o600)
		assertFile(t, file, newToken)
		assertFile(t, way, newToken)
	}
	path := filepath.Join(t.TempDir(), "real", "token") // behind a linked folder it may be new
	check.OK(t, errors.Join(os.Mkdir(filepath.Dir(path), 0o700), os.Symlink("real", filepath.Dir(path)+"2")))
	using(t, filepath.Join(filepath.Dir(path)+"2", "token"), newToken)
	assertFile(t, path, newToken)
}

// TestAFileKeepsItsOwner: root may run this for somebody else, who prepared a
// file, or a folder, and must be able to lock and read it afterwards.
func TestAFileKeepsItsOwner(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root can give a file away")
	}
	t.Parallel()
	for _, before := range []string{"a document", "an empty file", "a folder"} {
		for _, tokens := range [][]string{nil, {newToken}} {
			path := filepath.Join(t.TempDir(), "token")
			owned := path
			switch before {
			case "a document":
				using(t, path, oldToken)
				check.OK(t, os.Remove(path+".lock"))
			case "an empty file":
				write(t, path, "")
			default:
				owned = filepath.Dir(path)
			}
			check.OK(t, os.Chown(owned, 1000, 1000))
			using(t, path, tokens...)
			files := []string{owned, path + ".lock"}
			if tokens != nil {
				files = append(files, path)
			}
			for _, file := range files {
				is := check.Must(os.Stat(file))(t).Sys().(*syscall.Stat_t)
				// The group is that of a file that was there before.
				check.That(t, is.Uid == 1000 && (file != owned || is.Gid == 1000), "%d tokens, %s before: %s belongs to %d:%d",
					len(tokens), before, filepath.Base(file), is.Uid, is.Gid)
			}
		}
	}
}
