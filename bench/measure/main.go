//go:build linux

// Command measure runs a program and prints how long it took, in nanoseconds,
// and how much memory it had at its peak, in KiB.
//
// It is a program of its own, and imports as little as possible, because a
// process begins with the peak of the one that started it: started from the
// launcher, or from Node or Python, a small program would be told their figure.
package main

import (
	"os"
	"strconv"
	"syscall"
	"time"
)

// The exit status if nothing could be measured.
const notMeasured = 125

func main() {
	if len(os.Args) < 2 {
		fail("usage: measure PROGRAM [ARGUMENT...]")
	}
	// What the program prints is read by nobody, as in a log.
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		fail(err.Error())
	}
	started := time.Now()
	child, err := os.StartProcess(os.Args[1], os.Args[1:], &os.ProcAttr{Files: []*os.File{null, null, os.Stderr}})
	if err != nil {
		fail(err.Error())
	}
	state, err := child.Wait()
	took := time.Since(started)
	if err != nil {
		fail(err.Error())
	}
	if !state.Success() {
		fail(os.Args[1] + ": " + state.String())
	}
	usage, ok := state.SysUsage().(*syscall.Rusage)
	if !ok {
		fail("the system does not tell the use of memory")
	}
	_, _ = os.Stdout.WriteString(strconv.FormatInt(took.Nanoseconds(), 10) + " " + strconv.FormatInt(int64(usage.Maxrss), 10) + "\n")
}

func fail(message string) {
	_, _ = os.Stderr.WriteString("measure: " + message + "\n")
	os.Exit(notMeasured)
}
