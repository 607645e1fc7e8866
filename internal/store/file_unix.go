//go:build unix

package store

import (
	"os"
	"syscall"
)

// lockFlags open a lock file, but nothing that was put in its place meanwhile.
const lockFlags = os.O_CREATE | os.O_RDWR | syscall.O_NOFOLLOW | syscall.O_NONBLOCK

// giveTo gives file to the owner of another one.
func giveTo(file *os.File, other os.FileInfo) error {
	info, err := file.Stat()
	if err != nil {
		return err
	}
	was, is := other.Sys().(*syscall.Stat_t), info.Sys().(*syscall.Stat_t)
	err = file.Chown(int(was.Uid), int(was.Gid))
	if is.Uid == was.Uid {
		return nil // a group that only root can give means nothing at mode 0600
	}
	return err
}
