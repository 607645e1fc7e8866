//go:build unix

package store

import (
	"os"
	"syscall"
)

// keepOwner gives file the owner that it had before: root may run this for somebody
// else, who must be able to read it afterwards.
func keepOwner(file *os.File, before os.FileInfo) error {
	info, err := file.Stat()
	if err != nil {
		return err
	}
	was, is := before.Sys().(*syscall.Stat_t), info.Sys().(*syscall.Stat_t)
	if is.Uid == was.Uid && is.Gid == was.Gid {
		return nil
	}
	err = file.Chown(int(was.Uid), int(was.Gid))
	if is.Uid == was.Uid {
		return nil // a group that only root can give means nothing at mode 0600
	}
	return err
}

// giveTo gives a file to the owner of another one, if this process may.
func giveTo(file *os.File, other os.FileInfo) {
	if owner, known := other.Sys().(*syscall.Stat_t); known && os.Geteuid() == 0 {
		_ = file.Chown(int(owner.Uid), -1)
	}
}

// lockFlags open a lock file, but nothing that was put in its place meanwhile.
const lockFlags = os.O_CREATE | os.O_RDWR | syscall.O_NOFOLLOW | syscall.O_NONBLOCK
