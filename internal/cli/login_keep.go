package cli

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"strava-token/internal/action"
	"strava-token/internal/provider"
	"strava-token/internal/secret"
	"strava-token/internal/store"
	"strava-token/internal/strava"
	"strava-token/internal/transport"
)

// githubToken finds a GitHub token: in the environment, or where gh keeps it.
func (l *loginCommand) githubToken(ctx context.Context) secret.Value {
	for _, variable := range []string{"GH_TOKEN", "GITHUB_TOKEN"} {
		if l.p.Getenv(variable) != "" {
			return l.credential(variable)
		}
	}
	if l.p.Getenv("PATH") == "" {
		return secret.Value{}
	}
	cmd := exec.CommandContext(ctx, "gh", "auth", "token")
	cmd.Stderr = nil
	out, err := cmd.Output()
	if err != nil {
		return secret.Value{}
	}
	return secret.New(strings.TrimSpace(string(out)))
}

// secretNames are what the three secrets are called.
func (l *loginCommand) secretNames() (id, clientSecret, refresh string, ok bool) {
	switch l.names {
	case "strava":
		return "STRAVA_CLIENT_ID", "STRAVA_CLIENT_SECRET", "STRAVA_REFRESH_TOKEN", true
	case "running_page":
		return "STRAVA_CLIENT_ID", "STRAVA_CLIENT_SECRET", "STRAVA_CLIENT_REFRESH_TOKEN", true
	}
	return "", "", "", false
}

// keeper is where the three values go.
type keeper struct {
	targets []provider.Target // for the refresh token
	id      *store.Secret     // nil where the values are handed over
	secret  *store.Secret
	handed  *handover // nil where the three go to a repository
}

// finish stores what belongs beside the refresh token, where that is safe by
// now. A cancellation only hurries it, or the repository would hold a mixed set.
func (k *keeper) finish(ctx context.Context, client *strava.Client, o *provider.Outcome) {
	if k.handed != nil && k.handed.apart && len(o.Kept) > 0 {
		if err := k.handed.Store(ctx, store.Record{}); err != nil {
			o.Fail(err)
		}
	}
	if k.id == nil || !slices.Contains(o.Kept, k.targets[0].String()) {
		return
	}
	uninterrupted, cancel := context.WithTimeout(context.WithoutCancel(ctx), finishTime)
	defer cancel()
	if err := k.id.Set(uninterrupted, secret.New(client.ClientID)); err != nil {
		o.Fail(err)
	}
	if err := k.secret.Set(uninterrupted, client.ClientSecret); err != nil {
		o.Fail(err)
	}
}

// finishTime bounds the writes after the one that counts.
const finishTime = 8 * time.Second

// prepare finds out where everything goes, and that it can go there.
func (l *loginCommand) prepare(ctx context.Context, network *transport.Network, client *strava.Client) (*keeper, provider.Status) {
	idName, secretName, refreshName, _ := l.secretNames()
	k := &keeper{}
	if l.repository != "" && l.format == "" {
		token := l.githubToken(ctx)
		if l.refuse() {
			return nil, provider.BadInput
		}
		if !token.Empty() {
			l.github = token
			return l.prepareSecrets(ctx, network, client, token, [3]string{idName, secretName, refreshName})
		}
		complain(l.p, shellNames.fill("login/no-github-token"))
		onward, err := l.term.confirm("Go on, and write the credentials to "+l.output+" instead?", false)
		if err != nil || !onward {
			return nil, provider.Failed
		}
	}
	if l.format == "" && sameFile(l.output, l.rotateTo) {
		complain(l.p, shellNames.fill("input/doubled-target", "input", "--rotate-to", "detail", quoted(l.output)))
		return nil, provider.BadInput
	}
	k.handed = &handover{
		format: l.format, path: l.output, stdout: l.p.Stdout, client: client, names: [3]string{idName, secretName, refreshName},
		apart: l.format == "" && l.namesReadable(),
	}
	if _, err := k.handed.Check(ctx); err != nil {
		complain(l.p, shellNames.fill("login/file", "file", l.output))
		return nil, provider.BadInput
	}
	further, existing, status := l.furtherTargets(ctx, network, client)
	if status == provider.Done && !l.mayReplace(existing) {
		status = provider.Failed
	}
	if status != provider.Done {
		k.handed.discard()
		return nil, status
	}
	k.targets = further
	if !k.handed.apart {
		k.targets = append(k.targets, k.handed)
	}
	return k, provider.Done
}

