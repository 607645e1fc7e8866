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
	"syscall"
	"time"

	"github.com/gofrs/flock"

	"strava-token/internal/sealed"
)

const (
	// othersMay are the permissions that nobody but the owner may have.
	othersMay = 0o077
	// lockPoll is how often a lock that another process holds is asked for.
	lockPoll = 20 * time.Millisecond
	// reserved is how much room is taken on the disk before a token is spent;
	// a document needs less.
	reserved = 8 << 10
)

// File is a sealed file on this machine. Lock comes first, then Check, then
// everything else.
type File struct {
	Target Target
	// MayReplace lets Check pass a document that nobody here can open: whoever
	// just logged in has a better one.
	MayReplace bool

	app    App
	path   string      // with symbolic links followed
	fresh  string      // the file that takes its place, with room on the disk
	text   string      // what stands there
	info   os.FileInfo // and whose it is; nil where nothing does
	held   Held
	locked *flock.Flock
}

// NewFile returns the file that t names.
func NewFile(t Target, app App) *File {
	return &File{Target: t, app: app, path: t.Path, held: Held{app: app}}
}

func (f *File) String() string { return f.Target.String() }

// Held returns what Check found, or Store wrote.
func (f *File) Held() Held { return f.held }

// place binds the document to its name, so that a copy under another one is
// refused: both would go on as if the token were theirs alone. The folder may be
// moved.
func (f *File) place() place { return place{Purpose: "file", Target: "file:" + filepath.Base(f.path)} }

func (f *File) fault(kind Kind, cause error) *Error {
	return &Error{Kind: kind, Target: f.String(), Name: filepath.Base(f.Target.Path), cause: cause}
}

// Lock waits until no other process uses the file, and returns what ends the use
// by this one. The lock is on a file of its own beside it, which stays, since a
// rename would defeat a lock on the file itself. An error is an *Error.
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
	if err == nil && !before.Mode().IsRegular() {
		return nil, f.fault(BadLock, nil) // a link would be followed, and a pipe waited for
	}
	f.locked = flock.New(lock, flock.SetPermissions(0o600), flock.SetFlag(lockFlags))
	held, err := f.locked.TryLockContext(ctx, lockPoll)
	if err != nil && ctx.Err() != nil {
		return nil, f.fault(Busy, ctx.Err())
	}
	if before == nil && errors.Is(err, fs.ErrPermission) {
		return nil, f.fault(FolderUnwritable, err)
	}
	if err != nil || !held {
		return nil, f.fault(LockUnwritable, err)
	}
	if before == nil {
		f.giveAway(lock)
	}
	return f.unlock, nil
}

// giveAway gives what was made to whom the file belongs, or else its folder: root
// may run this once for somebody who has to use it afterwards. Nobody else may give
// anything away, and owns what was made.
func (f *File) giveAway(made string) {
	owner, err := os.Stat(f.path)
	if err != nil {
		owner, err = os.Stat(filepath.Dir(f.path))
	}
	if err == nil {
		_ = keepOwner(made, owner)
	}
}

// maxLinks is how many symbolic links are followed to a file.
const maxLinks = 40

