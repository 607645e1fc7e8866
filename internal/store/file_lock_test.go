package store_test

import (
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"strava-token/internal/check"
	"strava-token/internal/store"
)

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