// prepareSecrets checks the three secrets before a browser opens, and asks
// before existing ones are replaced.
func (l *loginCommand) prepareSecrets(ctx context.Context, network *transport.Network, client *strava.Client, token secret.Value, names [3]string) (*keeper, provider.Status) {
	base := l.address("GITHUB_API_URL", action.DefaultGitHubURL)
	if l.refuse() {
		return nil, provider.BadInput
	}
	gh := store.NewGitHub(network, base, token)
	var secrets [3]*store.Secret
	var existing []string
	for i, name := range names {
		if l.environment != "" {
			name += "@" + l.environment
		}
		targets, problems := action.ParseTargets("--repo", []string{name}, l.repository)
		l.problems = append(l.problems, problems...)
		if l.refuse() {
			return nil, provider.BadInput
		}
		secrets[i] = store.NewSecret(gh, targets[0], 0)
		secrets[i].MayBeNew = true
		facts, err := secrets[i].Check(ctx)
		if err != nil {
			complain(l.p, shellNames.explainOne(err))
			return nil, provider.Failed
		}
		if facts.Exists {
			existing = append(existing, secrets[i].String())
		}
	}
	further, also, status := l.furtherTargets(ctx, network, client)
	if status != provider.Done {
		return nil, status
	}
	existing = append(existing, also...)
	if !l.mayReplace(existing) {
		return nil, provider.Failed
	}
	return &keeper{
		targets: append([]provider.Target{secrets[2]}, further...),
		id:      secrets[0], secret: secrets[1],
	}, provider.Done
}

// sameFile reports whether a target is the file that the credentials go to.
func sameFile(output string, targets []string) bool {
	path := resolved(output)
	return slices.ContainsFunc(targets, func(target string) bool {
		file, isFile := strings.CutPrefix(strings.TrimSpace(target), "file:")
		return isFile && resolved(file) == path
	})
}

// resolved is the file that a path leads to, as far as it is there.
func resolved(path string) string {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	} else if to, err := os.Readlink(path); err == nil {
		path = filepath.Join(filepath.Dir(path), to)
	}
	if absolute, err := filepath.Abs(path); err == nil {
		path = absolute
	}
	return path
}

// mayReplace names what exists already, and asks.
func (l *loginCommand) mayReplace(existing []string) bool {
	if len(existing) == 0 || l.yes {
		return true
	}
	l.say("These exist already: " + strings.Join(existing, ", "))
	replace, err := l.term.confirm("Replace them?", false)
	if err != nil || !replace {
		l.say("Nothing was changed. (--yes replaces them without asking.)")
		return false
	}
	return true
}

// furtherTargets are those of --rotate-to, checked before a browser opens, and
// the ones among them that exist already.
func (l *loginCommand) furtherTargets(ctx context.Context, network *transport.Network, client *strava.Client) (targets []provider.Target, existing []string, status provider.Status) {
	onGitHub := slices.ContainsFunc(l.rotateTo, func(target string) bool { return !strings.HasPrefix(strings.TrimSpace(target), "file:") })
	if onGitHub && l.github.Empty() {
		l.github = l.githubToken(ctx)
	}
	targets = l.targets(network, client.ClientID, client.ClientSecret)
	if l.refuse() {
		return nil, nil, provider.BadInput
	}
	for _, t := range targets {
		action.AllowNew(t)
		facts, err := provider.CheckTarget(ctx, t)
		if err != nil {
			complain(l.p, shellNames.explainOne(err))
			return nil, nil, provider.Failed
		}
		if facts.Exists {
			existing = append(existing, t.String())
		}
	}
	return targets, existing, provider.Done
}
