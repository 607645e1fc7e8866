package cli

import (
	"context"
	"errors"
	"io/fs"
	"os/exec"
	"strings"

	"github.com/spf13/cobra"

	"strava-token/internal/action"
	"strava-token/internal/provider"
	"strava-token/internal/secret"
)

// accessTokenVariable is where programs find the access token.
const accessTokenVariable = "STRAVA_ACCESS_TOKEN"

func execCommand(p Process, status *provider.Status) *cobra.Command {
	r := &refreshing{shell: shell{p: p}}
	c := &cobra.Command{
		Use:   "exec [flags] -- COMMAND [ARGUMENTS]",
		Short: "Run a command with a fresh access token in STRAVA_ACCESS_TOKEN",
		Long: "exec refreshes, and then becomes the command: signals reach it, and its exit status is\n" +
			"that of exec. Where refreshing fails the command is not run. Of the secrets that exec was\n" +
			"given, none is in the command's environment.\n\n" + refreshCredentials,
		Example: "  strava-token exec --rotate-to file:/var/lib/strava/token -- ./sync.sh",
		RunE: func(cmd *cobra.Command, args []string) error {
			*status = r.exec(cmd.Context(), args)
			return nil
		},
	}
	c.Flags().SetInterspersed(false)
	r.flags(c)
	return c
}

// exec is the command.
func (r *refreshing) exec(ctx context.Context, args []string) provider.Status {
	if len(args) == 0 {
		complain(r.p, shellNames.fill("exec/no-command"))
		return provider.BadInput
	}
	path, err := exec.LookPath(args[0])
	if err != nil {
		complain(r.p, notFound(args[0], err))
		return provider.BadInput
	}
	o, status := r.run(ctx)
	if status != provider.Done {
		return status
	}
	if ctx.Err() != nil {
		complain(r.p, shellNames.fill("exec/cancelled"))
		return provider.Failed
	}
	child, err := become(path, args, r.childEnvironment(o))
	if err != nil {
		complain(r.p, shellNames.fill("exec/not-run", "system", systemCause(err)))
		return provider.Failed
	}
	return provider.Status(child)
}

// notFound says why a command cannot be run.
func notFound(command string, err error) action.Message {
	detail := quoted(action.Quotable(command))
	switch {
	case errors.Is(err, exec.ErrDot):
		return shellNames.fill("exec/here", "detail", detail)
	case errors.Is(err, fs.ErrPermission):
		return shellNames.fill("exec/not-executable", "detail", detail)
	}
	return shellNames.fill("exec/not-found", "detail", detail)
}

// ours are the variables that hold secrets of this program.
var ours = []string{
	"STRAVA_CLIENT_SECRET", "STRAVA_REFRESH_TOKEN", "GH_TOKEN", "GITHUB_TOKEN", accessTokenVariable,
}

// childEnvironment is the environment without our secrets, under whatever name
// they stand there, and with the access token.
func (r *refreshing) childEnvironment(o *provider.Outcome) []string {
	secrets := []string{
		r.p.Getenv("STRAVA_CLIENT_SECRET"), r.p.Getenv("STRAVA_REFRESH_TOKEN"), o.Token.RefreshToken.Reveal(),
		r.p.Getenv("GH_TOKEN"), r.p.Getenv("GITHUB_TOKEN"),
	}
	var env []string
	for _, variable := range r.p.Environ {
		name, value, _ := strings.Cut(variable, "=")
		if !holdsOne(name, value, secrets) {
			env = append(env, variable)
		}
	}
	return append(env, accessTokenVariable+"="+o.Token.AccessToken.Reveal())
}

func holdsOne(name, value string, secrets []string) bool {
	for _, ours := range ours {
		if strings.EqualFold(name, ours) { // Windows ignores case
			return true
		}
	}
	for _, s := range secrets {
		// What is no credential may stand anywhere by chance.
		if s = strings.TrimSpace(s); secret.Inspect(s) == "" && strings.Contains(value, s) {
			return true
		}
	}
	return false
}
