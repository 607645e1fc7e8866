package store

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
)

// reserved is how much disk space is taken before a token is spent; a document needs
// less.
const reserved = 8 << 10

var (
	errReplaced = errors.New("something else was put in the place of the new file")
	errChanged  = errors.New("the file is not the one that was read")
)

// reserve creates the file that will replace the old one, filled with blanks and
// synced, so that a full disk shows before a token is spent. It stays open, and is
// written and given away only through its handle: anyone who may write to the folder
// could put a link under its name.
func (f *File) reserve() error {
	if f.room != nil {
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
	room, err := os.CreateTemp(folder, before+"*"+after) // mode 0600
	if err != nil {
		return err
	}
	f.room = room
	_, err = room.WriteString(strings.Repeat(" ", reserved))
	if err = errors.Join(err, room.Sync()); err != nil {
		f.discard()
	}
	return err
}

func (f *File) discard() {
	if f.room != nil {
		_ = f.room.Close()
		_ = os.Remove(f.room.Name())
		f.room = nil
	}
}

func (f *File) write(text string) error {
	if err := f.reserve(); err != nil {
		return err
	}
	_, err := f.room.WriteAt([]byte(text), 0)
	if err == nil {
		err = f.room.Truncate(int64(len(text))) // gives back what isn't needed
	}
	if err = errors.Join(err, f.room.Sync()); err != nil {
		return err
	}
	if f.info == nil {
		f.giveAway(f.room)
	} else if err := keepOwner(f.room, f.info); err != nil {
		return err
	}
	return f.replace()
}

func (f *File) replace() error {
	defer f.discard()
	name := f.room.Name()
	if !isCalled(name, f.room) {
		return errReplaced
	}
	if err := f.room.Close(); err != nil { // Windows can't rename an open file
		return err
	}
	if !f.isAsRead() {
		return errChanged
	}
	if err := os.Rename(name, f.path); err != nil {
		return err
	}
	f.room = nil
	return nil
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
	content, err := readAll(f.path)
	if f.info == nil {
		return errors.Is(err, fs.ErrNotExist)
	}
	return err == nil && content == f.text
}

// giveAway gives a new file to the owner of the old one, or else of its folder: root
// may run this once for a user who needs the file afterwards. Without root it does
// nothing.
func (f *File) giveAway(made *os.File) {
	owner, err := os.Stat(f.path)
	if err != nil {
		owner, err = os.Stat(filepath.Dir(f.path))
	}
	if err == nil {
		giveTo(made, owner)
	}
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
