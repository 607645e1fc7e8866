package cli

import (
	"errors"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"strava-token/internal/action"
	"strava-token/internal/provider"
)

// explainUsage turns what ended a command before its own work into words. The
// library's quote what was written, which may be a secret in the wrong place.
func explainUsage(p Process, err error) (action.Message, provider.Status) {
	command := "strava-token"
	if isCommand(p) {
		command += " " + p.Args[0]
	}
	var unknown *pflag.NotExistError
	var syntax *pflag.InvalidSyntaxError
	var empty *pflag.ValueRequiredError
	var invalid *pflag.InvalidValueError
	var wrong misuse
	switch {
	case errors.As(err, &unknown):
		name := ""
		if unknown.GetSpecifiedShortnames() == "" {
			name = shown("--" + unknown.GetSpecifiedName())
		}
		return shellNames.fill("usage/no-flag", "detail", name, "command", command), provider.BadInput
	case errors.As(err, &syntax):
		return shellNames.fill("usage/no-flag", "detail", "", "command", command), provider.BadInput
	case errors.As(err, &empty):
		return shellNames.fill("usage/no-value", "flag", "--"+empty.GetFlag().Name, "command", command), provider.BadInput
	case errors.As(err, &invalid):
		flag := invalid.GetFlag()
		return shellNames.fill("usage/bad-value", "flag", "--"+flag.Name, "form", forms[flag.Value.Type()], "command", command), provider.BadInput
	case !isCommand(p):
		return shellNames.fill("usage/no-command"), provider.BadInput
	case errors.Is(err, errArguments):
		return shellNames.fill("usage/arguments", "command", command), provider.BadInput
	case errors.As(err, &wrong):
		return action.Message{What: sentence(string(wrong)) + ".", Next: command + " --help shows how it is written."}, provider.BadInput
	}
	return shellNames.fill("run/internal", "cause", sentence(err.Error())+"."), provider.Failed
}

// misuse is what a command that asks nobody else says of its flags.
type misuse string

func (m misuse) Error() string { return string(m) }

func isCommand(p Process) bool {
	return len(p.Args) > 0 && slices.ContainsFunc(commands, func(c named) bool { return c.name == p.Args[0] })
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

// forms say how the value of a flag is written, by its type.
var forms = map[string]string{
	"bool":     "true or false",
	"int":      "a number",
	"int64":    "a number",
	"duration": "a number with its unit, as in 30m or 1h",
}

// shown is the name of a flag as it can be printed back: no longer than one, and
// of its letters.
func shown(name string) string {
	if len(name) > 22 || strings.ContainsFunc(name, func(r rune) bool { return (r < 'a' || r > 'z') && r != '-' }) {
		return ""
	}
	return ", " + name
}
