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
	"sync"
	"syscall"
	"testing"
	"time"

	"strava-token/internal/check"
	"strava-token/internal/store"
)

// TestMain lets the test's own binary be the other process.
func TestMain(m *testing.M) {
	if part := os.Getenv("STORE_TEST_PART"); part != "" {
		err := parts[part](os.Getenv("STORE_TEST_FILE"))
		var e *store.Error
		switch {
		case errors.As(err, &e):
			fmt.Println(e.ID)
			os.Exit(1)
		case err != nil:
			fmt.Println(err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// parts are what another process may do with a file.
var parts = map[string]func(path string) error{
	"write": func(path string) error {
		return use(path, func(f *store.File) error { return f.Store(context.Background(), record(newToken)) })
	},
	// counts up what the file holds
	"count": func(path string) error {
		for range 5 {
			err := use(path, func(f *store.File) error {
				n, _ := strconv.Atoi(f.Held().RefreshToken.Reveal())
				return f.Store(context.Background(), record(numbered(n+1)))
			})
			if err != nil {
				return err
			}
		}
		return nil
	},
	// writes for ever, and says so each time
	"forever": func(path string) error {
		for n := 1; ; n++ {
			if err := use(path, func(f *store.File) error { return f.Store(context.Background(), record(numbered(n))) }); err != nil {
				return err
			}
			fmt.Println(n)
		}
	},
	// holds the lock until it is told to end
	"hold": func(path string) error {
		return use(path, func(*store.File) error {
			fmt.Println("held")
			_, _ = io.Copy(io.Discard, os.Stdin)
			return nil
		})
	},
	"check on a full disk": func(path string) error {
		f, unlock, err := lockedFile(path)
		if err != nil {
			return err
		}
		defer unlock()
		return whileFull(func() {
			for range 2 {
				_, err := f.Check(context.Background())
				fmt.Println(kindOf(err))
			}
		})
	},
	"write on a disk that fills up": func(path string) error {
		return use(path, writeWhileFull)
	},
	"write on a disk that was full": func(path string) error {
		return use(path, func(f *store.File) error {
			if err := writeWhileFull(f); err != nil {
				return err
			}
			return f.Store(context.Background(), record(newToken))
		})
	},
}

func writeWhileFull(f *store.File) error {
	return whileFull(func() { fmt.Println(kindOf(f.Store(context.Background(), record(newToken)))) })
}

func kindOf(err error) string {
	var e *store.Error
	if errors.As(err, &e) {
		return e.ID
	}
	return "none"
}

// whileFull lets no file of this process grow beyond 100 bytes while do runs.
// Afterwards the process may write again: what it covered of the code, under
// -cover.
func whileFull(do func()) error {
	signal.Ignore(syscall.SIGXFSZ)
	var was syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &was); err != nil {
		return err
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 100, Max: was.Max}); err != nil {
		return err
	}
	do()
	return syscall.Setrlimit(syscall.RLIMIT_FSIZE, &was)
}

func lockedFile(path string) (f *store.File, unlock func(), err error) {
	syscall.Umask(0)
	target, err := store.Parse("file:"+path, "")
	if err != nil {
		return nil, nil, err
	}
	f = store.NewFile(target, fileApp())
	unlock, err = f.Lock(context.Background())
	return f, unlock, err
}

// use is one whole use of a file, from the lock on.
func use(path string, do func(*store.File) error) error {
	f, unlock, err := lockedFile(path)
	if err != nil {
		return err
	}
	defer unlock()
	if _, err := f.Check(context.Background()); err != nil {
		return err
	}
	return do(f)
}

// process is this binary, as the other process.
func process(t *testing.T, part, path string) *exec.Cmd {
	t.Helper()
	binary := check.Must(os.Executable())(t)
	cmd := exec.CommandContext(t.Context(), binary)
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

// TestFullDiskIsFoundBefore holds that nothing is spent if its successor
// could not be written.
func TestFullDiskIsFoundBefore(t *testing.T) {
	t.Parallel()
	for _, exists := range []bool{false, true} {
		folder := t.TempDir()
		path, want := filepath.Join(folder, "token"), []string{"token.lock"}
		if exists {
			keepInFile(t, fileApp(), path, oldToken)
			want = append(want, "token")
		}
		check.Equal(t, run(t, "check on a full disk", path), "target-unwritable\ntarget-unwritable\n", "Check")
		assertFolder(t, folder, want...)
		if exists {
			assertFile(t, fileApp(), path, oldToken)
		}
	}
}

func TestWriteThatBreaksOffLeavesTheOldFile(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	path := filepath.Join(folder, "token")
	keepInFile(t, fileApp(), path, oldToken)
	check.Equal(t, run(t, "write on a disk that fills up", path), "target-unwritable\n", "Store")
	assertFolder(t, folder, "token", "token.lock")
	assertFile(t, fileApp(), path, oldToken)
	check.Equal(t, run(t, "write on a disk that was full", path), "target-unwritable\n", "Store")
	assertFolder(t, folder, "token", "token.lock")
	assertFile(t, fileApp(), path, newToken)
}

// TestProcessesTakeTurns counts up in one file, which no two may do at once.
func TestProcessesTakeTurns(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "token")
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			if out, err := process(t, "count", path).CombinedOutput(); err != nil {
				t.Errorf("count: %v: %s", err, out)
			}
		})
	}
	all.Wait()
	assertFile(t, fileApp(), path, numbered(4*5))
}

