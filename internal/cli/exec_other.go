//go:build !unix

package cli

import (
	"errors"
	"os"
	"os/exec"
)

// become runs a command and waits for it. The console sends its signals to the
// command as well, and this process outlives them.
func become(path string, args, env []string) (status int, err error) {
	cmd := exec.Command(path, args[1:]...)
	cmd.Env, cmd.Stdin, cmd.Stdout, cmd.Stderr = env, os.Stdin, os.Stdout, os.Stderr
	err = cmd.Run()
	if exit, ended := errors.AsType[*exec.ExitError](err); ended {
		return exit.ExitCode(), nil
	}
	return 0, err
}
