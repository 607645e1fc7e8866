package cli

import (
	"cmp"
	"context"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"strava-token/internal/input"
	"strava-token/internal/provider"
	"strava-token/internal/recovery"
	"strava-token/internal/secret"
	"strava-token/internal/store"
	"strava-token/internal/terminal"
	"strava-token/internal/transport"
	"strava-token/internal/words"
)

// shell is what the commands that run outside a workflow share: their environment and
// their flags. It's also the run's Reporter.
type shell struct {
	Process
	t           *terminal.Terminal
	network     *transport.Network
	rotateTo    []string
	repo        string
	scopes      string
	athlete     string
	verify      bool
	minValidity time.Duration
}

// addTargets adds the flags of every command that keeps a refresh token.
func (s *shell) addTargets(c *cobra.Command) {
	c.Flags().StringArrayVar(&s.rotateTo, "rotate-to", nil, "target that keeps the refresh token; may be repeated")
	c.Flags().StringVar(&s.repo, "repo", "", "repository that a bare NAME belongs to, as owner/repo (default $GITHUB_REPOSITORY)")
}

func (s *shell) addScopes(c *cobra.Command) {
	c.Flags().StringVar(&s.scopes, "require-scopes", "", "scopes that the token must have, separated by commas")
}

// read reads the environment and the flags, and warns about every unusual host that
// gets credentials. answers are what a person was asked for.
func (s *shell) read(tokenNeeded bool, answers map[string]secret.Value) (*input.Inputs, error) {
	flags := map[string][]string{
		"rotate-to": s.rotateTo, "repo": {s.repo}, "require-scopes": {s.scopes}, "expected-athlete": {s.athlete},
		"verify": {strconv.FormatBool(s.verify)},
	}
	in, err := input.Read(input.Shell{Getenv: s.Getenv, Flags: flags, Answers: answers}, tokenNeeded)
	if err != nil {
		return nil, err
	}
	s.t.Voice = words.Voice{Server: s.Getenv("GITHUB_SERVER_URL"), Repository: in.Repository, Login: loginLine(in)}
	for _, other := range in.Warnings {
		s.t.Warn(other)
	}
	return in, nil
}

// loginLine returns the command that gets a new refresh token for the same targets, with
// the same scopes.
func loginLine(in *input.Inputs) words.Command {
	line := words.Command{"strava-token", "login"}
	for _, t := range in.Targets {
		line = append(line, t.Flags()...)
	}
	if len(in.RequireScopes) > 0 {
		line = append(line, "--scope", strings.Join(in.Scopes(nil), ","))
	}
	return line
}

func (s *shell) do(ctx context.Context, run *provider.Run) *provider.Outcome {
	o := run.Do(ctx)
	for _, warning := range o.Warnings {
		s.t.Warn(warning)
	}
	return o
}

func (s *shell) inStep() bool { return s.Getenv("GITHUB_ACTIONS") == "true" }

var maskable = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")

// Mask hides v in the log of a workflow, unless standard error leads elsewhere: what
// prints no token runs even so. A value on standard output may still be faster than its
// mask on standard error.
func (s *shell) Mask(v secret.Value) bool {
	if !s.inStep() || v.Empty() || s.needMasks() != nil {
		return true
	}
	return s.t.InTime("\n::add-mask::" + maskable.Replace(v.Reveal()) + "\n")
}

// Recover prints a recovery text, or leaves it in a file if nobody would read it.
func (s *shell) Recover(sealed string) bool {
	const label = "strava-token: warning: "
	intro := s.t.Voice.Say("log-recovery", nil) + " " + s.t.Voice.Say("log-recovery-command", words.Blanks{"target": "TARGET"})
	// A closed standard error is the null device, since Go opens that in its place.
	if s.t.InTime(label+intro+"\n"+sealed) && s.stderrMode()&os.ModeCharDevice == 0 {
		return true
	}
	path := recovery.Leave(sealed, s.folders())
	if path != "" {
		s.t.InTime(label + s.t.Voice.Say("log-recovery-file", words.Blanks{"file": path}) + "\n")
	}
	return path != ""
}

// needMasks refuses to get tokens that a workflow's runner couldn't be told to mask.
func (s *shell) needMasks() error {
	if s.inStep() && s.stderrMode()&(os.ModeNamedPipe|os.ModeSocket) == 0 { // node's pipes are sockets
		return input.Misuse("refresh-unmasked", nil)
	}
	return nil
}

// stderrMode returns the mode of the file that standard error is. A terminal is as good as a
// pipe: somebody reads it.
func (s *shell) stderrMode() os.FileMode {
	f, isFile := s.Stderr.(*os.File)
	if !isFile || terminal.Is(f) {
		return os.ModeNamedPipe
	}
	info, err := f.Stat()
	if err != nil {
		return 0
	}
	return info.Mode()
}

// folders returns the folders for recovery texts that couldn't be printed: beside the
// targets that are files, and in the user's folder for state.
func (s *shell) folders() []string {
	var all []string
	for _, target := range s.rotateTo {
		if t, err := store.Parse(strings.TrimSpace(target), ""); err == nil && t.IsFile() {
			all = append(all, filepath.Dir(t.Path))
		}
	}
	state := cmp.Or(s.Getenv("XDG_STATE_HOME"), filepath.Join(s.Getenv("HOME"), ".local", "state"))
	if runtime.GOOS == "windows" {
		state = s.Getenv("LOCALAPPDATA")
	}
	if filepath.IsAbs(state) {
		all = append(all, filepath.Join(state, "strava-token"))
	}
	return all
}
