package login

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"strava-token/internal/input"
	"strava-token/internal/provider"
	"strava-token/internal/secret"
	"strava-token/internal/store"
	"strava-token/internal/strava"
	"strava-token/internal/transport"
	"strava-token/internal/words"
)

// clientSecretName is the secret that the workflow reads.
const clientSecretName = "STRAVA_CLIENT_SECRET"

// keep spends the code and stores the refresh token. A cancellation only hurries it.
func (l *Login) keep(ctx context.Context, grant strava.Grant, attempt *Attempt) error {
	l.run.Code, l.run.Granted = grant.Code, grant.Scopes
	if grant.Scopes != nil {
		l.run.RequireScopes = nil // a person decided to go on without the missing scopes
	}
	l.run.Announce = func(t strava.Token) { // the athlete may not be the expected one
		l.Terminal.InTime("Strava issued a refresh token" + whose(t, t.AthleteID) + ".\n")
	}
	o := l.run.Do(ctx)
	isKept := len(o.Kept) > 0
	if isKept {
		if err := l.keepApp(ctx); err != nil {
			o.Fail(err)
			l.clientSecret, l.credentials = nil, ""
		}
	}
	for _, warning := range o.Warnings {
		l.Terminal.Warn(warning)
	}
	attempt.Tell(closingPage(l.Terminal.Voice, o, grant))
	if isKept {
		l.tellWhatNow(o, grant)
	}
	return o.Err()
}

// keepApp stores the client secret where it's used with the refresh token.
func (l *Login) keepApp(ctx context.Context) error {
	switch {
	case l.clientSecret != nil:
		uninterrupted, cancel := context.WithTimeout(context.WithoutCancel(ctx), 8*time.Second) // after the refresh token's
		defer cancel()
		return l.clientSecret.Set(uninterrupted, l.in.ClientSecret)
	case l.credentials != "":
		// A file with anything else in it is left alone.
		if lines := formatted("dotenv", l.in, secret.Value{}); !has(l.credentials, lines) && create(l.credentials, lines) != nil {
			return &words.Failure{ID: "login-file", Blanks: words.Blanks{"file": l.credentials}}
		}
	}
	return nil
}

// prepare decides where everything goes, and checks that it can go there.
func (l *Login) prepare(ctx context.Context, network *transport.Network) (err error) {
	if err = l.read(); err != nil {
		return err
	}
	l.run = l.in.Run(network, l.Reporter, true)
	switch {
	case l.Repository != "":
		err = l.nameClientSecret(network)
	case l.Format == "":
		err = l.planCredentials()
	}
	if err == nil {
		err = l.checkTargets(ctx)
	}
	if l.Format != "" {
		l.run.WriteOnly = append(l.run.WriteOnly, Printed(func(r store.Record) error {
			token := r.RefreshToken
			if l.run.Readable != nil {
				token = secret.Value{} // two copies would outdate each other
			}
			_, err := io.WriteString(l.Stdout, formatted(l.Format, l.in, token))
			return err
		}))
	}
	return err
}

// chooseTarget chooses the target of the refresh token if none was given: the branch
// of the repository, or a file of the user's own.
func (l *Login) chooseTarget() error {
	switch {
	case len(l.RotateTo) > 0 || l.Format != "":
	case l.Repository != "":
		l.RotateTo = []string{"branch:strava-token"}
	default:
		file, err := ownFile("token")
		l.RotateTo = []string{"file:" + file}
		return err
	}
	return nil
}

// ownFile returns a file in this program's folder of the user's configuration, and
// creates the folder.
func ownFile(name string) (string, error) {
	folder, err := os.UserConfigDir()
	if err != nil {
		return "", input.Misuse("login-no-folder", nil)
	}
	folder = filepath.Join(folder, "strava-token")
	_ = os.MkdirAll(folder, 0o700) // or a file can't be made in it
	return filepath.Join(folder, name), nil
}

func (l *Login) nameClientSecret(network *transport.Network) error {
	name := clientSecretName
	if l.Environment != "" {
		name += "@" + l.Environment
	}
	t, err := store.Parse(name, l.Repository)
	if err != nil {
		return input.Wrong("environment", "input-unknown-target")
	}
	if slices.ContainsFunc(l.in.Targets, func(other store.Target) bool { return other.Key() == t.Key() }) {
		return input.Misuse("login-same-secret", words.Blanks{"name": t.Name})
	}
	l.clientSecret = store.NewSecret(l.in.GitHub(network), t)
	l.clientSecret.MayBeNew = true
	return nil
}

// checkTargets checks every place before a browser opens, and asks before it replaces
// anything.
func (l *Login) checkTargets(ctx context.Context) error {
	targets := l.run.Targets()
	if l.clientSecret != nil {
		targets = slices.Insert(targets, 0, provider.Target(l.clientSecret))
	}
	var existing []string
	for _, t := range targets {
		facts, err := provider.CheckTarget(ctx, t)
		if err != nil {
			return err
		}
		if facts.Exists {
			name := t.String()
			if facts.AthleteID != 0 {
				name += fmt.Sprintf(" (the token of athlete %d)", facts.AthleteID)
			}
			existing = append(existing, name)
		}
		l.run.Replaces = max(l.run.Replaces, facts.AthleteID) // at most one target says it
	}
	if len(existing) > 0 && !l.Yes {
		l.Terminal.Say("These exist already: " + strings.Join(existing, ", ") + ".")
		if yes, err := l.Terminal.Confirm(ctx, "Replace them?", false); err != nil || !yes {
			return &words.Failure{ID: "login-left-alone"}
		}
	}
	return nil
}
