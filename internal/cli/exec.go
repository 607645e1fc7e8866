package cli

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"slices"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"strava-token/internal/input"
	"strava-token/internal/provider"
	"strava-token/internal/secret"
	"strava-token/internal/words"
)

func execCommand(s *shell) *cobra.Command {
	c := &cobra.Command{
		Use:   "exec [flags] -- COMMAND [ARGUMENTS]",
		Short: "Run a command with a fresh access token in STRAVA_ACCESS_TOKEN",
		Long: "exec refreshes, and then becomes the command: signals reach it, and its exit\n" +
			"status is that of exec. If refreshing fails, the command isn't run.\n\n" +
			"Variables that contain one of the secrets given to exec, in plain text, are\n" +
			"removed from the command's environment. Copies in another form, such as base64,\n" +
			"stay.\n\n" + refreshCredentials,
		Example: "  strava-token exec --rotate-to file:/var/lib/strava/token -- ./sync.sh",
		Args:    cobra.ArbitraryArgs,
		RunE:    func(cmd *cobra.Command, args []string) error { return s.exec(cmd.Context(), args) },
	}
	c.Flags().SetInterspersed(false)
	s.addRefreshing(c)
	return c
}

func (s *shell) exec(ctx context.Context, args []string) error {
	if len(args) == 0 {
		return input.Misuse("exec-no-command", nil)
	}
	path, err := exec.LookPath(args[0])
	if err != nil {
		return notFound(args[0], err)
	}
	o, err := s.refresh(ctx)
	if err != nil {
		return err
	}
	if ctx.Err() != nil {
		return &words.Failure{ID: "exec-cancelled"}
	}
	child, err := become(path, args, s.childEnvironment(o))
	if err != nil {
		return &words.Failure{ID: "exec-not-run", Blanks: words.Blanks{"system": words.Reason(err)}}
	}
	return ended(provider.Status(child))
}

func notFound(command string, err error) error {
	id := "exec-not-found"
	switch {
	case errors.Is(err, exec.ErrDot):
		id = "exec-here"
	case errors.Is(err, fs.ErrPermission):
		id = "exec-not-executable"
	}
	return input.Misuse(id, words.Blanks{"detail": secret.Quotable(command)})
}

// childEnvironment returns the environment with the access token, and without any
// variable that contains one of our secrets.
func (s *shell) childEnvironment(o *provider.Outcome) []string {
	names := slices.Concat(input.Variables["client-secret"], input.Variables["refresh-token"], input.Variables["github-token"])
	secrets := []string{o.Token.RefreshToken.Reveal()}
	for _, name := range names {
		secrets = append(secrets, s.Getenv(name))
	}
	names = append(names, accessTokenVariable)
	env := slices.DeleteFunc(slices.Clone(s.Environ), func(variable string) bool {
		name, value, _ := strings.Cut(variable, "=")
		isOurs := func(one string) bool { return strings.EqualFold(name, one) } // Windows ignores case
		hasOne := func(one string) bool {
			one = strings.TrimSpace(one)
			return secret.MayHold(one) && strings.Contains(value, one) // anything else may occur anywhere by chance
		}
		return slices.ContainsFunc(names, isOurs) || slices.ContainsFunc(secrets, hasOne)
	})
	return append(env, accessTokenVariable+"="+o.Token.AccessToken.Reveal())
}

// become replaces this process with a command, so that signals and the exit status are its
// own. Windows can't: there it runs the command, which gets the console's signals as well,
// and outlives it.
func become(path string, args, env []string) (status int, err error) {
	if runtime.GOOS != "windows" {
		// A signal ignored here would be ignored there as well. A handler isn't inherited.
		signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
		return 0, syscall.Exec(path, args, env)
	}
	cmd := exec.Command(path, args[1:]...)
	cmd.Env, cmd.Stdin, cmd.Stdout, cmd.Stderr = env, os.Stdin, os.Stdout, os.Stderr
	err = cmd.Run()
	if exit, ended := errors.AsType[*exec.ExitError](err); ended {
		return exit.ExitCode(), nil
	}
	return 0, err
}
