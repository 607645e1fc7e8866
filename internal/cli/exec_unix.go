//go:build unix

package cli

import (
	"os"
	"os/signal"
	"syscall"
)

// become replaces this process with a command, so that signals and the exit status
// are its own. It returns only if that failed.
func become(path string, args, env []string) (status int, err error) {
	// A signal ignored here would be ignored there as well. A handler isn't
	// inherited.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	return 0, syscall.Exec(path, args, env)
}
