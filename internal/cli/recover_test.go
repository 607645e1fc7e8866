package cli_test

import (
	"fmt"
	"os"
	"path/filepath"
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
	for _, known := range []bool{true, false} { // a cancelled run knows nobody yet
		for _, tt := range recoveries {
			t.Run(fmt.Sprintf("%s, known %t", tt.name, known), func(t *testing.T) {
				t.Parallel()
				tt.assert(t, known)
			})
		}
	}
}

// recoveryCase is one way to ask for a token out of that log.
type recoveryCase struct {
	name    string
	targets []string
	status  int
	stored  string // the secret that must hold its athlete's token
	says    string
}

var recoveries = []recoveryCase{
	{"the older one", []string{"--rotate-to", "ATHLETE_A"}, 0, "ATHLETE_A", "the refresh token lives"},
	{"the newer one", []string{"--rotate-to", "ATHLETE_B"}, 0, "ATHLETE_B", "the refresh token lives"},
	{"another target", []string{"--rotate-to", "STRAVA_REFRESH_TOKEN"}, 2, "", "more: recover-several-athletes"},
	{"both", []string{"--rotate-to", "ATHLETE_A", "--rotate-to", "ATHLETE_B"}, 2, "", "more: recover-several-athletes"},
	{"none", []string{"--print"}, 2, "", "octo/running/ATHLETE_A"},
}

func (tt recoveryCase) assert(t *testing.T, known bool) {
	t.Helper()
	v := newVisitor(t, sandbox.Knobs{})
	tokens := map[string]string{"ATHLETE_A": v.server.LiveRefreshToken(), "ATHLETE_B": v.server.Connect(42)}
	log := ""
	ids := []int64{sandbox.AthleteID, 42}
	if !known {
		ids = []int64{0, 0}
	}
	for i, name := range []string{"ATHLETE_A", "ATHLETE_B"} {
		v.server.SetSecret(name, "the one before")
		text, err := recovery.Seal(recovery.Content{
			ClientID: v.server.App().ID, AthleteID: ids[i],
			Targets: []string{sandbox.Repository + "/" + name}, RefreshToken: secret.New(tokens[name]),
		}, secret.New(v.server.App().Secret), nil)
		if err != nil {
			t.Fatal(err)
		}
		log += "a job\n" + text
	}
	v.server.SetSecret("STRAVA_REFRESH_TOKEN", "the one before")
	path := filepath.Join(t.TempDir(), "run.log")
	check.OK(t, os.WriteFile(path, []byte(log), 0o600))
	v.env["GITHUB_REPOSITORY"] = sandbox.Repository
	v.assertStatus(v.command(append([]string{"recover", path}, tt.targets...)...), tt.status)
	v.assertSays(tt.says)
	for name, token := range tokens {
		check.Equal(t, v.server.Secret(name) == token, (name == tt.stored), "%s holds its athlete's token", name)
	}
}
