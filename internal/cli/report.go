package cli

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"golang.org/x/term"

	"strava-token/internal/input"
	"strava-token/internal/recovery"
	"strava-token/internal/secret"
	"strava-token/internal/store"
	"strava-token/internal/terminal"
	"strava-token/internal/words"
)

// reporter prints what can't wait until a run of a command is over.
type reporter struct {
	t       *terminal.Terminal
	inStep  bool     // of a workflow, whose runner reads masks
	folders []string // for a recovery text that can't be printed
}

func newReporter(p Process, t *terminal.Terminal, rotateTo []string) *reporter {
	return &reporter{t: t, inStep: inStep(p), folders: folders(p, rotateTo)}
}

func inStep(p Process) bool { return p.Getenv("GITHUB_ACTIONS") == "true" }

var maskable = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")

// Mask hides v in the log of a workflow. A value on standard output may still be
// faster than its mask on standard error.
func (r *reporter) Mask(v secret.Value) bool {
	if !r.inStep || v.Empty() {
		return true
	}
	_, err := fmt.Fprintf(r.t.Out, "::add-mask::%s\n", maskable.Replace(v.Reveal()))
	return err == nil
}

// Recover prints a recovery text, or leaves it in a file if nobody would read it.
func (r *reporter) Recover(sealed string) bool {
	if r.t.Recover(sealed) && !isNull(r.t.Out) {
		return true
	}
	path, err := recovery.Leave(sealed, r.folders)
	if err == nil {
		r.t.Note("warning", r.t.Voice.Say("log-recovery-file", words.Blanks{"file": path}))
	}
	return err == nil
}

// needMasks refuses to obtain what the runner of a workflow couldn't be told to hide.
func needMasks(p Process) error {
	f, isFile := p.Stderr.(*os.File)
	if !inStep(p) || !isFile || term.IsTerminal(int(f.Fd())) {
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
func folders(p Process, rotateTo []string) []string {
	var all []string
	for _, target := range rotateTo {
		if t, err := store.Parse(strings.TrimSpace(target), ""); err == nil && t.IsFile() {
			all = append(all, filepath.Dir(t.Path))
		}
	}
	state := p.Getenv("XDG_STATE_HOME")
	if home := p.Getenv("HOME"); state == "" && home != "" {
		state = filepath.Join(home, ".local", "state")
	}
	if runtime.GOOS == "windows" {
		state = p.Getenv("LOCALAPPDATA")
	}
	if filepath.IsAbs(state) {
		all = append(all, filepath.Join(state, "strava-token"))
	}
	return all
}
