package action

import (
	"strconv"
	"strings"

	"strava-token/internal/input"
	"strava-token/internal/provider"
	"strava-token/internal/words"
)

// errUnexportable reports a value in Strava's answer that would break out of the
// runner's files.
var errUnexportable error = &words.Failure{ID: "run-unexportable"}

type output struct{ name, value string }

// export sets the outputs that the outcome allows, all of them or none.
func (e *edge) export(in *input.Inputs, o *provider.Outcome) error {
	values := outputs(in, o)
	for _, v := range values {
		if !exportable(v.value) {
			return errUnexportable
		}
	}
	return file(func() {
		for _, v := range values {
			e.sdk.SetOutput(v.name, v.value)
		}
		if in.ExportEnv && o.Export == provider.ExportAll {
			e.sdk.SetEnv("STRAVA_ACCESS_TOKEN", o.Token.AccessToken.Reveal())
		}
	})
}

// outputs returns them in the order of the contract.
func outputs(in *input.Inputs, o *provider.Outcome) []output {
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
	if in.HandedOver {
		all = append(all, output{"refresh-token", o.Token.RefreshToken.Reveal()})
	}
	return all
}