// follow returns the file that path leads to, which need not be there yet: a
// link stays one, and everybody who comes to the file takes the same lock.
func follow(path string) string {
	for range maxLinks {
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

// discard gives back the room that was made.
func (f *File) discard() {
	if f.fresh != "" {
		_ = os.Remove(f.fresh)
		f.fresh = ""
	}
}

// Check reads what the file holds, and makes room for what will take its place.
// An error is an *Error.
func (f *File) Check(context.Context) (Facts, error) {
	if sealed.Usable(f.app.ClientSecret) != nil {
		return Facts{}, f.fault(WeakSecret, nil)
	}
	facts, err := f.read()
	if err != nil {
		return Facts{}, err
	}
	if err := f.reserve(); errors.Is(err, fs.ErrPermission) {
		return Facts{}, f.fault(FolderUnwritable, err)
	}
	if err := f.rehearse(facts); err != nil {
		return Facts{}, f.fault(Unwritable, err)
	}
	facts.WriteProven, facts.Local, facts.Held = true, true, !f.held.RefreshToken.Empty()
	return facts, nil
}

// rehearse does what Store does, with what stands there already: a file that is
// mounted by itself cannot be replaced, for example, and only trying tells.
func (f *File) rehearse(facts Facts) error {
	if err := syncFolder(filepath.Dir(f.path)); err != nil {
		return err
	}
	if err := f.reserve(); err != nil || f.info == nil {
		return err
	}
	if err := overwrite(f.fresh, f.text); err != nil {
		return err
	}
	_ = os.Chtimes(f.fresh, facts.UpdatedAt, facts.UpdatedAt)
	if err := os.Chmod(f.fresh, f.info.Mode().Perm()); err != nil {
		return err
	}
	if err := keepOwner(f.fresh, f.info); err != nil {
		return err
	}
	if err := os.Rename(f.fresh, f.path); err != nil {
		return err
	}
	f.fresh = ""
	return f.reserve()
}

// stat looks at what stands there; nil is nothing. An error is an *Error.
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

func (f *File) read() (Facts, error) {
	f.text, f.info, f.held = "", nil, Held{app: f.app}
	info, err := f.stat()
	switch {
	case err != nil || info == nil:
		return Facts{}, err
	case info.Mode().Perm()&othersMay != 0 && runtime.GOOS != "windows":
		return Facts{}, f.fault(Exposed, nil)
	case info.Size() > sealed.MaxText:
		return Facts{}, f.fault(TooLarge, nil)
	}
	content, err := readAll(f.path)
	if err != nil {
		return Facts{}, f.fault(Unwritable, err)
	}
	if strings.TrimSpace(content) == "" {
		f.text, f.info = content, info
		return Facts{UpdatedAt: info.ModTime()}, nil
	}
	held, kind := f.app.read(f.place(), content)
	if kind != "" && !(f.MayReplace && replaceable(kind)) {
		return Facts{}, f.fault(kind, nil)
	}
	if kind != "" {
		held = Held{app: f.app}
	}
	f.held, f.text, f.info = held, content, info
	return Facts{Exists: true, UpdatedAt: info.ModTime()}, nil
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

// reserve makes the file that takes the place of the old one, full of blanks and
// on the disk already, so that a full disk is found out before a token is spent.
func (f *File) reserve() error {
	if f.fresh != "" {
		return nil
	}
	folder, before, after := filepath.Dir(f.path), "."+filepath.Base(f.path)+".", ".new"
	entries, _ := os.ReadDir(folder)
	for _, left := range entries { // by processes that were killed
		middle, ours := strings.CutPrefix(left.Name(), before)
		middle, whole := strings.CutSuffix(middle, after)
		if ours && whole && middle != "" && strings.Trim(middle, "0123456789") == "" { // not another target's
			_ = os.Remove(filepath.Join(folder, left.Name()))
		}
	}
	file, err := os.CreateTemp(folder, before+"*"+after) // mode 0600
	if err != nil {
		return err
	}
	f.fresh = file.Name()
	blanks := make([]byte, reserved)
	for i := range blanks {
		blanks[i] = ' '
	}
	_, err = file.Write(blanks)
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		f.discard()
	}
	return err
}

// Reread returns what the file holds. Nobody else can have changed it.
func (f *File) Reread(context.Context) (Held, error) { return f.held, nil }

// Store replaces the file by r: written and synced beside it, then renamed, then
// the folder synced, so that after a power cut either the old or the new file
// stands there whole. An error is an *Error.
func (f *File) Store(_ context.Context, r Record) error {
	text, err := f.app.compose(f.place(), r, f.held)
	if err != nil {
		return f.fault(WeakSecret, err)
	}
	if err := f.reserve(); err != nil {
		return f.fault(Unwritable, err)
	}
	err = overwrite(f.fresh, text)
	if errors.Is(err, os.ErrNotExist) { // somebody tidied up
		f.fresh = ""
		if err = f.reserve(); err == nil {
			err = overwrite(f.fresh, text)
		}
	}
	if err != nil {
		return f.fault(Unwritable, err)
	}
	if f.info == nil {
		f.giveAway(f.fresh)
	} else {
		err = keepOwner(f.fresh, f.info)
	}
	if err == nil {
		err = os.Rename(f.fresh, f.path)
	}
	if err != nil {
		return f.fault(Unwritable, err)
	}
	f.fresh = ""
	f.held, f.text = f.held.after(r), text
	_ = syncFolder(filepath.Dir(f.path)) // the check did the same, and the file is there
	return nil
}

// overwrite writes text into the room that was reserved, and then gives back
// what it does not need.
func overwrite(path, text string) error {
	file, err := os.OpenFile(path, os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = file.WriteString(text)
	if err == nil {
		err = file.Truncate(int64(len(text)))
	}
	return errors.Join(err, file.Sync(), file.Close())
}

// syncFolder makes a rename last. Windows has nothing of the kind.
func syncFolder(path string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	folder, err := os.Open(path)
	if err != nil {
		return err
	}
	err = folder.Sync()
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, errors.ErrUnsupported) {
		err = nil // some network file systems know no such thing, and the file is there
	}
	return errors.Join(err, folder.Close())
}
