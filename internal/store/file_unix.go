//go:build unix

package store

import (
	"os"
	"syscall"
)

// keepOwner gives a file to whom it belonged before it was replaced: root may run
// this for somebody else, who must be able to read it afterwards.
func keepOwner(path string, before os.FileInfo) error {
	was, known := before.Sys().(*syscall.Stat_t)
	info, err := os.Stat(path)
	if err != nil || !known {
		return err
	}
	if is, ok := info.Sys().(*syscall.Stat_t); ok && is.Uid == was.Uid && is.Gid == was.Gid {
		return nil
	}
	return os.Chown(path, int(was.Uid), int(was.Gid))
}

// lockFlags open a lock file, and nothing that was put in its place meanwhile.
const lockFlags = os.O_CREATE | os.O_RDWR | syscall.O_NOFOLLOW | syscall.O_NONBLOCK
