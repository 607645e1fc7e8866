package cli

import (
	"errors"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"strava-token/internal/input"
	"strava-token/internal/secret"
	"strava-token/internal/words"
)

// usage turns an error of the command line's library into one of ours: the
// library's quote what was written, which may be a secret in the wrong place.
func usage(root *cobra.Command, args []string, err error) error {
	command := root.Name()
	if c, _, findErr := root.Find(args); findErr == nil && c != root {
		command = c.CommandPath()
	}
	var unknown *pflag.NotExistError
	var syntax *pflag.InvalidSyntaxError
	var empty *pflag.ValueRequiredError
	var invalid *pflag.InvalidValueError
	switch {
	case errors.As(err, &unknown) && unknown.GetSpecifiedShortnames() == "":
		return input.Misuse("usage-no-flag", words.Blanks{"flag": shown("--" + unknown.GetSpecifiedName()), "command": command})
	case errors.As(err, &unknown), errors.As(err, &syntax):
		return input.Misuse("usage-no-flag", words.Blanks{"flag": "", "command": command})
	case errors.As(err, &empty):
		return input.Misuse("usage-no-value", words.Blanks{"flag": "--" + empty.GetFlag().Name, "command": command})
	case errors.As(err, &invalid):
		flag := invalid.GetFlag()
		return input.Misuse("usage-bad-value", words.Blanks{"flag": "--" + flag.Name, "form": flagForms[flag.Value.Type()], "command": command})
	case errors.Is(err, errArguments):
		return input.Misuse("usage-arguments", words.Blanks{"command": command})
	case errors.Is(err, errNoCommand), len(args) > 0 && command == root.Name():
		return input.Misuse("usage-no-command", nil)
	}
	return err
}

var errNoCommand = errors.New("no such command")

// helpCommand is the library's, which quotes what it does not find.
func helpCommand(root *cobra.Command) *cobra.Command {
	return &cobra.Command{
		Use:   "help [command]",
		Short: "Help about a command",
		RunE: func(_ *cobra.Command, args []string) error {
			c, rest, err := root.Find(args)
			if err != nil || len(rest) > 0 {
				return errNoCommand
			}
			return c.Help()
		},
	}
}

var errArguments = errors.New("too many arguments")

// atMost lets n arguments through.
func atMost(n int) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) > n {
			return errArguments
		}
		return nil
	}
}

// flagForms say how the value of a flag is written, by its type.
var flagForms = map[string]string{
	"bool":     "true or false",
	"int":      "a number",
	"int64":    "a number",
	"duration": "a number with its unit, as in 30m or 1h",
}

// refused is a flag of the sandbox that is written wrongly.
func refused(problem string) error {
	return input.Misuse("usage-refused", words.Blanks{"problem": problem, "command": "strava-token sandbox"})
}

// shown is the name of a flag if it can be printed back: it is no longer than
// one, and of its letters.
func shown(name string) string {
	if len(name) > 22 || slices.Contains([]string{"", "--"}, name) || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz-") != "" {
		return ""
	}
	return secret.Quotable(name)
}
