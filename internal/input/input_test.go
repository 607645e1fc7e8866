package input_test

import (
	"bytes"
	"errors"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/sethvargo/go-githubactions"

	"strava-token/internal/check"
	"strava-token/internal/input"
	"strava-token/internal/words"
)

const token = "89abcdef0123456789abcdef0123456789abcdef"

// read reads the inputs of a step with which nothing is wrong, but for changed. It
// returns the ids of what is wrong, and what is masked.
func read(changed map[string]string) (in *input.Inputs, problems, masked []string) {
	env := map[string]string{
		"GITHUB_OUTPUT":       os.DevNull,
		"GITHUB_REPOSITORY":   "octo/running",
		"INPUT_CLIENT-ID":     "48213",
		"INPUT_CLIENT-SECRET": "0123456789abcdef0123456789abcdef01234567",
		"INPUT_REFRESH-TOKEN": token,
		"INPUT_ROTATE-TO":     "STRAVA_REFRESH_TOKEN",
		"INPUT_GITHUB-TOKEN":  "github_pat_0123456789",
	}
	maps.Copy(env, changed)
	getenv := func(name string) string { return env[name] }
	var printed bytes.Buffer
	sdk := githubactions.New(githubactions.WithGetenv(getenv), githubactions.WithWriter(&printed))
	in, err := input.Read(&input.Workflow{Action: sdk}, true)
	for line := range strings.Lines(printed.String()) {
		masked = append(masked, strings.TrimPrefix(strings.TrimSuffix(line, githubactions.EOF), "::add-mask::"))
	}
	if wrong, ok := errors.AsType[*input.Error](err); ok {
		for _, p := range wrong.Problems {
			problems = append(problems, p.Error())
		}
	}
	return in, problems, masked
}

func TestGoodInputs(t *testing.T) {
	t.Parallel()
	in, problems, _ := read(map[string]string{
		"INPUT_ROTATE-TO":        "\n STRAVA_REFRESH_TOKEN \n\nSTRAVA@prod\n",
		"INPUT_REQUIRE-SCOPES":   "read, activity:read_all",
		"INPUT_EXPECTED-ATHLETE": "126651800",
		"INPUT_VERIFY":           "False",
		"INPUT_STRAVA-URL":       "http://127.0.0.1:8080",
		"GITHUB_API_URL":         "https://github.example/api/v3",
	})
	check.Same(t, problems, nil, "problems")
	check.Equal(t, len(in.Masked), 3, "masked")
	check.That(t, len(in.Targets) == 2 && in.Targets[1].Environment == "prod", "targets: got %v", in.Targets)
	check.Same(t, in.RequireScopes, []string{"read", "activity:read_all"}, "scopes")
	check.Same(t, []bool{in.Verify, in.Recovery, in.ExportEnv, in.HandedOver}, []bool{false, true, false, false}, "switches")
	check.That(t, in.ExpectedAthlete == 126651800 && in.GitHubURL.Path == "/api/v3", "got athlete %d, address %s", in.ExpectedAthlete, in.GitHubURL)
}

// TestStravaJudgesWhatMayHoldACredential holds that only Strava refuses what people
// paste with something around it, and that it's masked, line by line.
func TestStravaJudgesWhatMayHoldACredential(t *testing.T) {
	t.Parallel()
	for _, pasted := range []string{
		token + ",", `"` + token + `"`, "refresh_token = " + token, token[:39], token + "ä", strings.Repeat(token, 100),
		"{\n  \"refresh_token\": \"" + token + "\"\n}",
	} {
		for _, variable := range []string{"INPUT_CLIENT-SECRET", "INPUT_REFRESH-TOKEN"} {
			_, problems, masked := read(map[string]string{variable: pasted})
			isMasked := slices.ContainsFunc(masked, func(m string) bool { return strings.Contains(pasted, m) && len(m) > 38 })
			check.That(t, len(problems) == 0 && isMasked, "%s=%q: problems %v, masked %q", variable, pasted, problems, masked)
			check.That(t, !slices.Contains(masked, "{"), "a brace is masked everywhere")
		}
	}
}

// TestOneProblem is what each of these is, and none masks the mark of a sealed text:
// without it nobody finds the next one in the log.
func TestOneProblem(t *testing.T) {
	t.Parallel()
	for want, changed := range map[string]map[string]string{
		"input-secret-as-id":  {"INPUT_CLIENT-ID": token, "INPUT_CLIENT-SECRET": "48213"},
		"input-whitespace":    {"INPUT_REFRESH-TOKEN": "-----BEGIN AGE ENCRYPTED FILE-----\nYWdlLWVuY3J5cHRpb24\n-----END AGE ENCRYPTED FILE-----\n"},
		"input-not-on-github": {"GITEA_ACTIONS": "true"},
		"input-credential":    {"INPUT_ROTATE-TO": "A\nBY_MISTAKE_ITS_VALUE", "INPUT_CLIENT-SECRET": "by_mistake_its_value"},
		"input-path":          {"INPUT_STRAVA-URL": "https://www.strava.com/oauth"},
	} {
		_, problems, masked := read(changed)
		check.Same(t, problems, []string{want}, "problems")
		check.That(t, !strings.Contains(strings.Join(masked, "\n"), "-----"), "%s: masked %q", want, masked)
	}
}

func TestOtherHosts(t *testing.T) {
	t.Parallel()
	const strava, api, github = "https://www.strava.com", "https://www.strava.com/api/v3", "https://api.github.com"
	for _, tt := range []struct {
		strava, api, github, server, target string
		want                                []string
	}{
		{strava, api, github, "github.com", "branch:b", nil},
		{"https://api-v3.strava.com", "https://API-v3.Strava.com/x", github, "github.com", "branch:b", nil},
		{"https://strava.com", "https://www.strava.com.evil.example", github, "github.com", "branch:b", []string{"input-other-api-host"}},
		{"https://evilstrava.com", "https://www.strava.com:8443", github, "github.com", "branch:b", []string{"input-other-host", "input-other-api-host"}},
		{strava, api, "https://git.example/api/v3", "github.com", "branch:b", []string{"input-other-github-host"}},
		{strava, api, "https://git.example/api/v3", "github.com", "", nil},
		{"http://127.0.0.1:1", "http://localhost:1/api/v3", "http://[::1]:1", "github.com", "branch:b", nil},
		{"https://localhost.evil.example", api, github, "github.com", "branch:b", []string{"input-other-host"}},
		{strava, api, "https://git.example/api/v3", "git.example", "branch:b", nil},
		{strava, api, "https://api.octo.ghe.com", "octo.ghe.com", "branch:b", nil},
	} {
		in, problems, _ := read(map[string]string{
			"INPUT_STRAVA-URL": tt.strava, "INPUT_STRAVA-API-URL": tt.api, "GITHUB_API_URL": tt.github,
			"GITHUB_SERVER_URL": "https://" + tt.server, "INPUT_ROTATE-TO": tt.target,
		})
		var got []string
		for _, err := range in.Warnings {
			got = append(got, err.(*words.Failure).ID)
		}
		check.Same(t, append(problems, got...), tt.want, "%+v", tt)
	}
}
