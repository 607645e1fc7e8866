package cli

import (
	"context"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"strava-token/internal/input"
	"strava-token/internal/provider"
	"strava-token/internal/secret"
	"strava-token/internal/terminal"
	"strava-token/internal/words"
)

// runFlags are the flags of the commands that make a run.
type runFlags struct {
	rotateTo []string
	repo     string
	scopes   string
	athlete  int64
	verify   bool
}

// addTargets adds the flags of every command that keeps a refresh token.
func (f *runFlags) addTargets(c *cobra.Command) {
	f.verify = true
	c.Flags().StringArrayVar(&f.rotateTo, "rotate-to", nil, "target that keeps the refresh token; may be repeated")
	c.Flags().StringVar(&f.repo, "repo", "", "repository that a bare NAME belongs to, as owner/repo (default $GITHUB_REPOSITORY)")
}

func (f *runFlags) addScopes(c *cobra.Command) {
	c.Flags().StringVar(&f.scopes, "require-scopes", "", "scopes that the token must have, separated by commas")
}

// read reads the environment and the flags, and warns of every host but Strava's own
// that gets credentials. answers are what a person was asked for.
func (f *runFlags) read(p Process, t *terminal.Terminal, tokenNeeded bool, answers map[string]secret.Value) (*input.Inputs, error) {
	flags := map[string][]string{
		"rotate-to": f.rotateTo, "repo": {f.repo}, "require-scopes": {f.scopes},
		"verify": {strconv.FormatBool(f.verify)},
	}
	if f.athlete != 0 {
		flags["expected-athlete"] = []string{strconv.FormatInt(f.athlete, 10)}
	}
	in, err := input.Read(input.Shell{Getenv: p.Getenv, Flags: flags, Answers: answers}, tokenNeeded)
	if err != nil {
		return nil, err
	}
	t.Voice = t.Voice.In(p.Getenv("GITHUB_SERVER_URL"), in.Repository).LoggingIn(loginLine(in))
	for _, other := range in.OtherHosts() {
		t.Warn(other)
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
func do(ctx context.Context, t *terminal.Terminal, run *provider.Run) *provider.Outcome {
	o := run.Do(ctx)
	for _, warning := range o.Warnings {
		t.Warn(warning)
	}
	return o
}
