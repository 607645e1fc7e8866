package input

import (
	"net/url"
	"testing"

	"github.com/google/go-cmp/cmp"

	"strava-token/internal/store"
	"strava-token/internal/words"
)

func TestOtherHosts(t *testing.T) {
	t.Parallel()
	const strava, api, github = "https://www.strava.com", "https://www.strava.com/api/v3", "https://api.github.com"
	branch := []store.Target{{Owner: "o", Repo: "r", Branch: "b"}}
	for _, tt := range []struct {
		strava, api, github, server string
		targets                     []store.Target
		want                        []string
	}{
		{strava, api, github, "github.com", branch, nil},
		{"https://api-v3.strava.com", "https://API-v3.Strava.com/x", github, "github.com", branch, nil},
		{"https://strava.com", "https://www.strava.com.evil.example", github, "github.com", branch, []string{"input-other-api-host"}},
		{"https://evilstrava.com", "https://www.strava.com:8443", github, "github.com", branch, []string{"input-other-host", "input-other-api-host"}},
		{strava, api, "https://git.example/api/v3", "github.com", branch, []string{"input-other-github-host"}},
		{strava, api, "https://git.example/api/v3", "github.com", nil, nil},
		{"http://127.0.0.1:1", "http://localhost:1/api/v3", "http://[::1]:1", "github.com", branch, nil},
		{"https://localhost.evil.example", api, github, "github.com", branch, []string{"input-other-host"}},
		{strava, api, "https://git.example/api/v3", "git.example", branch, nil},
		{strava, api, "https://api.octo.ghe.com", "octo.ghe.com", branch, nil},
	} {
		parse := func(s string) *url.URL {
			u, err := url.Parse(s)
			if err != nil {
				t.Fatal(err)
			}
			return u
		}
		in := &Inputs{StravaURL: parse(tt.strava), StravaAPIURL: parse(tt.api), GitHubURL: parse(tt.github), gitHubServer: tt.server, Targets: tt.targets}
		var got []string
		for _, err := range in.OtherHosts() {
			got = append(got, err.(*words.Failure).ID)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%+v (-want +got):\n%s", tt, diff)
		}
	}
}

func TestGiteaHasNoTargets(t *testing.T) {
	t.Parallel()
	gitea := &Workflow{Getenv: func(name string) string { return map[string]string{"GITEA_ACTIONS": "true"}[name] }}
	for _, target := range []store.Target{{Owner: "o", Repo: "r", Branch: "b"}, {Owner: "o", Repo: "r", Name: "N"}, {Path: "/x"}} {
		if got := gitea.objection(target); got != FaultNotOnGitHub {
			t.Errorf("%s: got %q", target, got)
		}
	}
}
