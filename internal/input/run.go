package input

import (
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

// GitHub returns the API under the token that writes the targets.
func (in *Inputs) GitHub(network *transport.Network) *store.GitHub {
	return store.NewGitHub(network, in.GitHubURL, in.GitHubToken, in.masked...)
}

// Begins reports whether there is a refresh token to begin with, or may be.
func (in *Inputs) Begins() bool {
	return !in.RefreshToken.Empty() || slices.ContainsFunc(in.Targets, store.Target.Readable)
}

// Run makes the run. It may make a target that doesn't exist yet if it is to
// bring the first refresh token: first says so, or a code does.
func (in *Inputs) Run(network *transport.Network, reporter provider.Reporter, first bool) *provider.Run {
	gh := in.GitHub(network)
	app := store.App{ClientID: in.ClientID, ClientSecret: in.ClientSecret}
	run := &provider.Run{
		Strava:          in.Strava(network),
		Input:           in.RefreshToken,
		Code:            in.Code,
		Granted:         in.Granted,
		Verify:          in.Verify,
		RequireScopes:   in.RequireScopes,
		ExpectedAthlete: in.ExpectedAthlete,
		Recovery:        in.Recovery,
		HandedOver:      in.ExposeRefreshToken,
		RepositoryID:    in.RepositoryID,
		Masked:          append([]secret.Value{secret.New(in.ClientID)}, in.masked...), // a client id may be kept as a secret
		Reporter:        reporter,
	}
	first = first || !in.Code.Empty()
	for _, t := range in.Targets {
		id := int64(0)
		if strings.EqualFold(t.Repository(), in.Repository) {
			id = in.RepositoryID
		}
		switch {
		case t.IsBranch():
			branch := store.NewBranch(gh, t, app, id)
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
	return run
}

// OtherHostError is a host that isn't Strava's own and receives credentials.
type OtherHostError struct {
	Input string // that names it
	Host  string
}

func (e *OtherHostError) Error() string { return e.Input + " names " + e.Host }

// Note is the warning's message.
func (e *OtherHostError) Note() words.Note {
	id := "input-other-host"
	if e.Input == "strava-api-url" {
		id = "input-other-api-host" // which gets the access token alone
	}
	return words.Note{ID: id, Blanks: words.Blanks{"input": words.Input(e.Input), "host": e.Host}}
}

// OtherHosts warns of every host but Strava's own that receives credentials.
func (in *Inputs) OtherHosts() []error {
	const own = "www.strava.com"
	var others []error
	for _, name := range []string{"strava-url", "strava-api-url"} {
		host := in.StravaURL.Host
		if name == "strava-api-url" {
			host = in.StravaAPIURL.Host
		}
		if host != own {
			others = append(others, &OtherHostError{Input: name, Host: host})
		}
	}
	return others
}
