package action

import (
	"errors"
	"strconv"
	"strings"

	"strava-token/internal/provider"
)

// ErrUnexportable is returned where Strava's answer holds a value that would
// break out of the runner's files.
var ErrUnexportable = errors.New("a value cannot be written to the runner's files")

type output struct{ name, value string }

// export sets the outputs that the run's end allows, all of them or none.
func (e *edge) export(in inputs, o *provider.Outcome) error {
	values := outputs(in, o)
	for _, v := range values {
		if !exportable(v.value) {
			return ErrUnexportable
		}
	}
	return file(func() {
		for _, v := range values {
			e.sdk.SetOutput(v.name, v.value)
		}
		if in.exportEnv && o.Export == provider.ExportAll {
			e.sdk.SetEnv("STRAVA_ACCESS_TOKEN", o.Token.AccessToken.Reveal())
		}
	})
}

// outputs lists them in the order of the contract.
func outputs(in inputs, o *provider.Outcome) []output {
	if o.Export == provider.ExportNone {
		return nil
	}
	var all []output
	if o.Export == provider.ExportAll {
		all = append(all, output{"access-token", o.Token.AccessToken.Reveal()})
	}
	all = append(all,
		output{"expires-at", strconv.FormatInt(o.Token.ExpiresAt.Unix(), 10)},
		output{"expires-in", strconv.FormatInt(int64(o.Token.ExpiresIn.Seconds()), 10)},
		output{"rotated", strconv.FormatBool(o.Rotated)})
	if o.AthleteID != 0 {
		all = append(all, output{"athlete-id", strconv.FormatInt(o.AthleteID, 10)})
	}
	if len(o.Scope) > 0 {
		all = append(all, output{"scope", strings.Join(o.Scope, ",")})
	}
	if in.exposeRefresh {
		all = append(all, output{"refresh-token", o.Token.RefreshToken.Reveal()})
	}
	return all
}