// other is a process that began, and said so.
type other struct {
	cmd   *exec.Cmd
	stdin io.Closer
	lines *bufio.Scanner
}

func begin(t *testing.T, part, path string) *other {
	t.Helper()
	o := &other{cmd: process(t, part, path)}
	stdin := check.Must(o.cmd.StdinPipe())(t)
	stdout := check.Must(o.cmd.StdoutPipe())(t)
	o.stdin, o.lines = stdin, bufio.NewScanner(stdout)
	check.OK(t, o.cmd.Start())
	t.Cleanup(func() { _ = o.cmd.Process.Kill(); _ = o.cmd.Wait() })
	return o
}

// line waits for what the process says next.
func (o *other) line(t *testing.T) string {
	t.Helper()
	check.Need(t, o.lines.Scan(), "the other process ended: %v", o.lines.Err())
	return o.lines.Text()
}

func TestLockOfAnotherProcess(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		end  func(*other) error
	}{
		{"that ends", func(o *other) error { return o.stdin.Close() }},
		{"that is killed", func(o *other) error { return o.cmd.Process.Kill() }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			folder := t.TempDir()
			path := filepath.Join(folder, "token")
			o := begin(t, "hold", path)
			if got := o.line(t); got != "held" {
				t.Fatalf("the other process said %q", got)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
			defer cancel()
			_, err := newFile(t, fileApp(), path).Lock(ctx)
			assertID(t, "Lock", err, "target-busy")
			cancel()
			_, err = newFile(t, fileApp(), path).Lock(ctx)
			assertID(t, "Lock of one who never began", err, "target-busy")
			check.OK(t, tt.end(o))
			keepInFile(t, fileApp(), path, newToken) // waits for its turn
			assertFolder(t, folder, "token", "token.lock")
			assertFile(t, fileApp(), path, newToken)
		})
	}
}

// TestFileIsWholeAtEveryMoment kills a process that writes all the time, and
// reads what it writes without a lock meanwhile.
func TestFileIsWholeAtEveryMoment(t *testing.T) {
	t.Parallel()
	for writes := 1; writes <= 3; writes++ {
		t.Run(fmt.Sprintf("killed after %d", writes), func(t *testing.T) {
			t.Parallel()
			folder := t.TempDir()
			path := filepath.Join(folder, "token")
			o := begin(t, "forever", path)
			last := 0
			for range writes {
				o.line(t)
				for range 2 {
					last = assertWhole(t, read(t, path), last)
				}
			}
			check.OK(t, o.cmd.Process.Kill())
			_ = o.cmd.Wait()
			last = assertWhole(t, read(t, path), max(last, writes))
			assertFile(t, fileApp(), path, numbered(last))
			assertFolder(t, folder, "token", "token.lock")
		})
	}
}

// assertWhole returns the number of the token that a file's text keeps, which is
// at least from.
func assertWhole(t *testing.T, text string, from int) int {
	t.Helper()
	path := filepath.Join(t.TempDir(), "token")
	write(t, path, text)
	f, _, unlock := checked(t, fileApp(), path)
	defer unlock()
	n, err := strconv.Atoi(strings.TrimLeft(f.Held().RefreshToken.Reveal(), "0"))
	check.Need(t, err == nil && n >= from, "the file keeps the token %d, want %d or a later one", n, from)
	return n
}
