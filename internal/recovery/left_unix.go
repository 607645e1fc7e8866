//go:build unix

package recovery

import (
	"os"
	"syscall"
)

const noFollow = syscall.O_NOFOLLOW | syscall.O_NONBLOCK

// isOwn reports whether a file is this user's, and nobody else may access it.
func isOwn(info os.FileInfo) bool {
	stat, known := info.Sys().(*syscall.Stat_t)
	return known && int(stat.Uid) == os.Geteuid() && info.Mode().Perm()&0o077 == 0
}
