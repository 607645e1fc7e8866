package action

import (
	"strconv"
	"strings"

	"strava-token/internal/input"
	"strava-token/internal/provider"
	"strava-token/internal/words"
)

// delimiter is what the SDK ends a value with in the runner's files.
const delimiter = "_GitHubActionsFileCommandDelimeter_"

// export sets the outputs that the outcome allows, or none if a value in Strava's answer
// would break out of the runner's files.
func (e *edge) export(in *input.Inputs, o *provider.Outcome) error {
	values := outputs(in, o)
	for _, v := range values {
		if strings.ContainsAny(v[1], "\r\n") || strings.Contains(v[1], delimiter) {
			return &words.Failure{ID: "run-unexportable"}
		}
	}
	return toFile(func() {
		for _, v := range values {
			e.sdk.SetOutput(v[0], v[1])
		}
		if in.ExportEnv && o.Export == provider.ExportAll {
			e.sdk.SetEnv("STRAVA_ACCESS_TOKEN", o.Token.AccessToken.Reveal()) // an output as well
		}
	})
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
