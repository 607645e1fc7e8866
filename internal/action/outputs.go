package action

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"strava-token/internal/input"
	"strava-token/internal/provider"
	"strava-token/internal/words"
)

// delimiter ends a value in the runner's files.
const delimiter = "_GitHubActionsFileCommandDelimeter_"

// assignments returns the lines of a runner's file that set names to values. It fails if
// a value in Strava's answer would break out of them.
func assignments(values [][2]string) (string, error) {
	var lines strings.Builder
	for _, v := range values {
		if strings.ContainsAny(v[1], "\r\n") || strings.Contains(v[1], delimiter) {
			return "", &words.Failure{ID: "run-unexportable"}
		}
		fmt.Fprintf(&lines, "%s<<%s\n%s\n%s\n", v[0], delimiter, v[1], delimiter)
	}
	return lines.String(), nil
}

// export sets the outputs that the outcome allows, all of them or none.
func (e *edge) export(in *input.Inputs, o *provider.Outcome) error {
	lines, err := assignments(outputs(in, o))
	if err != nil || lines == "" {
		return err
	}
	err = e.appendTo("GITHUB_OUTPUT", lines)
	if in.ExportEnv && o.Export == provider.ExportAll {
		line, _ := assignments([][2]string{{"STRAVA_ACCESS_TOKEN", o.Token.AccessToken.Reveal()}}) // an output as well
		err = errors.Join(err, e.appendTo("GITHUB_ENV", line))
	}
	return err
}

// outputs returns them in the order of the contract.
func outputs(in *input.Inputs, o *provider.Outcome) (all [][2]string) {
	if o.Export == provider.ExportNone {
		return nil
	}
	add := func(allowed bool, name, value string) {
		if allowed {
			all = append(all, [2]string{name, value})
		}
	}
	add(o.Export == provider.ExportAll, "access-token", o.Token.AccessToken.Reveal())
	add(true, "expires-at", strconv.FormatInt(o.Token.ExpiresAt.Unix(), 10))
	add(true, "expires-in", strconv.FormatInt(int64(o.Token.ExpiresIn.Seconds()), 10))
	add(true, "rotated", strconv.FormatBool(o.Rotated))
	add(o.AthleteID != 0, "athlete-id", strconv.FormatInt(o.AthleteID, 10))
	add(len(o.Scope) > 0, "scope", strings.Join(o.Scope, ","))
	add(in.HandedOver, "refresh-token", o.Token.RefreshToken.Reveal())
	return all
}
