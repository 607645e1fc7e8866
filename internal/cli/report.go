package cli

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"strava-token/internal/input"
	"strava-token/internal/recovery"
	"strava-token/internal/secret"
	"strava-token/internal/store"
	"strava-token/internal/terminal"
	"strava-token/internal/words"
)

func (s *shell) inStep() bool { return s.Getenv("GITHUB_ACTIONS") == "true" }

var maskable = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")

// Mask hides v in the log of a workflow. A value on standard output may still be
// faster than its mask on standard error.
func (s *shell) Mask(v secret.Value) bool {
	if !s.inStep() || v.Empty() {
		return true
	}
	_, err := fmt.Fprintf(s.t.Out, "::add-mask::%s\n", maskable.Replace(v.Reveal()))
	return err == nil
}

// Recover prints a recovery text, or leaves it in a file if nobody would read it.
func (s *shell) Recover(sealed string) bool {
	if s.t.Recover(sealed) && !isNull(s.t.Out) {
		return true
	}
	path, err := recovery.Leave(sealed, s.folders())
	if err == nil {
		s.t.Note("warning", s.t.Voice.Say("log-recovery-file", words.Blanks{"file": path}))
	}
	return err == nil
}

// needMasks refuses to obtain what the runner of a workflow couldn't be told to hide.
func (s *shell) needMasks() error {
	f, isFile := s.Stderr.(*os.File)
	if !s.inStep() || !isFile || terminal.Is(f) {
		return nil
	}
	info, err := f.Stat()
	if err == nil && info.Mode()&(os.ModeNamedPipe|os.ModeSocket) != 0 { // node's pipes are sockets
		return nil
	}
	return input.Misuse("refresh-unmasked", nil)
}

// isNull reports whether what is written to w is thrown away. A closed standard error
// is, too: Go opens the null device in its place.
func isNull(w io.Writer) bool {
	f, isFile := w.(*os.File)
	if !isFile {
		return false
	}
	null, err := os.Stat(os.DevNull)
	info, statErr := f.Stat()
	return err == nil && statErr == nil && os.SameFile(null, info)
}

// folders are where recovery texts that couldn't be printed are: beside the targets
// that are files, and in the user's folder for such things.
func (s *shell) folders() []string {
	var all []string
	for _, target := range s.rotateTo {
		if t, err := store.Parse(strings.TrimSpace(target), ""); err == nil && t.IsFile() {
			all = append(all, filepath.Dir(t.Path))
		}
	}
	state := s.Getenv("XDG_STATE_HOME")
	if home := s.Getenv("HOME"); state == "" && home != "" {
		state = filepath.Join(home, ".local", "state")
	}
	if runtime.GOOS == "windows" {
		state = s.Getenv("LOCALAPPDATA")
	}
	if filepath.IsAbs(state) {
		all = append(all, filepath.Join(state, "strava-token"))
	}
	return all
}
