package store

import (
	"cmp"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"syscall"
)

// wanted is how much disk space a check asks for. A document needs less.
const wanted = 8 << 10

// replace puts a file with text in the place of the one that was read. The new one is
// written and synced beside it, then renamed, and the folder is synced, so that a power
// cut leaves one of them whole. A rehearsal does the same with the text that is there,
// but also asks for disk space, keeps the date, and leaves no file if there was none. An
// error is an *Error.
func (f *File) replace(text string, rehearsal bool) error {
	made, err := f.create()
	if errors.Is(err, fs.ErrPermission) {
		return f.fault("target-folder-unwritable", err)
	}
	if err == nil {
		err = f.swap(made, text, rehearsal)
		_ = os.Remove(made.Name())
	}
	if _, known := errors.AsType[*Error](err); err == nil || known {
		return err
	}
	return f.fault("target-unwritable", err)
}

// create creates the new file, mode 0600, and removes those of processes that were
// killed.
func (f *File) create() (*os.File, error) {
	folder, before := filepath.Dir(f.path), "."+filepath.Base(f.path)+"."
	left := regexp.MustCompile(`^` + regexp.QuoteMeta(before) + `[0-9]+\.new$`) // not another target's
	entries, _ := os.ReadDir(folder)
	for _, e := range entries {
		if left.MatchString(e.Name()) {
			_ = os.Remove(filepath.Join(folder, e.Name()))
		}
	}
	return os.CreateTemp(folder, before+"*.new")
}

// swap writes the new file, closes it and renames it. It's written and given away only
// through its handle: anyone who may write to the folder could put a link under its name.
func (f *File) swap(made *os.File, text string, rehearsal bool) error {
	written := text
	if rehearsal {
		written += strings.Repeat(" ", max(0, wanted-len(text)))
	}
	_, err := made.WriteString(written)
	err = errors.Join(err, made.Sync(), made.Truncate(int64(len(text))), f.giveAway(made), made.Sync())
	info, statErr := made.Stat()
	if err == nil && !isCalled(made.Name(), made) {
		err = errors.New("something else was put in the place of the new file")
	}
	if err = errors.Join(err, statErr, made.Close()); err != nil { // Windows can't rename an open file
		return err
	}
	if !f.isAsRead() {
		return cmp.Or[error](f.read(), f.fault(Overtaken, nil))
	}
	if !rehearsal || f.info != nil {
		if err := os.Rename(made.Name(), f.path); err != nil {
			return err
		}
	}
	err = syncFolder(filepath.Dir(f.path))
	if !rehearsal {
		f.text, f.info = text, info
		return nil // the check synced the folder, and the file is there
	}
	if f.info != nil {
		_ = os.Chtimes(f.path, f.info.ModTime(), f.info.ModTime())
	}
	return err
}

// isCalled reports whether an open file still has that name.
func isCalled(name string, open interface{ Stat() (os.FileInfo, error) }) bool {
	mine, err := open.Stat()
	there, statErr := os.Lstat(name)
	return errors.Join(err, statErr) == nil && os.SameFile(mine, there)
}

// isAsRead reports whether the file is still as it was read: a lock is worthless once
// its file is removed.
func (f *File) isAsRead() bool {
	text, _, err := load(f.path)
	return f.info == nil && errors.Is(err, fs.ErrNotExist) || f.info != nil && err == nil && text == f.text
}

// giveAway gives a new file to the owner of the old one, or else of the folder: root
// may run this once for a user who needs the file afterwards.
func (f *File) giveAway(made *os.File) error {
	if f.info != nil {
		return giveTo(made, f.info)
	}
	if folder, err := os.Stat(filepath.Dir(f.path)); err == nil && os.Geteuid() == 0 {
		_ = giveTo(made, folder)
	}
	return nil
}

// syncFolder makes a rename durable. Windows has no such call.
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
		err = nil // some network file systems don't support it, and the file is there
	}
	return errors.Join(err, folder.Close())
}
