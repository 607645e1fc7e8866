package login

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"strava-token/internal/input"
	"strava-token/internal/provider"
	"strava-token/internal/store"
	"strava-token/internal/strava"
	"strava-token/internal/transport"
	"strava-token/internal/words"
)

// defaultBranch keeps the refresh token of a repository.
const defaultBranch = "branch:strava-token"

// clientSecretName is the secret that the workflow reads.
const clientSecretName = "STRAVA_CLIENT_SECRET"

// keeper is where everything goes.
type keeper struct {
	inputs       *input.Inputs
	run          *provider.Run
	clientSecret *store.Secret // of the repository; nil without one
	complete     bool          // the repository has the client secret
	credentials  *credentials  // nil with a repository, and with --format
}

// exchange spends the code, and keeps what it brings before anything is proved.
func (k *keeper) exchange(ctx context.Context, grant strava.Grant) *provider.Outcome {
	k.run.Code, k.run.Granted = grant.Code, grant.Scopes
	if grant.Scopes != nil {
		k.run.RequireScopes = nil // what the callback lacks was decided by a person
	}
	return k.run.Do(ctx)
}

// finishTime bounds the writes after the one that counts.
const finishTime = 8 * time.Second

// finish stores the app's credentials, once the refresh token is kept. A
// cancellation only hurries it.
func (k *keeper) finish(ctx context.Context, o *provider.Outcome) {
	if len(o.Kept) == 0 {
		return
	}
	if k.credentials != nil {
		if err := k.credentials.write(); err != nil {
			o.Fail(err)
		}
	}
	if k.clientSecret == nil {
		return
	}
	uninterrupted, cancel := context.WithTimeout(context.WithoutCancel(ctx), finishTime)
	defer cancel()
	err := k.clientSecret.Set(uninterrupted, k.inputs.ClientSecret)
	if k.complete = err == nil; err != nil {
		o.Fail(err)
	}
}

// prepare finds out where everything goes, and that it can go there. Nothing is
// written but an empty file, which the caller discards.
func (l *Login) prepare(ctx context.Context, network *transport.Network) (*keeper, error) {
	if err := l.chooseTarget(); err != nil {
		return nil, err
	}
	in, err := l.read()
	if err != nil {
		return nil, err
	}
	k := &keeper{inputs: in, run: in.Run(network, l.Terminal, true)}
	var existing []string
	if l.Repository != "" {
		exists, err := l.prepareClientSecret(ctx, network, k)
		if err != nil {
			return nil, err
		}
		if exists {
			existing = append(existing, k.clientSecret.String())
		}
	} else if l.Format == "" {
		if k.credentials, err = l.prepareCredentials(in); err != nil {
			return nil, err
		}
	}
	if err := l.checkTargets(ctx, k, existing); err != nil {
		return k, err
	}
	if l.Format != "" {
		k.run.WriteOnly = append(k.run.WriteOnly, &printed{
			out: l.Stdout, format: l.Format, app: appValues(in), apart: slices.ContainsFunc(in.Targets, store.Target.Readable),
		})
	}
	return k, nil
}

// chooseTarget names the place that keeps the refresh token if nobody did: the
// branch of the repository, or a file of the user's own.
func (l *Login) chooseTarget() error {
	switch {
	case len(l.RotateTo) > 0 || l.Format != "":
		return nil
	case l.Repository != "":
		l.RotateTo = []string{defaultBranch}
		return nil
	}
	folder, err := os.UserConfigDir()
	if err != nil {
		return input.Misuse("login-no-folder", nil)
	}
	folder = filepath.Join(folder, "strava-token")
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return input.Misuse("login-file", words.Blanks{"file": folder})
	}
	l.RotateTo = []string{"file:" + filepath.Join(folder, "token")}
	return nil
}

// prepareCredentials makes the file for the app's credentials: the one that was
// named, or one beside the token, or one in the user's configuration.
func (l *Login) prepareCredentials(in *input.Inputs) (*credentials, error) {
	path := l.Output
	if i := slices.IndexFunc(in.Targets, store.Target.IsFile); path == "" && i >= 0 {
		path = in.Targets[i].Path + ".env"
	}
	if path == "" {
		folder, err := os.UserConfigDir()
		if err != nil {
			return nil, input.Misuse("login-no-folder", nil)
		}
		path = filepath.Join(folder, "strava-token", "app.env")
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("find the file: %w", err)
	}
	if slices.ContainsFunc(in.Targets, func(t store.Target) bool { return t.IsFile() && samePlace(t.Path, path) }) {
		return nil, input.Wrong("output", input.FaultDoubledTarget)
	}
	if tree := gitTree(path); tree != "" {
		l.Terminal.Warn(&words.Failure{ID: "login-in-git-tree", Blanks: words.Blanks{"file": path, "tree": tree}})
	}
	return openCredentials(path, appValues(in))
}

// samePlace reports whether two paths lead to the same file, as far as they are
// there.
func samePlace(a, b string) bool {
	real := func(path string) string {
		if found, err := filepath.EvalSymlinks(path); err == nil {
			path = found
		} else if to, err := os.Readlink(path); err == nil {
			path = filepath.Join(filepath.Dir(path), to)
		}
		path, _ = filepath.Abs(path)
		return path
	}
	return real(a) == real(b)
}

// gitTree returns the work tree of git that path is in, or nothing.
func gitTree(path string) string {
	for folder := filepath.Dir(path); ; folder = filepath.Dir(folder) {
		if _, err := os.Stat(filepath.Join(folder, ".git")); err == nil {
			return folder
		}
		if folder == filepath.Dir(folder) {
			return ""
		}
	}
}

// prepareClientSecret makes sure that the repository's secret can be written.
func (l *Login) prepareClientSecret(ctx context.Context, network *transport.Network, k *keeper) (exists bool, err error) {
	name := clientSecretName
	if l.Environment != "" {
		name += "@" + l.Environment
	}
	t, err := store.Parse(name, l.Repository)
	if err != nil {
		return false, input.Wrong("environment", input.Fault(store.UnknownTarget))
	}
	k.clientSecret = store.NewSecret(k.inputs.GitHub(network), t)
	k.clientSecret.MayBeNew = true
	facts, err := k.clientSecret.Check(ctx)
	return facts.Exists, err
}

// checkTargets checks every target before a browser opens, and asks before what
// they keep is replaced. existing is what else would be.
func (l *Login) checkTargets(ctx context.Context, k *keeper, existing []string) error {
	var holder int64
	for _, t := range k.run.Targets() {
		facts, err := provider.CheckTarget(ctx, t)
		if err != nil {
			return err
		}
		if facts.Exists {
			existing = append(existing, t.String()+whoseIs(facts.AthleteID))
		}
		holder = max(holder, facts.AthleteID) // one target at most says it
	}
	if len(existing) > 0 && !l.Yes {
		l.Terminal.Say("These exist already: " + strings.Join(existing, ", ") + ".")
		if yes, err := l.Terminal.Confirm(ctx, "Replace them?", false); err != nil || !yes {
			return &words.Failure{ID: "login-left-alone"}
		}
	}
	k.run.Replaces = holder
	return nil
}

func whoseIs(athlete int64) string {
	if athlete == 0 {
		return ""
	}
	return fmt.Sprintf(" (the token of athlete %d)", athlete)
}
