package reality

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"strava-token/internal/secret"
	"strava-token/internal/store"
)

// credential is one of two GitHub tokens. Each may do what the other may not.
type credential struct {
	give  string
	token func(*world) secret.Value
}

var (
	secretsToken = &credential{
		"--repo OWNER/REPO and GH_TOKEN, a personal access token with Secrets and Environments: write, Actions: read, and without Contents",
		func(w *world) secret.Value { return w.Inputs.GitHubToken },
	}
	contentsToken = &credential{
		"--repo OWNER/REPO and " + ContentsToken + ", a token with contents: write and without secrets, such as the built-in one",
		func(w *world) secret.Value { return w.Contents },
	}
)

// missing returns what to give if the token doesn't see the repository.
func (c *credential) missing(w *world) string {
	switch {
	case w.sees[c].status == http.StatusOK:
		return ""
	case c.token(w).Empty():
		return "give " + c.give
	}
	return w.sees[c].says() + "; give " + c.give
}

// ask sends a request about the repository, once, except for a DELETE: that may be
// repeated without harm.
func (w *world) ask(ctx context.Context, token secret.Value, method, path string, body any) answer {
	if token.Empty() {
		return answer{}
	}
	client, text := w.Network.Once, []byte(nil)
	if method == http.MethodDelete {
		client = w.Network.Reads
	}
	if body != nil {
		text, _ = json.Marshal(body) // only texts
	}
	address := strings.TrimSuffix(w.Inputs.GitHubURL.String(), "/") + "/repos/" + w.Inputs.Repository + path
	req, err := http.NewRequest(method, address, bytes.NewReader(text))
	if err != nil {
		return answer{}
	}
	req.Header.Set("Authorization", "Bearer "+token.Reveal())
	req.Header.Set("Accept", "application/vnd.github+json")
	req.Header.Set("User-Agent", "strava-token")
	return send(ctx, client, req)
}

// attempt is a request that changes nothing, with a token.
type attempt func(context.Context, *world, secret.Value) answer

// allowed wants a status.
func allowed(c *credential, try attempt, want int) check {
	return func(ctx context.Context, w *world) finding {
		a := try(ctx, w, c.token(w))
		if a.lacksPermission() {
			return untold(a.says() + "; give " + c.give)
		}
		return a.judge(a.status == want)
	}
}

// forbidden wants a refusal. control is refused as well if the token really isn't allowed.
func forbidden(c *credential, try, control attempt) check {
	return func(ctx context.Context, w *world) finding {
		a := try(ctx, w, c.token(w))
		if !a.lacksPermission() && !control(ctx, w, c.token(w)).lacksPermission() {
			return untold(a.says() + "; give " + c.give)
		}
		return a.judge(a.lacksPermission())
	}
}

func permissionNamed(c *credential, try attempt, want string) check {
	return func(ctx context.Context, w *world) finding {
		a := try(ctx, w, c.token(w))
		if !a.lacksPermission() {
			return untold(a.says() + "; give " + c.give)
		}
		named := a.header.Get("X-Accepted-GitHub-Permissions")
		return told(strings.Contains(named, want), "named: "+named)
	}
}

// randomName returns a name that nothing has: 80 random bits.
func randomName() string { return rand.Text()[:16] }

func impossibleSecret() string { return "/actions/secrets/STRAVA_TOKEN_REALITY_" + randomName() }

func deleteSecret(ctx context.Context, w *world, token secret.Value) answer {
	return w.ask(ctx, token, http.MethodDelete, impossibleSecret(), nil)
}

// putNothing names no value and no key. If GitHub creates a secret from that, it's deleted.
func putNothing(ctx context.Context, w *world, token secret.Value) answer {
	path := impossibleSecret()
	a := w.ask(ctx, token, http.MethodPut, path, struct{}{})
	if a.status != 0 && !a.succeeded() {
		return a
	}
	if undone := w.ask(context.WithoutCancel(ctx), token, http.MethodDelete, path, nil); !undone.succeeded() && undone.status != http.StatusNotFound {
		a.note = "; delete what may be left of " + path
	}
	return a
}

// readKey needs the permission Secrets, even if only to read.
func readKey(ctx context.Context, w *world, token secret.Value) answer {
	return w.ask(ctx, token, http.MethodGet, "/actions/secrets/public-key", nil)
}

// environmentSecrets believes that the address is wrong only if the environment exists.
func environmentSecrets(ctx context.Context, w *world) finding {
	i := slices.IndexFunc(w.Inputs.Targets, func(t store.Target) bool {
		return t.Environment != "" && strings.EqualFold(t.Repository(), w.Inputs.Repository)
	})
	if i < 0 {
		return untold("give --rotate-to NAME@ENVIRONMENT")
	}
	name, token := w.Inputs.Targets[i].Environment, w.Inputs.GitHubToken
	a := w.ask(ctx, token, http.MethodGet, "/environments/"+url.PathEscape(name)+"/secrets/public-key", nil)
	var list struct{ Environments []struct{ Name string } }
	w.ask(ctx, token, http.MethodGet, "/environments?per_page=100", nil).read(&list)
	exists := slices.ContainsFunc(list.Environments, func(e struct{ Name string }) bool { return strings.EqualFold(e.Name, name) })
	if a.lacksPermission() || a.status == http.StatusNotFound && !exists {
		return untold(a.says() + "; give an environment that exists, and " + secretsToken.give)
	}
	var key struct{ Key []byte } // base64 in JSON
	a.read(&key)
	return a.judge(a.status == http.StatusOK && len(key.Key) == 32)
}

// tokenExpiry reads the header as go-github does.
func tokenExpiry(_ context.Context, w *world) finding {
	text := w.sees[secretsToken].header.Get("GitHub-Authentication-Token-Expiration")
	if text == "" {
		return untold("no header; give a GH_TOKEN that ends")
	}
	for _, layout := range []string{"2006-01-02 15:04:05 MST", "2006-01-02 15:04:05 -0700"} {
		if ends, err := time.Parse(layout, text); err == nil {
			return told(true, "it ends on "+ends.Format(time.DateOnly))
		}
	}
	return told(false, "not a time: "+text)
}
