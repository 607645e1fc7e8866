package cli

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"strava-token/internal/input"
	"strava-token/internal/provider"
	"strava-token/internal/secret"
	"strava-token/internal/terminal"
	"strava-token/internal/transport"
	"strava-token/internal/words"
)

// shell is what the commands that make a run outside a workflow have in common:
// where they run, and what their flags say.
type shell struct {
	Process
	t           *terminal.Terminal
	network     *transport.Network
	rotateTo    []string
	repo        string
	scopes      string
	athlete     int64
	verify      bool
	minValidity time.Duration
}

// addTargets adds the flags of every command that keeps a refresh token.
func (s *shell) addTargets(c *cobra.Command) {
	c.Flags().StringArrayVar(&s.rotateTo, "rotate-to", nil, "target that keeps the refresh token; may be repeated")
	c.Flags().StringVar(&s.repo, "repo", "", "repository that a bare NAME belongs to, as owner/repo (default $GITHUB_REPOSITORY)")
}

func (s *shell) addScopes(c *cobra.Command) {
	c.Flags().StringVar(&s.scopes, "require-scopes", "", "scopes that the token must have, comma between them")
}

// read reads the environment and the flags, and warns of every host but Strava's own
// that gets credentials. answers are what a person was asked for.
func (s *shell) read(tokenNeeded bool, answers map[string]secret.Value) (*input.Inputs, error) {
	flags := map[string][]string{
		"rotate-to": s.rotateTo, "repo": {s.repo}, "require-scopes": {s.scopes}, "verify": {strconv.FormatBool(s.verify)},
	}
	if s.athlete != 0 {
		flags["expected-athlete"] = []string{strconv.FormatInt(s.athlete, 10)}
	}
	in, err := input.Read(input.Shell{Getenv: s.Getenv, Flags: flags, Answers: answers}, tokenNeeded)
	if err != nil {
		return nil, err
	}
	s.t.Voice = s.t.Voice.In(s.Getenv("GITHUB_SERVER_URL"), in.Repository).LoggingIn(loginLine(in))
	for _, other := range in.OtherHosts() {
		s.t.Warn(other)
	}
	return in, nil
}

// loginLine gets a new refresh token for the same targets, with the same scopes.
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

// do runs, and warns of what did not fail.
func (s *shell) do(ctx context.Context, run *provider.Run) *provider.Outcome {
	o := run.Do(ctx)
	for _, warning := range o.Warnings {
		s.t.Warn(warning)
	}
	return o
}
