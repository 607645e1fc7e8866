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
