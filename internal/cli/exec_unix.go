//go:build unix

package cli

import (
	"os"
	"os/signal"
	"syscall"
)

// become replaces this process by a command, so that signals and the exit status
// are its own. It returns only if that failed.
func become(path string, args, env []string) (status int, err error) {
	// What is ignored here would be ignored there, too. A handler is not handed
	// on.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	return 0, syscall.Exec(path, args, env)
}
