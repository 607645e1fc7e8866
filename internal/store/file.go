package store

import (
	"cmp"
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
	othersMay = 0o077                 // permissions of group and others, which the file must not have
	lockPoll  = 20 * time.Millisecond // between two tries for a lock that another process has
)

// File is a sealed file on this machine. Call Lock first, then Check, then
// anything else.
type File struct {
	Target
	readable
	path string      // with symbolic links followed
	text string      // the current content
	info os.FileInfo // of the current file; nil if there is none
}

// NewFile returns the file that t names.
func NewFile(t Target, app App) *File {
	return &File{Target: t, readable: readable{held: Held{app: app}}}
}

func (f *File) fault(id string, cause error) *Error {
	return &Error{ID: id, Target: f.Target, cause: cause}
}

// Lock waits for the file's lock and returns the function that releases it. The lock
// is a file of its own beside it, and stays, since a rename would defeat a lock on the
// file itself. An error is an *Error.
func (f *File) Lock(ctx context.Context) (unlock func(), err error) {
	// A link stays one, and every path to the file leads to the same lock.
	file, _ := filepath.EvalSymlinks(f.Path)
	folder, _ := filepath.EvalSymlinks(filepath.Dir(f.Path))
	f.path = cmp.Or(file, filepath.Join(cmp.Or(folder, filepath.Dir(f.Path)), filepath.Base(f.Path)))
	// A copy under another name is refused: each would go on as if the token were its
	// own. The folder may be moved.
	f.Name = filepath.Base(f.path)
	f.place = place{Purpose: "file", Target: filePrefix + f.Name}
	if folder, err := os.Stat(filepath.Dir(f.path)); err != nil || !folder.IsDir() {
		return nil, f.fault("target-no-folder", err)
	}
	info, err := os.Lstat(f.path)
	if err == nil && !info.Mode().IsRegular() {
		return nil, f.fault("target-not-a-file", nil) // a folder, a device, or a link that leads nowhere
	}
	f.info = info
	name := f.path + ".lock"
	made, err := os.OpenFile(name, lockFlags|os.O_EXCL, 0o600)
	switch there, statErr := os.Lstat(name); {
	case err == nil:
		_ = f.giveAway(made)
		_ = made.Close()
	case errors.Is(err, fs.ErrPermission):
		return nil, f.fault("target-folder-unwritable", err)
	case statErr == nil && !there.Mode().IsRegular():
		return nil, f.fault("target-bad-lock", nil) // a link would be followed, and a pipe would block
	}
	lock := flock.New(name, flock.SetPermissions(0o600), flock.SetFlag(lockFlags))
	switch _, err := lock.TryLockContext(ctx, lockPoll); {
	case err != nil && ctx.Err() != nil:
		return nil, f.fault("target-busy", ctx.Err())
	case err != nil:
		return nil, f.fault("target-lock-unwritable", err)
	case !isCalled(name, lock):
		_ = lock.Unlock()
		return f.Lock(ctx) // somebody removed it, and the next process would lock another file
	}
	return func() { _ = lock.Unlock() }, nil
}

// Check reads the file and rehearses a replacement: a full disk, or a file that is a
// mount point, shows only if it's tried. An error is an *Error.
func (f *File) Check(context.Context) (Facts, error) {
	if sealed.Usable(f.held.app.ClientSecret) != nil {
		return Facts{}, f.fault(weakSecret, nil)
	}
	if err := f.read(); err != nil {
		return Facts{}, err
	}
	var updated time.Time
	if f.info != nil {
		updated = f.info.ModTime()
	}
	return f.facts(strings.TrimSpace(f.text) != "", updated), f.replace(f.text, true)
}

func (f *File) read() error {
	f.text, f.info, f.held = "", nil, Held{app: f.held.app}
	text, info, err := load(f.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return f.fault("target-unwritable", err)
	case info.Mode().Perm()&othersMay != 0 && runtime.GOOS != "windows":
		return f.fault("target-exposed", nil)
	case len(text) > sealed.MaxText:
		return f.fault("target-too-large", nil)
	}
	if id := f.open(text); id != "" && strings.TrimSpace(text) != "" {
		return f.fault(id, nil)
	}
	f.text, f.info = text, info
	return nil
}

// load reads a file, but not much more than a document may have.
func load(path string) (text string, info os.FileInfo, err error) {
	file, err := os.Open(path)
	if err != nil {
		return "", nil, err
	}
	defer file.Close()
	content, err := io.ReadAll(io.LimitReader(file, sealed.MaxText+1))
	info, statErr := file.Stat()
	return string(content), info, errors.Join(err, statErr)
}

// Reread returns what was read under the lock: nobody else changes the file meanwhile.
func (f *File) Reread(context.Context) (Held, error) { return f.held, nil }

// Store replaces the file with r. An error is an *Error.
func (f *File) Store(_ context.Context, r Record) error {
	next, text, err := f.compose(r)
	if err != nil {
		return f.fault(weakSecret, err)
	}
	if err := f.replace(text, false); err != nil {
		return err
	}
	f.held = next
	return nil
}
