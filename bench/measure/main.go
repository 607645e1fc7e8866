//go:build linux

// Command measure runs a program and prints how long it took, in nanoseconds,
// and how much memory it had at its peak, in KiB.
//
// It is a program of its own, and imports as little as possible, because a
// process begins with the peak of the one that started it: started from the
// launcher, or from Node or Python, a small program would be told their figure.
package main

import (
	"errors"
	"os"
	"strconv"
	"syscall"
	"time"
)

func main() {
	if err := measure(os.Args[1:]); err != nil {
		_, _ = os.Stderr.WriteString("measure: " + err.Error() + "\n")
		os.Exit(125) // no status of the program's
	}
}

func measure(command []string) error {
	// What the program prints is read by nobody, as in a log.
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	started := time.Now()
	child, err := os.StartProcess(command[0], command, &os.ProcAttr{Files: []*os.File{null, null, os.Stderr}})
	if err != nil {
		return err
	}
	state, err := child.Wait()
	took := time.Since(started)
	if err == nil && !state.Success() {
		err = errors.New(command[0] + ": " + state.String())
	}
	if err != nil {
		return err
	}
	peak := state.SysUsage().(*syscall.Rusage).Maxrss // 32 bits on some systems
	_, err = os.Stdout.WriteString(strconv.FormatInt(took.Nanoseconds(), 10) + " " + strconv.FormatInt(int64(peak), 10) + "\n")
	return err
}
