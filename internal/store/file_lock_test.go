package store_test

import (
	"context"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"strava-token/internal/store"
)

func TestLockIsExclusive(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "token")
		first, unlock := locked(t, fileApp(), path)
		var has atomic.Bool
		done := make(chan struct{})
		go func() {
			defer close(done)
			second, unlock := locked(t, fileApp(), path)
			has.Store(true)
			defer unlock()
			if _, err := second.Check(t.Context()); err != nil {
				t.Errorf("Check: %v", err)
			}
			assertHolds(t, second.Held(), newToken) // what the first one wrote
		}()

		third := newFile(t, fileApp(), path)
		ctx, waiting := context.WithTimeout(t.Context(), time.Minute)
		defer waiting()
		_, err := third.Lock(ctx)
		assertStoreKind(t, "Lock of one who gave up", err, store.Busy)
		cancelled, cancel := context.WithCancel(t.Context())
		cancel()
		_, err = third.Lock(cancelled)
		assertStoreKind(t, "Lock of one who never began", err, store.Busy)

		if _, err := first.Check(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := first.Store(t.Context(), record(newToken)); err != nil {
			t.Fatal(err)
		}
		if has.Load() {
			t.Error("two hold the lock")
		}
		unlock()
		<-done
		// Both are done, and the one that gave up gets its turn.
		unlock, err = third.Lock(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		unlock()
		if _, err := os.Stat(path + ".lock"); err != nil {
			t.Errorf("the lock file is gone: %v", err)
		}
	})
}

// TestARemovedLockLocksNothing: who waited for a lock file that somebody removed waits
// for the one that is there now.
func TestARemovedLockLocksNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "token")
		_, unlockFirst := locked(t, fileApp(), path)
		var has atomic.Bool
		done := make(chan struct{})
		go func() {
			defer close(done)
			_, unlock := locked(t, fileApp(), path)
			has.Store(true)
			unlock()
		}()
		// On the fake clock: the second one waits, and asks again a moment later.
		time.Sleep(time.Second + 5*time.Millisecond)
		if err := os.Remove(path + ".lock"); err != nil {
			t.Fatal(err)
		}
		_, unlockThird := locked(t, fileApp(), path)
		unlockFirst()
		time.Sleep(time.Second)
		if has.Load() {
			t.Error("two hold the lock")
		}
		unlockThird()
		<-done
	})
}

// TestAnOlderStateIsNeverPutBack, even if the lock was removed while it was held.
func TestAnOlderStateIsNeverPutBack(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "token")
	keep := func(f *store.File, token string) error { return f.Store(t.Context(), record(token)) }
	check := func(f *store.File) {
		t.Helper()
		if _, err := f.Check(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	first, unlockFirst := locked(t, fileApp(), path)
	defer unlockFirst()
	check(first)
	if err := keep(first, oldToken); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(path + ".lock"); err != nil {
		t.Fatal(err)
	}
	second, unlockSecond := locked(t, fileApp(), path)
	defer unlockSecond()
	check(second)
	if err := keep(first, newToken); err != nil {
		t.Fatalf("the rehearsal of the second one is in the way: %v", err)
	}
	assertStoreKind(t, "Store over what was not read", keep(second, "00000000000000000000000000000000000000ff"), store.Overtaken)
	assertHolds(t, second.Held(), newToken)
	if err := keep(second, oldToken); err != nil {
		t.Errorf("Store over what was read: %v", err)
	}
}
