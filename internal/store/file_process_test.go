//go:build unix

package store_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
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

// TestMain lets the test's own binary be the other process, which uses a file whole. The
// umask is the worst there is.
func TestMain(m *testing.M) {
	syscall.Umask(0)
	part := os.Getenv("STORE_TEST_PART")
	if part == "" {
		os.Exit(m.Run())
	}
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
	// writes for ever, and says so each time
	"forever": func(f *store.File) error {
		for n := 1; ; n++ {
			if err := f.Store(context.Background(), record(numbered(n))); err != nil {
				return err
			}
			fmt.Println(n)
		}
	},
	// checks and writes on a full disk, and writes when there is room again
	"full": func(f *store.File) error {
		before, _ := os.ReadFile(f.Path)
		held := f.Held().RefreshToken
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
		fmt.Println("unchanged:", string(after) == string(before) && f.Held().RefreshToken.Equal(held))
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

// TestFullDisk is found before anything is spent, and a write that breaks off leaves
// the old file.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	for _, tokens := range [][]string{nil, {oldToken}} {
		path := filepath.Join(t.TempDir(), "token")
		using(t, path, tokens...)
		said, err := process(t, "full", path).CombinedOutput()
		check.Equal(t, string(said), "target-unwritable\ntarget-unwritable\nunchanged: true\n", "Check and Store: %v", err)
		assertFile(t, path, newToken)
		assertFolder(t, filepath.Dir(path), "token", "token.lock")
	}
}

// TestFileIsWholeAtEveryMoment kills a process that writes all the time, and reads what
// it writes without a lock meanwhile. Nobody else has the lock until then.
func TestFileIsWholeAtEveryMoment(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "token")
	cmd := process(t, "forever", path)
	lines := bufio.NewScanner(check.Must(cmd.StdoutPipe())(t))
	check.OK(t, cmd.Start())
	t.Cleanup(func() { _ = errors.Join(cmd.Process.Kill(), cmd.Wait()) })
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
		check.Need(t, lines.Scan(), "the other process ended: %v", lines.Err())
		whole()
		whole()
	}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	for _, what := range []string{"Lock", "Lock of one who never began"} {
		_, err := store.NewFile(store.Target{Path: path}, fileApp).Lock(ctx)
		assertID(t, what, err, "target-busy")
	}
	check.OK(t, cmd.Process.Kill())
	_ = cmd.Wait()
	whole()
	assertFile(t, path, numbered(last))
	assertFolder(t, filepath.Dir(path), "token", "token.lock")
}
