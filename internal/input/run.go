package input

import (
	"net/url"
	"slices"
	"strings"

	"strava-token/internal/provider"
	"strava-token/internal/secret"
	"strava-token/internal/store"
	"strava-token/internal/strava"
	"strava-token/internal/transport"
	"strava-token/internal/words"
)

// Strava returns the client for the app.
func (in *Inputs) Strava(network *transport.Network) *strava.Client {
	return &strava.Client{
		Network: network, URL: in.StravaURL, APIURL: in.StravaAPIURL,
		ClientID: in.ClientID, ClientSecret: in.ClientSecret,
	}
}

// GitHub returns a client for the API, with the token that writes the targets.
func (in *Inputs) GitHub(network *transport.Network) *store.GitHub {
	return store.NewGitHub(network, in.GitHubURL, in.GitHubToken, in.Masked...)
}

// Run builds the run. first, or a code, means this run brings the first refresh token,
// so targets may be created.
func (in *Inputs) Run(network *transport.Network, reporter provider.Reporter, first bool) *provider.Run {
	gh := in.GitHub(network)
	app := store.App{ClientID: in.ClientID, ClientSecret: in.ClientSecret}
	run := in.settings
	run.Strava, run.Reporter = in.Strava(network), reporter
	run.Masked = append([]secret.Value{secret.New(in.ClientID)}, in.Masked...) // it may be kept as a secret
	first = first || !in.Code.Empty()
	for _, t := range in.Targets {
		var repositoryID int64 // 0: another repository's, which isn't known
		if strings.EqualFold(t.Repository(), in.Repository) {
			repositoryID = in.RepositoryID
		}
		switch {
		case t.IsBranch():
			branch := store.NewBranch(gh, t, app, repositoryID)
			branch.MayReplace = first
			run.Readable = branch
		case t.IsFile():
			file := store.NewFile(t, app)
			file.MayReplace = first
			run.Readable = file
		default:
			s := store.NewSecret(gh, t)
			if in.Recovery {
				s.SealedUnder = in.ClientSecret
			}
			s.MayBeNew = first
			run.WriteOnly = append(run.WriteOnly, s)
		}
	}
	return &run
}

// otherHosts returns a warning for every host that receives credentials, other than
// Strava's, GitHub's, the runner's own server, and this machine, which nothing leaves.
func (in *Inputs) otherHosts(server string) (others []error) {
	warn := func(expected bool, id, name string, u *url.URL) {
		if !expected && !transport.IsLoopback(u.Hostname()) {
			others = append(others, &words.Failure{ID: id, Blanks: words.Blanks{"input": words.Input(name), "host": u.Host}})
		}
	}
	warn(isStrava(in.StravaURL), "input-other-host", "strava-url", in.StravaURL)
	warn(isStrava(in.StravaAPIURL), "input-other-api-host", "strava-api-url", in.StravaAPIURL) // it gets only the access token
	usual := []string{"api.github.com"}
	if own, err := url.Parse(strings.ToLower(server)); err == nil {
		usual = append(usual, own.Host, "api."+own.Host)
	}
	isUsual := slices.Contains(usual, strings.ToLower(in.GitHubURL.Host)) || !slices.ContainsFunc(in.Targets, store.Target.OnGitHub)
	warn(isUsual, "input-other-github-host", "GITHUB_API_URL", in.GitHubURL)
	return others
}

// isStrava reports whether an address is under strava.com, all of which is Strava's.
func isStrava(u *url.URL) bool {
	return strings.HasSuffix("."+strings.ToLower(u.Hostname()), ".strava.com") && u.Port() == ""
}
