package store_test

import (
	"context"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"strava-token/internal/check"
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

		check.Must(first.Check(t.Context()))(t)
		check.OK(t, first.Store(t.Context(), record(newToken)))
		check.That(t, !has.Load(), "two hold the lock")
		unlock()
		<-done
		// Both are done, and the one that gave up gets its turn.
		unlock = check.Must(third.Lock(t.Context()))(t)
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
		check.OK(t, os.Remove(path+".lock"))
		_, unlockThird := locked(t, fileApp(), path)
		unlockFirst()
		time.Sleep(time.Second)
		check.That(t, !has.Load(), "two hold the lock")
		unlockThird()
		<-done
	})
}

// TestAnOlderStateIsNeverPutBack, even if the lock was removed while it was held.
func TestAnOlderStateIsNeverPutBack(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "token")
	keep := func(f *store.File, token string) error { return f.Store(t.Context(), record(token)) }
	first, unlockFirst := locked(t, fileApp(), path)
	defer unlockFirst()
	check.Must(first.Check(t.Context()))(t)
	check.OK(t, keep(first, oldToken))
	check.OK(t, os.Remove(path+".lock"))
	second, unlockSecond := locked(t, fileApp(), path)
	defer unlockSecond()
	check.Must(second.Check(t.Context()))(t)
	check.OK(t, keep(first, newToken)) // the rehearsal of the second one isn't in the way
	assertStoreKind(t, "Store over what was not read", keep(second, "00000000000000000000000000000000000000ff"), store.Overtaken)
	assertHolds(t, second.Held(), newToken)
	assertStoreKind(t, "Store over what was read", keep(second, oldToken), "")
}
