//go:build unix

package store_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"strava-token/internal/check"
	"strava-token/internal/store"
)

// TestMain lets the test's own binary be the other process, which uses a file whole.
func TestMain(m *testing.M) {
	part := os.Getenv("STORE_TEST_PART")
	if part == "" {
		os.Exit(m.Run())
	}
	syscall.Umask(0)
	f := store.NewFile(store.Target{Path: os.Getenv("STORE_TEST_FILE")}, fileApp)
	unlock, err := f.Lock(context.Background())
	if err == nil {
		_, err = f.Check(context.Background())
	}
	if err == nil {
		err = parts[part](f)
		unlock()
	}
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	os.Exit(0)
}

// parts are what another process may do with a file that it has locked and checked.
var parts = map[string]func(f *store.File) error{
	"write": func(f *store.File) error { return f.Store(context.Background(), record(newToken)) },
	// writes for ever, and says so each time
	"forever": func(f *store.File) error {
		for n := 1; ; n++ {
			if err := f.Store(context.Background(), record(numbered(n))); err != nil {
				return err
			}
			fmt.Println(n)
		}
	},
	// holds the lock until it is told to end
	"hold": func(*store.File) error {
		fmt.Println("held")
		_, err := io.Copy(io.Discard, os.Stdin)
		return err
	},
	// checks and writes on a full disk, and writes when there is room again
	"full": func(f *store.File) error {
		before, _ := os.ReadFile(f.Path)
		signal.Ignore(syscall.SIGXFSZ)
		var was syscall.Rlimit
		if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &was); err != nil {
			return err
		}
		// No file of this process grows beyond 100 bytes now. Afterwards it may: what it
		// covered of the code is written, under -cover.
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 100, Max: was.Max}); err != nil {
			return err
		}
		_, checked := f.Check(context.Background())
		stored := f.Store(context.Background(), record(newToken))
		for _, err := range []error{checked, stored} {
			e, _ := errors.AsType[*store.Error](err)
			fmt.Println(e.ID)
		}
		after, _ := os.ReadFile(f.Path)
		fmt.Println("unchanged:", string(after) == string(before))
		return errors.Join(syscall.Setrlimit(syscall.RLIMIT_FSIZE, &was), f.Store(context.Background(), record(newToken)))
	},
}

// process is this binary, as the other process.
func process(t *testing.T, part, path string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), check.Must(os.Executable())(t))
	cmd.Dir = filepath.Dir(path)
	// The race detector would wait for a second at the end of each.
	cmd.Env = append(os.Environ(), "GORACE=atexit_sleep_ms=0", "STORE_TEST_PART="+part, "STORE_TEST_FILE="+filepath.Base(path))
	return cmd
}

// run returns what the process printed.
func run(t *testing.T, part, path string) string {
	t.Helper()
	out, err := process(t, part, path).CombinedOutput()
	check.Need(t, err == nil, "%s: %v: %s", part, err, out)
	return string(out)
}

// TestFullDisk is found before anything is spent, and a write that breaks off leaves
// the old file.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	for _, tokens := range [][]string{nil, {oldToken}} {
		path := filepath.Join(t.TempDir(), "token")
		using(t, path, tokens...)
		check.Equal(t, run(t, "full", path), "target-unwritable\ntarget-unwritable\nunchanged: true\n", "Check and Store")
		assertFile(t, path, newToken)
		assertFolder(t, filepath.Dir(path), "token", "token.lock")
	}
}

// begin starts a process, and returns its input and what it says.
func begin(t *testing.T, part, path string) (cmd *exec.Cmd, stdin io.Closer, line func() string) {
	t.Helper()
	cmd = process(t, part, path)
	stdin = check.Must(cmd.StdinPipe())(t)
	lines := bufio.NewScanner(check.Must(cmd.StdoutPipe())(t))
	check.OK(t, cmd.Start())
	t.Cleanup(func() { _ = errors.Join(cmd.Process.Kill(), cmd.Wait()) })
	return cmd, stdin, func() string {
		check.Need(t, lines.Scan(), "the other process ended: %v", lines.Err())
		return lines.Text()
	}
}

func TestLockOfAnotherProcess(t *testing.T) {
	t.Parallel()
	for _, killed := range []bool{false, true} {
		path := filepath.Join(t.TempDir(), "token")
		cmd, stdin, line := begin(t, "hold", path)
		check.Equal(t, line(), "held", "the other process said")
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		for _, what := range []string{"Lock", "Lock of one who never began"} {
			_, err := store.NewFile(store.Target{Path: path}, fileApp).Lock(ctx)
			assertID(t, what, err, "target-busy")
		}
		if killed {
			check.OK(t, cmd.Process.Kill())
		} else {
			check.OK(t, stdin.Close())
		}
		using(t, path, newToken) // waits for its turn
		assertFile(t, path, newToken)
		assertFolder(t, filepath.Dir(path), "token", "token.lock")
	}
}

// TestFileIsWholeAtEveryMoment kills a process that writes all the time, and
// reads what it writes without a lock meanwhile.
func TestFileIsWholeAtEveryMoment(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "token")
	cmd, _, line := begin(t, "forever", path)
	last := 0
	whole := func() {
		seen := filepath.Join(t.TempDir(), "token")
		write(t, seen, read(t, path))
		held, _ := using(t, seen)
		n, err := strconv.Atoi(strings.TrimLeft(held, "0"))
		check.Need(t, err == nil && n >= last, "the file keeps the token %q, want %d or a later one", held, last)
		last = n
	}
	for range 3 {
		line()
		whole()
		whole()
	}
	check.OK(t, cmd.Process.Kill())
	_ = cmd.Wait()
	whole()
	assertFile(t, path, numbered(last))
	assertFolder(t, filepath.Dir(path), "token", "token.lock")
}
