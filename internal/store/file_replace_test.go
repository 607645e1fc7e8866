//go:build unix

package store

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"strava-token/internal/check"
)

// TestALinkInThePlaceOfTheNewFile leads nowhere: the owner of the folder must not
// make root write to another file, or give it away.
func TestALinkInThePlaceOfTheNewFile(t *testing.T) {
	t.Parallel()
	for _, before := range []string{"", "\n"} {
		folder, victim := t.TempDir(), filepath.Join(t.TempDir(), "victim")
		path := filepath.Join(folder, "token")
		check.OK(t, os.WriteFile(victim, []byte("untouched"), 0o640))
		if before != "" {
			check.OK(t, os.WriteFile(path, []byte(before), 0o600))
			if os.Getuid() == 0 {
				check.OK(t, os.Chown(path, 1000, 1000))
			}
		}
		f := NewFile(Target{Path: path}, documentApp)
		unlock := check.Must(f.Lock(t.Context()))(t)
		defer unlock()
		check.Must(f.Check(t.Context()))(t)
		for _, rehearsal := range []bool{true, false} {
			made := check.Must(f.create())(t)
			check.OK(t, errors.Join(os.Remove(made.Name()), os.Symlink(victim, made.Name())))
			err := f.swap(made, "new", rehearsal)
			check.That(t, err != nil && !errors.As(err, new(*Error)), "got %v", err)
			check.OK(t, os.Remove(made.Name()))
			info := check.Must(os.Stat(victim))(t)
			text := string(check.Must(os.ReadFile(victim))(t))
			check.That(t, text == "untouched" && info.Mode() == 0o640 && int(info.Sys().(*syscall.Stat_t).Uid) == os.Getuid(), "the other file was changed: %q, %v", text, info)
			there, err := os.ReadFile(path)
			check.That(t, string(there) == before && (err == nil || before == "" && errors.Is(err, fs.ErrNotExist)), "the target is %q, %v", there, err)
		}
	}
}
