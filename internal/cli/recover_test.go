package cli_test

import (
	"fmt"
	"strings"
	"testing"

	"strava-token/internal/check"
	"strava-token/internal/recovery"
	"strava-token/internal/sandbox"
	"strava-token/internal/secret"
)

// TestRecoverKeepsAthletesApart in a log that holds the refresh tokens of two, as
// a matrix of jobs leaves it.
func TestRecoverKeepsAthletesApart(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		targets string
		status  int
		stored  string // the secret that must hold its athlete's token
		says    string
	}{
		{"--rotate-to ATHLETE_A", 0, "ATHLETE_A", "the refresh token lives"}, // the older one
		{"--rotate-to ATHLETE_B", 0, "ATHLETE_B", "the refresh token lives"},
		{"--rotate-to STRAVA_REFRESH_TOKEN", 2, "", "more: recover-several-athletes"},
		{"--rotate-to ATHLETE_A --rotate-to ATHLETE_B", 2, "", "more: recover-several-athletes"},
		{"--print", 2, "", "octo/running/ATHLETE_A"},
	} {
		for _, ids := range [][]int64{{sandbox.AthleteID, 42}, {0, 0}} { // a cancelled run knows nobody yet
			t.Run(fmt.Sprint(tt.targets, ids), func(t *testing.T) {
				t.Parallel()
				v, tokens, log := logOfTwo(t, ids)
				v.command(tt.status, append([]string{"recover", log}, strings.Fields(tt.targets)...)...)
				check.Contains(t, v.stderr.String(), tt.says)
				for name, token := range tokens {
					check.Equal(t, v.server.Secret(name) == token, name == tt.stored, "%s holds its athlete's token", name)
				}
			})
		}
	}
}

// logOfTwo is a log with the tokens of two athletes, by the secret of each.
func logOfTwo(t *testing.T, ids []int64) (v *visitor, tokens map[string]string, log string) {
	t.Helper()
	v = newVisitor(t, sandbox.Knobs{})
	v.env["GITHUB_REPOSITORY"] = sandbox.Repository
	v.server.SetSecret("STRAVA_REFRESH_TOKEN", "the one before")
	tokens = map[string]string{"ATHLETE_A": v.server.LiveRefreshToken(), "ATHLETE_B": v.server.Connect(42)}
	for i, name := range []string{"ATHLETE_A", "ATHLETE_B"} {
		v.server.SetSecret(name, "the one before")
		log += "a job\n" + check.Must(recovery.Seal(recovery.Content{
			ClientID: v.server.App().ID, AthleteID: ids[i],
			Targets: []string{sandbox.Repository + "/" + name}, RefreshToken: secret.New(tokens[name]),
		}, secret.New(v.server.App().Secret), nil))(t)
	}
	return v, tokens, writeFile(t, log)
}
