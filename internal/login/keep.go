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

// defaultBranch keeps the refresh token of a repository.
const defaultBranch = "branch:strava-token"

// clientSecretName is the secret that the workflow reads.
const clientSecretName = "STRAVA_CLIENT_SECRET"

// finishTime limits the write of the client secret, after that of the refresh token.
const finishTime = 8 * time.Second

// announce names the athlete, who may not be the expected one.
func (l *Login) announce(t strava.Token) {
	l.Terminal.InTime("Strava issued a refresh token" + whose(t, t.AthleteID) + ".\n")
}

// keep spends the code and stores the refresh token. A cancellation only hurries it.
func (l *Login) keep(ctx context.Context, grant strava.Grant, listener *Listener) error {
	l.run.Code, l.run.Granted = grant.Code, grant.Scopes
	if grant.Scopes != nil {
		l.run.RequireScopes = nil // a person decided to go on without the missing scopes
	}
	l.run.Announce = l.announce
	o := l.run.Do(ctx)
	isKept := len(o.Kept) > 0
	l.discardable = l.discardable && !isKept
	if isKept && l.clientSecret != nil {
		uninterrupted, cancel := context.WithTimeout(context.WithoutCancel(ctx), finishTime)
		defer cancel()
		if err := l.clientSecret.Set(uninterrupted, l.in.ClientSecret); err != nil {
			o.Fail(err)
			l.clientSecret = nil
		}
	}
	for _, warning := range o.Warnings {
		l.Terminal.Warn(warning)
	}
	listener.Answer(closingPage(l.Terminal.Voice, o, grant))
	if isKept {
		l.tellWhatNow(o, grant)
	}
	return o.Err()
}

// prepare decides where everything goes, and checks that it can go there. It writes
// only the app's credentials, and the caller discards them if the login fails.
func (l *Login) prepare(ctx context.Context, network *transport.Network) (err error) {
	if err = l.read(); err != nil {
		return err
	}
	l.run = l.in.Run(network, l.Reporter, true)
	switch {
	case l.Repository != "":
		err = l.nameClientSecret(network)
	case l.Format == "":
		err = l.prepareCredentials()
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
		return nil
	case l.Repository != "":
		l.RotateTo = []string{defaultBranch}
		return nil
	}
	folder, err := ownFolder()
	l.RotateTo = []string{"file:" + filepath.Join(folder, "token")}
	return err
}

// ownFolder returns this program's folder in the user's configuration, and creates it.
func ownFolder() (string, error) {
	folder, err := os.UserConfigDir()
	if err != nil {
		return "", input.Misuse("login-no-folder", nil)
	}
	folder = filepath.Join(folder, "strava-token")
	if os.MkdirAll(folder, 0o700) != nil {
		return "", input.Misuse("login-file", words.Blanks{"file": folder})
	}
	return folder, nil
}

// prepareCredentials creates the file for the app's credentials: the one that was
// given, or one beside the token, or one in the user's configuration.
func (l *Login) prepareCredentials() error {
	path := l.Output
	if i := slices.IndexFunc(l.in.Targets, store.Target.IsFile); path == "" && i >= 0 {
		path = l.in.Targets[i].Path + ".env"
	}
	if path == "" {
		folder, err := ownFolder()
		if err != nil {
			return err
		}
		path = filepath.Join(folder, "app.env")
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return fmt.Errorf("find the file: %w", err)
	}
	if tree := gitTree(path); tree != "" {
		l.Terminal.Warn(&words.Failure{ID: "login-in-git-tree", Blanks: words.Blanks{"file": path, "tree": tree}})
	}
	err = l.writeCredentials(path)
	mine, _ := os.Stat(path)
	for _, t := range l.in.Targets {
		if there, _ := os.Stat(t.Path); os.SameFile(mine, there) {
			return input.Wrong("output", input.FaultDoubledTarget)
		}
	}
	return err
}

// gitTree returns the git work tree that path is in, or "".
func gitTree(path string) string {
	folder := filepath.Dir(path)
	if _, err := os.Stat(filepath.Join(folder, ".git")); err == nil {
		return folder
	}
	if folder == path {
		return ""
	}
	return gitTree(folder)
}

// nameClientSecret sets clientSecret to the repository's secret for the client secret.
func (l *Login) nameClientSecret(network *transport.Network) error {
	name := clientSecretName
	if l.Environment != "" {
		name += "@" + l.Environment
	}
	t, err := store.Parse(name, l.Repository)
	if err != nil {
		return input.Wrong("environment", input.Fault(store.UnknownTarget))
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
