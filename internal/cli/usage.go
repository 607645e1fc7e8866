package cli

import (
	"errors"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"strava-token/internal/action"
)

// explainUsage turns what the command line's library says into words. Its own
// quote what was written, which may be a secret in the wrong place.
func explainUsage(p Process, err error) action.Message {
	command := "strava-token"
	known := len(p.Args) > 0 && slices.ContainsFunc(commands, func(c named) bool { return c.name == p.Args[0] })
	if known {
		command += " " + p.Args[0]
	}
	var unknown *pflag.NotExistError
	var empty *pflag.ValueRequiredError
	var invalid *pflag.InvalidValueError
	switch {
	case errors.As(err, &unknown):
		return shellNames.fill("usage/no-flag", "detail", shown(unknown.GetSpecifiedName()), "command", command)
	case errors.As(err, &empty):
		return shellNames.fill("usage/no-value", "flag", "--"+empty.GetFlag().Name, "command", command)
	case errors.As(err, &invalid):
		flag := invalid.GetFlag()
		return shellNames.fill("usage/bad-value", "flag", "--"+flag.Name, "form", forms[flag.Value.Type()], "command", command)
	case !known:
		return shellNames.fill("usage/no-command")
	case errors.Is(err, errArguments):
		return shellNames.fill("usage/arguments", "command", command)
	}
	// What a command of the sandbox says of itself.
	return action.Message{What: sentence(err.Error()) + ".", Next: command + " --help shows how it is written."}
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
	if len(name) > 20 || strings.ContainsFunc(name, func(r rune) bool { return (r < 'a' || r > 'z') && r != '-' }) {
		return ""
	}
	return ", --" + name
}
