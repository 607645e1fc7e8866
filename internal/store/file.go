package store

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/gofrs/flock"

	"strava-token/internal/sealed"
)

const (
	othersMay = 0o077                 // permissions that only the owner may have
	lockPoll  = 20 * time.Millisecond // between two tries for a lock that another process has
)

// File is a sealed file on this machine. Call Lock first, then Check, then
// anything else.
type File struct {
	Target Target
	readable
	path   string      // with symbolic links followed
	room   *os.File    // the file that will replace it, with its disk space reserved; nil if there is none
	text   string      // the current content
	info   os.FileInfo // of the current file; nil if there is none
	locked *flock.Flock
}

// NewFile returns the file that t names.
func NewFile(t Target, app App) *File {
	return &File{Target: t, readable: readable{app: app, held: Held{app: app}}, path: t.Path}
}

func (f *File) String() string { return f.Target.String() }

// place binds the document to the file's name, so that a copy under another name is
// refused: each would go on as if the token were its own. The folder may be moved.
func (f *File) place() place { return place{Purpose: "file", Target: "file:" + filepath.Base(f.path)} }

func (f *File) fault(kind Kind, cause error) *Error {
	return &Error{Kind: kind, Target: f.Target, Name: filepath.Base(f.Target.Path), cause: cause}
}

// Lock waits for the file's lock and returns the function that releases it. The lock
// is a file of its own beside it, and stays, since a rename would defeat a lock on the
// file itself. An error is an *Error.
func (f *File) Lock(ctx context.Context) (unlock func(), err error) {
	f.path = follow(f.Target.Path)
	if info, err := os.Stat(filepath.Dir(f.path)); err != nil || !info.IsDir() {
		return nil, f.fault(NoFolder, err)
	}
	if _, err := f.stat(); err != nil {
		return nil, err // before a lock is left behind for it
	}
	lock := f.path + ".lock"
	before, err := os.Lstat(lock)
	switch {
	case err == nil && !before.Mode().IsRegular():
		return nil, f.fault(BadLock, nil) // a link would be followed, and a pipe would block
	case errors.Is(err, fs.ErrNotExist):
		made, err := os.OpenFile(lock, lockFlags|os.O_EXCL, 0o600)
		if errors.Is(err, fs.ErrPermission) {
			return nil, f.fault(FolderUnwritable, err)
		}
		if err == nil {
			f.giveAway(made)
			_ = made.Close()
		}
	}
	f.locked = flock.New(lock, flock.SetPermissions(0o600), flock.SetFlag(lockFlags))
	held, err := f.locked.TryLockContext(ctx, lockPoll)
	if err != nil && ctx.Err() != nil {
		return nil, f.fault(Busy, ctx.Err())
	}
	if err != nil || !held {
		e := f.fault(LockUnwritable, err)
		e.Name = filepath.Base(f.path) // a link may lead there
		return nil, e
	}
	if !isCalled(lock, f.locked) {
		_ = f.locked.Unlock()
		return f.Lock(ctx) // somebody removed it, and the next process would lock another file
	}
	return f.unlock, nil
}

// follow returns the file that path leads to, even if it doesn't exist yet: a link
// stays a link, and every path to the file leads to the same lock.
func follow(path string) string {
	for range 40 { // links may lead in a circle
		folder, err := filepath.EvalSymlinks(filepath.Dir(path))
		if err != nil {
			return path
		}
		path = filepath.Join(folder, filepath.Base(path))
		to, err := os.Readlink(path)
		if err != nil {
			return path
		}
		if !filepath.IsAbs(to) {
			to = filepath.Join(folder, to)
		}
		path = to
	}
	return path
}

func (f *File) unlock() {
	f.discard()
	_ = f.locked.Unlock()
}

// Check reads the file, reserves space for its successor, and rehearses a replacement.
// An error is an *Error.
func (f *File) Check(context.Context) (Facts, error) {
	if sealed.Usable(f.app.ClientSecret) != nil {
		return Facts{}, f.fault(WeakSecret, nil)
	}
	if err := f.read(); err != nil {
		return Facts{}, err
	}
	err := f.reserve()
	if errors.Is(err, fs.ErrPermission) {
		return Facts{}, f.fault(FolderUnwritable, err)
	}
	if err == nil {
		err = f.rehearse()
	}
	if errors.Is(err, errChanged) {
		return Facts{}, f.fault(Overtaken, err)
	}
	if err != nil {
		return Facts{}, f.fault(Unwritable, err)
	}
	facts := f.facts()
	facts.Local, facts.Exists = true, strings.TrimSpace(f.text) != ""
	if f.info != nil {
		facts.UpdatedAt = f.info.ModTime()
	}
	return facts, nil
}

// rehearse does what Store does, with the current content: a file that is a mount
// point can't be replaced, for example, and only trying shows that.
func (f *File) rehearse() error {
	if err := syncFolder(filepath.Dir(f.path)); err != nil || f.info == nil {
		return err
	}
	if err := f.room.Chmod(f.info.Mode().Perm()); err != nil {
		return err
	}
	if err := f.write(f.text); err != nil {
		return err
	}
	_ = os.Chtimes(f.path, f.info.ModTime(), f.info.ModTime())
	return f.reserve()
}

// stat returns the file's info, or nil if there is no file. An error is an *Error.
func (f *File) stat() (os.FileInfo, error) {
	info, err := os.Stat(f.path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, f.fault(Unwritable, err)
	case !info.Mode().IsRegular():
		return nil, f.fault(NotAFile, nil)
	}
	return info, nil
}

func (f *File) read() error {
	f.text, f.info, f.held = "", nil, Held{app: f.app}
	info, err := f.stat()
	switch {
	case err != nil || info == nil:
		return err
	case info.Mode().Perm()&othersMay != 0 && runtime.GOOS != "windows":
		return f.fault(Exposed, nil)
	case info.Size() > sealed.MaxText:
		return f.fault(TooLarge, nil)
	}
	content, err := readAll(f.path)
	if err != nil {
		return f.fault(Unwritable, err)
	}
	if strings.TrimSpace(content) != "" {
		if kind := f.open(f.place(), content); kind != "" {
			return f.fault(kind, nil)
		}
	}
	f.text, f.info = content, info
	return nil
}

func readAll(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer file.Close()
	content, err := io.ReadAll(io.LimitReader(file, sealed.MaxText+1))
	return string(content), err
}

// Reread returns what was read under the lock: nobody else changes the file meanwhile.
func (f *File) Reread(context.Context) (Held, error) { return f.held, nil }

// Store replaces the file with r. The new file is written and synced beside it, then
// renamed, and the folder is synced, so that a power cut leaves either the old or the
// new file whole. An error is an *Error.
func (f *File) Store(_ context.Context, r Record) error {
	text, err := f.app.compose(f.place(), r, f.held)
	if err != nil {
		return f.fault(WeakSecret, err)
	}
	err = f.write(text)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, errReplaced) {
		err = f.write(text) // somebody tidied up what was reserved, or put something else there
	}
	if errors.Is(err, errChanged) {
		if err := f.read(); err != nil {
			return err
		}
		return f.fault(Overtaken, err)
	}
	if err != nil {
		return f.fault(Unwritable, err)
	}
	f.held, f.text = f.held.after(r), text
	f.info, _ = os.Stat(f.path)
	_ = syncFolder(filepath.Dir(f.path)) // the check did the same, and the file is there
	return nil
}
